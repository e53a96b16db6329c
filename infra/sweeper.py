"""The sweeper: a function that a clock calls each minute. It has no route, and opens no keys. Idle, it costs some seven cents a month, its questions to table and queue included."""

from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.data import Data
from infra.door import Door, Shape
from infra.settlements import Settlements
from infra.stage import Stage

_MEMORY: Final = 256
_SECONDS: Final = 50
"""Less than the minute after which the next one comes; were both at work, one of them would win."""


class Sweeper(Construct):
    """The function and its clock. A failed call is not made again: the next minute's makes up for it."""

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
        super().__init__(scope, id_)
        shape = Shape(
            handler="functions.sweeper.main.handler",
            description="Carries out what the table did not take, and ends holds of requests whose carrier died",
            memory=_MEMORY,
            seconds=_SECONDS,
            concurrency=None,
        )
        self.door = Door(self, "Door", stage=stage, shape=shape, code=code, environment=environment)
        data.grant(self.door.role, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        settlements.grant_carry_out(self.door.role)
        clock = events.Rule(
            self,
            "Minute",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            description="Sweeps RealMultiLLM's holds",
        )
        clock.add_target(targets.LambdaFunction(self.door.function, retry_attempts=0))
