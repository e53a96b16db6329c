"""Where ends of requests wait that the table did not take at their time: a queue that the sweeper looks into each minute. Idle, asking it costs two cents a month."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

_KEPT: Final = Duration.days(4)
_UNSEEN: Final = Duration.minutes(2)
"""What the sweeper took is seen again then, should it have died: longer than one sweep."""
_TIMES: Final = 10
"""How often a line is taken in vain before the queue puts it aside."""


class Settlements(Construct):
    """The queue, and one more for what could not be carried out. Nothing polls it but the sweeper: a function that a queue calls costs more to be idle.

    Encrypted under SQS's own key, which costs nothing and asks for no right; the lines are signed by us, and say nothing of what was said.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        aside = sqs.Queue(
            self,
            "Aside",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_KEPT,
            visibility_timeout=_UNSEEN,
            dead_letter_queue=sqs.DeadLetterQueue(queue=aside, max_receive_count=_TIMES),
        )

    def grant_leave(self, role: iam.Role) -> None:
        """Lines put, for the door that settles; it sees none."""
        self._grant(role, "sqs:SendMessage")

    def grant_carry_out(self, role: iam.Role) -> None:
        """Lines taken and forgotten; none put."""
        self._grant(role, "sqs:ReceiveMessage", "sqs:DeleteMessage")

    def _grant(self, role: iam.Role, *actions: str) -> None:
        role.add_to_policy(iam.PolicyStatement(actions=[*actions], resources=[self.queue.queue_arn]))
