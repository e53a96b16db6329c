"""A door as a Lambda function with a role of its own, and a log that it alone writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.stage import Stage

_RETENTION: Final[Mapping[int, logs.RetentionDays]] = {
    1: logs.RetentionDays.ONE_DAY,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    731: logs.RetentionDays.TWO_YEARS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large a function is, and how it starts."""

    handler: str
    description: str
    memory: int
    seconds: int
    concurrency: int | None
    layers: tuple[str, ...] = ()
    """ARNs."""
    snap_start: bool = False


def new_log(scope: Construct, id_: str, stage: Stage) -> logs.LogGroup:
    """A log that forgets after as many days as the stage says."""
    kept = RemovalPolicy.RETAIN if stage.keep_data else RemovalPolicy.DESTROY
    return logs.LogGroup(scope, id_, retention=_RETENTION[stage.log_days], removal_policy=kept)


class Door(Construct):
    """The function has what the environment says, and no right but to write its log; the stack grants the rest."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        shape: Shape,
        code: lambda_.Code,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        log = new_log(self, "Log", stage)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log.log_group_arn])
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description=shape.description,
            code=code,
            handler=shape.handler,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64 if stage.architecture == "arm64" else lambda_.Architecture.X86_64,
            memory_size=shape.memory,
            timeout=Duration.seconds(shape.seconds),
            reserved_concurrent_executions=shape.concurrency,
            environment={**environment},
            role=self.role,
            log_group=log,
            layers=[
                lambda_.LayerVersion.from_layer_version_arn(self, f"Layer{index}", arn)
                for index, arn in enumerate(shape.layers)
            ],
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if shape.snap_start else None,
        )
        acknowledge(
            self.function, "L1", "Python 3.13 is what the lock file's wheels and bytecode are made and tested for"
        )
