"""The chat door: a function that streams, at a URL of its own.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html (2026-11). The URL asks nobody who calls, for the clients that chat send an access
token of ours and sign nothing for AWS; the door itself answers nobody without a credential (threat I17).
"""

from collections.abc import Mapping
from typing import Final

from aws_cdk import Aws, Duration, Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.data import Data
from infra.door import Door, Shape, new_log
from infra.secrets import Secrets
from infra.settlements import Settlements
from infra.stage import ChatRuntime, Stage

_ADAPTER: Final = {"arm64": "LambdaAdapterLayerArm64:30", "x86_64": "LambdaAdapterLayerX86:30"}
"""Version 1.1.0. https://github.com/aws/aws-lambda-web-adapter (2026-09)."""
_START: Final[Mapping[ChatRuntime, Mapping[str, str]]] = {
    "own": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/functions/chat/bootstrap"},
    "web-adapter": {
        "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
        "AWS_LWA_PORT": "8080",
        "AWS_LWA_INVOKE_MODE": "response_stream",
        "AWS_LWA_READINESS_CHECK_PATH": "/api/health",
    },
}
_HANDLER: Final[Mapping[ChatRuntime, str]] = {
    "own": "functions.chat.main.handler",
    "web-adapter": "functions/chat/run.sh",
}
_HEADERS: Final = (
    "authorization",
    "content-type",
    "x-api-key",
    "api-key",
    "anthropic-version",
    "anthropic-beta",
    "x-realmultillm-*",
)
ALIAS: Final = "live"
SHARE_OF_INSTANCE: Final = 16
"""Chats at a time in one environment of a managed instance; each waits for its provider most of the time."""


class Chat(Construct):
    """The function, the alias that SnapStart and managed instances need, and the URL."""

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
        settlements: Settlements,
    ) -> None:
        super().__init__(scope, id_)
        self.door = Door(
            self,
            "Door",
            stage=stage,
            shape=_shape(stage),
            code=code,
            environment={**environment, **_START[stage.chat_runtime]},
        )
        data.grant(self.door.role, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        secrets.grant_open(self.door.role)
        secrets.grant_keep_journals(self.door.role)
        settlements.grant_leave(self.door.role)
        if stage.assume_roles:
            self.door.role.add_to_policy(
                iam.PolicyStatement(actions=["sts:AssumeRole"], resources=[*stage.assume_roles])
            )
        if stage.managed_instances:
            _place_on_instances(self, self.door.function, stage)
        self.answers = self._answers(stage)

    def add_url(self, stage: Stage) -> str:
        """The function's own URL, without a slash at its end. Where an edge stands before the door there is none, or it would lead past the edge."""
        url = self.answers.add_function_url(
            auth_type=lambda_.FunctionUrlAuthType.NONE,
            invoke_mode=lambda_.InvokeMode.RESPONSE_STREAM,
            cors=_cors(stage),
        ).url
        return f"https://{Fn.select(2, Fn.split('/', url))}"

    def _answers(self, stage: Stage) -> lambda_.Function | lambda_.Alias:
        """Who is called: the newest code, or the version that was snapshot or placed."""
        if not (stage.snap_start or stage.managed_instances):
            return self.door.function
        return lambda_.Alias(self, "Alias", alias_name=ALIAS, version=self.door.function.current_version)


def _shape(stage: Stage) -> Shape:
    adapter = f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:753240598075:layer:{_ADAPTER[stage.architecture]}"
    return Shape(
        handler=_HANDLER[stage.chat_runtime],
        description="Chats, plain and streamed, in every caller's API",
        memory=max(stage.chat_memory, 2048) if stage.managed_instances else stage.chat_memory,
        seconds=stage.chat_seconds,
        concurrency=None if stage.managed_instances else stage.chat_concurrency,
        layers=(adapter,) if stage.chat_runtime == "web-adapter" else (),
        snap_start=stage.snap_start,
    )


def _cors(stage: Stage) -> lambda_.FunctionUrlCorsOptions | None:
    """Pages of those origins may call; none, unless the stage names some (threat H10)."""
    if not stage.cors_origins:
        return None
    return lambda_.FunctionUrlCorsOptions(
        allowed_origins=[*stage.cors_origins],
        allowed_methods=[
            lambda_.HttpMethod.GET,
            lambda_.HttpMethod.POST,
            lambda_.HttpMethod.PATCH,
            lambda_.HttpMethod.DELETE,
        ],
        allowed_headers=[*_HEADERS],
        exposed_headers=["retry-after", "request-id", "x-request-id", "x-realmultillm-*"],
        max_age=Duration.hours(1),
    )


def _place_on_instances(scope: Construct, function: lambda_.Function, stage: Stage) -> None:
    """Lambda Managed Instances: for a load that never ends, several chats in one environment. They cost while idle (docs/deploy.md)."""
    network = ec2.Vpc(scope, "Network", max_azs=3, nat_gateways=1)
    network.add_flow_log(
        "Flows", destination=ec2.FlowLogDestination.to_cloud_watch_logs(new_log(scope, "Flows", stage))
    )
    doors_out = ec2.SecurityGroup(scope, "WayOut", vpc=network, allow_all_outbound=False)
    doors_out.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "Providers and AWS, over TLS alone (threat E6)")
    provider = lambda_.CapacityProvider(
        scope,
        "Instances",
        subnets=network.private_subnets,
        security_groups=[doors_out],
        architectures=[function.architecture],
        max_v_cpu_count=12 if stage.chat_concurrency is None else max(12, stage.chat_concurrency // SHARE_OF_INSTANCE),
    )
    operator = "Policy::arn:<AWS::Partition>:iam::aws:policy/AWSLambdaManagedEC2ResourceOperator"
    acknowledge(
        provider, f"IAM4[{operator}]", "what AWS itself needs to run Lambda's instances; the CDK makes that role"
    )
    provider.add_function(function, per_execution_environment_max_concurrency=SHARE_OF_INSTANCE)
