"""The teller: a function that a clock calls every two minutes, and that tells alerts to the webhook. Idle, it costs some two cents a month.

It is apart from the sweeper, which opens no keys, and from all doors: it alone opens what alerts are signed with, and of the table it reaches
alerts and policies alone. Threats K7 and I14.
"""

from collections.abc import Mapping
from typing import Final

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.clocked import Clocked
from infra.data import Data
from infra.secrets import Secrets
from infra.stage import Stage
from shared.storage import layout

MINUTES: Final = 2
"""Each call costs, whether or not there is something to tell."""


class Teller(Clocked):
    """Tells alerts to the webhook that an admin named; were two at work, each alert would be told by one of them."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        code: lambda_.Code,
        environment: Mapping[str, str],
        data: Data,
        secrets: Secrets,
    ) -> None:
        super().__init__(
            scope,
            id_,
            stage=stage,
            code=code,
            environment=environment,
            handler="functions.teller.main.handler",
            minutes=MINUTES,
            description="Tells alerts to the webhook that an admin named",
        )
        alerts, waiting, policies = layout.alerts().pk, layout.waiting_alerts().pk, layout.policies().pk
        data.grant(self.door.role, "Query", partitions=[waiting, policies])
        data.grant(self.door.role, "GetItem", partitions=[alerts])
        data.grant(self.door.role, "UpdateItem", partitions=[alerts, waiting])
        data.grant(self.door.role, "DeleteItem", partitions=[waiting])
        secrets.grant_sign_alerts(self.door.role)
