"""The one KMS key: it wraps the data keys of provider keys, of owners' journals, and of what alerts are signed with. Threats K2 and K7."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.stage import Stage
from shared.crypto.binding import PURPOSE, WEBHOOK
from shared.crypto.journal import PURPOSE as JOURNAL

_PURPOSE: Final = "kms:EncryptionContext:purpose"
"""What a data key was wrapped for; a right to one purpose wraps and opens nothing of another."""


class Secrets(Construct):
    """The key, and the rights to it, each for whoever needs that one alone."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage) -> None:
        super().__init__(scope, id_)
        self.key = kms.Key(
            self,
            "Key",
            description=f"RealMultiLLM {stage.name}: wraps the data keys of provider keys",
            enable_key_rotation=True,
            pending_window=Duration.days(30 if stage.keep_data else 7),
            removal_policy=RemovalPolicy.RETAIN if stage.keep_data else RemovalPolicy.DESTROY,
        )

    def grant_seal(self, role: iam.Role) -> None:
        """New data keys, and none opened."""
        self._grant(role, "kms:GenerateDataKey")

    def grant_open(self, role: iam.Role) -> None:
        """Data keys opened, for the doors that send a provider key to its provider."""
        self._grant(role, "kms:Decrypt")

    def grant_rewrap(self, role: iam.Role) -> None:
        """Data keys of every purpose wrapped anew within KMS; nobody sees them plain."""
        for purpose in (PURPOSE, JOURNAL, WEBHOOK):
            self._grant(role, "kms:ReEncryptFrom", "kms:ReEncryptTo", purpose=purpose)

    def grant_keep_journals(self, role: iam.Role) -> None:
        """Owners' journals opened and new ones made, for the door that keeps what is said and shows it."""
        self._grant(role, "kms:Decrypt", "kms:GenerateDataKey", purpose=JOURNAL)

    def grant_seal_alerts(self, role: iam.Role) -> None:
        """A data key for what alerts are signed with, and none opened."""
        self._grant(role, "kms:GenerateDataKey", purpose=WEBHOOK)

    def grant_sign_alerts(self, role: iam.Role) -> None:
        """What alerts are signed with opened, for whoever tells them."""
        self._grant(role, "kms:Decrypt", purpose=WEBHOOK)

    def _grant(self, role: iam.Role, *actions: str, purpose: str = PURPOSE) -> None:
        only = {"StringEquals": {_PURPOSE: purpose}}
        role.add_to_policy(iam.PolicyStatement(actions=[*actions], resources=[self.key.key_arn], conditions=only))
