"""A function that a clock calls: it has no route, and what a call leaves undone the next one does."""

from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.door import Door, Shape
from infra.stage import Stage

_MEMORY: Final = 256
_SECONDS: Final = 50
"""Less than the minute after which the next call may come; were both at work, one of them would win."""


class Clocked(Construct):
    """The function and its clock. A failed call is not made again."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        code: lambda_.Code,
        environment: Mapping[str, str],
        handler: str,
        minutes: int,
        description: str,
    ) -> None:
        super().__init__(scope, id_)
        shape = Shape(handler=handler, description=description, memory=_MEMORY, seconds=_SECONDS, concurrency=None)
        self.door = Door(self, "Door", stage=stage, shape=shape, code=code, environment=environment)
        clock = events.Rule(
            self, "Clock", schedule=events.Schedule.rate(Duration.minutes(minutes)), description=description
        )
        clock.add_target(targets.LambdaFunction(self.door.function, retry_attempts=0))
