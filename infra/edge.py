"""One address for all doors, by `edge=true`: a regional REST API whose chats stream, behind AWS WAF, with a domain of one's own if one is given.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html (2026-11). It costs while idle (the WAF), and more a request.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_apigateway as rest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.door import Door, new_log
from infra.routes import chat_routes, routes_of
from infra.stage import Stage

_LONGEST_WAIT: Final = Duration.minutes(15)
_LOGGED: Final = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "error": "$context.error.message",
    "latency": "$context.responseLatency",
    "address": "$context.identity.sourceIp",
}
"""No path as it was asked for, no query and no header (threat K8)."""
_LISTS: Final = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
"""Not the common set: it refuses bodies over 8 KB, which most chats have. https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html"""


_WRITES_LOGS: Final = "Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


class Edge(Construct):
    """The API, its firewall, and its URL without a slash at the end."""

    def __init__(
        self, scope: Construct, id_: str, *, stage: Stage, chat: lambda_.IFunction, doors: Mapping[str, Door]
    ) -> None:
        super().__init__(scope, id_)
        self.api = rest.RestApi(
            self,
            "Api",
            rest_api_name=f"RealMultiLLM {stage.name}",
            endpoint_types=[rest.EndpointType.REGIONAL],
            cloud_watch_role=True,
            disable_execute_api_endpoint=stage.domain is not None,
            domain_name=self._domain(stage),
            deploy_options=rest.StageOptions(
                stage_name="live",
                throttling_rate_limit=stage.requests_a_second,
                throttling_burst_limit=stage.requests_at_once,
                access_log_destination=rest.LogGroupLogDestination(new_log(self, "Log", stage)),
                access_log_format=rest.AccessLogFormat.custom(json.dumps(_LOGGED)),
            ),
        )
        acknowledge(self, "APIG2", "the doors validate every body themselves, and name the wrong field")
        acknowledge(
            self,
            "APIG4",
            "the doors verify every credential themselves; programs send access tokens that no authorizer knows",
        )
        acknowledge(self, "COG4", "the same")
        acknowledge(
            self, "APIG6", "logs of executions hold headers and bodies, with keys and prompts in them (threat K8)"
        )
        acknowledge(
            self,
            f"IAM4[{_WRITES_LOGS}]",
            "the one role by which API Gateway writes access logs, for all APIs of the account",
        )
        self._add_chat(chat)
        for name, door in doors.items():
            self._add_door(name, door)
        self._guard(stage)
        self.url = f"https://{stage.domain}" if stage.domain else self.api.deployment_stage.url_for_path()
        self.records = self._records()
        self.answered_5xx = self.api.metric_server_error(statistic="sum", period=Duration.minutes(5))

    def _domain(self, stage: Stage) -> rest.DomainNameOptions | None:
        if stage.domain is None or stage.certificate is None:
            return None
        return rest.DomainNameOptions(
            domain_name=stage.domain,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", stage.certificate),
            endpoint_type=rest.EndpointType.REGIONAL,
            security_policy=rest.SecurityPolicy.TLS_1_2,
        )

    def _records(self) -> Mapping[str, str]:
        """Where the domain's DNS has to point, if there is one."""
        own = self.api.domain_name
        return {"DomainTarget": own.domain_name_alias_domain_name} if own is not None else {}

    def _add_chat(self, chat: lambda_.IFunction) -> None:
        streamed = rest.LambdaIntegration(
            chat,
            response_transfer_mode=rest.ResponseTransferMode.STREAM,
            timeout=_LONGEST_WAIT,
            scope_permission_to_method=False,
        )
        for route in chat_routes():
            path = route.path.replace("/models/{id}", "/models/{id+}")  # ids of models may hold slashes
            self.api.root.resource_for_path(path).add_method(route.method, streamed)

    def _add_door(self, name: str, door: Door) -> None:
        whole = rest.LambdaIntegration(door.function, scope_permission_to_method=False)
        for route in routes_of(name):
            self.api.root.resource_for_path(route.path).add_method(route.method, whole)

    def _guard(self, stage: Stage) -> None:
        acl = waf.CfnWebACL(
            self,
            "Firewall",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen("firewall"),
            rules=list(_rules(stage)),
        )
        waf.CfnWebACLAssociation(
            self, "Guarded", resource_arn=self.api.deployment_stage.stage_arn, web_acl_arn=acl.attr_arn
        )


def _rules(stage: Stage) -> Iterator[waf.CfnWebACL.RuleProperty]:
    """Too many from one address are refused first; then what AWS knows to be bad."""
    yield waf.CfnWebACL.RuleProperty(
        name="rate",
        priority=0,
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        statement=waf.CfnWebACL.StatementProperty(
            rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP", limit=stage.requests_by_address, evaluation_window_sec=300
            )
        ),
        visibility_config=_seen("rate"),
    )
    for number, name in enumerate(_LISTS, start=1):
        yield waf.CfnWebACL.RuleProperty(
            name=name,
            priority=number,
            override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
            statement=waf.CfnWebACL.StatementProperty(
                managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                    name=name, vendor_name="AWS"
                )
            ),
            visibility_config=_seen(name),
        )


def _seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    """Counted; no request is sampled, for samples hold headers (threat K8)."""
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
