"""The sweeper: called each minute. It opens no keys. Idle, it costs some seven cents a month, its questions to table and queue included."""

from collections.abc import Mapping

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.clocked import Clocked
from infra.data import Data
from infra.settlements import Settlements
from infra.stage import Stage


class Sweeper(Clocked):
    """Carries out what the table did not take at its time, and ends what nobody ends any more."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        code: lambda_.Code,
        environment: Mapping[str, str],
        data: Data,
        settlements: Settlements,
    ) -> None:
        super().__init__(
            scope,
            id_,
            stage=stage,
            code=code,
            environment=environment,
            handler="functions.sweeper.main.handler",
            minutes=1,
            description="Carries out what the table did not take, and ends holds of requests whose carrier died",
        )
        data.grant(self.door.role, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        settlements.grant_carry_out(self.door.role)
