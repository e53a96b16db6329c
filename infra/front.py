"""Before the buffered doors: an HTTP API with just their routes, a JWT authorizer where somebody has to be signed in, and a throttle.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html (2026-11). Routes that programs call too, with access tokens, are
checked by the door alone, as is every route once more: what stands before a door saves work and decides nothing.
"""

import json
from collections.abc import Mapping
from typing import Final

import jsii
from aws_cdk import Duration
from aws_cdk import aws_apigateway as rest
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.door import Door, new_log
from infra.people import People
from infra.routes import routes_of
from infra.stage import Stage

_LOGGED: Final = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "route": "$context.routeKey",
    "status": "$context.status",
    "integrationStatus": "$context.integrationStatus",
    "error": "$context.error.messageString",
    "latency": "$context.responseLatency",
    "address": "$context.identity.sourceIp",
}
"""No path as it was asked for, no query and no header: keys end up there by mistake (threat K8)."""


@jsii.implements(api.IAccessLogSettings)
class _Log:
    """Where the API notes a request, and what of it."""

    def __init__(self, log: logs.LogGroup) -> None:
        self._destination = api.LogGroupLogDestination(log)

    @property
    def destination(self) -> api.IAccessLogDestination:
        return self._destination

    @property
    def format(self) -> rest.AccessLogFormat:
        return rest.AccessLogFormat.custom(json.dumps(_LOGGED))


class Front(Construct):
    """The API, and its URL without a slash at the end."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, doors: Mapping[str, Door], people: People) -> None:
        super().__init__(scope, id_)
        self.api = api.HttpApi(
            self,
            "Api",
            description=f"RealMultiLLM {stage.name}: accounts, keys and catalogue",
            cors_preflight=_cors(stage),
            create_default_stage=False,
        )
        signed_in = authorizers.HttpJwtAuthorizer(
            "SignedIn",
            people.issuer,
            jwt_audience=[people.client.user_pool_client_id],
        )
        for name, door in doors.items():
            self._add(name, door, signed_in)
        acknowledge(
            self.api,
            "APIG4",
            "open by design (signing up and in), or called by programs too, whose access tokens the door itself verifies",
        )
        api.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=api.ThrottleSettings(rate_limit=stage.requests_a_second, burst_limit=stage.requests_at_once),
            access_log_settings=_Log(new_log(self, "Log", stage)),
        )
        self.url = self.api.api_endpoint
        self.answered_5xx = self.api.metric_server_error(statistic="sum", period=Duration.minutes(5))

    def _add(self, name: str, door: Door, signed_in: authorizers.HttpJwtAuthorizer) -> None:
        to_door = integrations.HttpLambdaIntegration(name, door.function, scope_permission_to_route=False)
        for route in routes_of(name):
            self.api.add_routes(
                path=route.path,
                methods=[api.HttpMethod[route.method]],
                integration=to_door,
                authorizer=signed_in if route.session else api.HttpNoneAuthorizer(),
            )


def _cors(stage: Stage) -> api.CorsPreflightOptions | None:
    """As at the chat's URL."""
    if not stage.cors_origins:
        return None
    return api.CorsPreflightOptions(
        allow_origins=[*stage.cors_origins],
        allow_methods=[api.CorsHttpMethod[method] for method in ("GET", "POST", "PUT", "PATCH", "DELETE")],
        allow_headers=["authorization", "content-type", "x-api-key", "api-key"],
        expose_headers=["retry-after", "x-realmultillm-request-id"],
        max_age=Duration.hours(1),
    )
