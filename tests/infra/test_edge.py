"""One address for all doors, behind a firewall, which nothing leads past."""

from typing import Any

import pytest

from infra.routes import BUFFERED, chat_routes, routes_of
from tests.infra.conftest import Synthesise, Synthesised


@pytest.fixture(scope="session")
def edge(synthesise: Synthesise) -> Synthesised:
    return synthesise(stage="prod", edge="true")


def methods(edge: Synthesised) -> dict[str, dict[str, Any]]:
    """`POST /v1/messages` → the method's properties."""
    parents = {name: each["Properties"] for name, each in edge.of("AWS::ApiGateway::Resource").items()}

    def path(reference: dict[str, Any]) -> str:
        here = parents.get(reference.get("Ref", ""))
        return "" if here is None else f"{path(here['ParentId'])}/{here['PathPart']}"

    found = [each["Properties"] for each in edge.of("AWS::ApiGateway::Method").values()]
    return {f"{method['HttpMethod']} {path(method['ResourceId'])}": method for method in found}


def test_every_route_of_every_door_is_there(edge: Synthesised) -> None:
    """Threat H11. Ids of models may hold slashes."""
    every = [*chat_routes(), *(route for door in BUFFERED for route in routes_of(door))]
    described = {f"{route.method} {route.path.replace('/models/{id}', '/models/{id+}')}" for route in every}

    assert set(methods(edge)) == described


def test_chats_stream_for_as_long_as_a_function_may_run(edge: Synthesised) -> None:
    """Trap 72."""
    for route in chat_routes():
        method = methods(edge)[f"{route.method} {route.path.replace('/models/{id}', '/models/{id+}')}"]
        assert method["Integration"]["ResponseTransferMode"] == "STREAM"
        assert method["Integration"]["TimeoutInMillis"] == 900_000
        assert "response-streaming-invocations" in str(method["Integration"]["Uri"])


def test_the_firewall_counts_by_address_before_anything_else(edge: Synthesised) -> None:
    """Threat I10."""
    rules = edge.the("AWS::WAFv2::WebACL")["Rules"]

    assert rules[0]["Statement"]["RateBasedStatement"]["Limit"] == 2000
    assert rules[0]["Action"] == {"Block": {}}
    assert len(edge.of("AWS::WAFv2::WebACLAssociation")) == 1
    assert not any(rule["VisibilityConfig"]["SampledRequestsEnabled"] for rule in rules)


def test_no_other_address_leads_past_the_firewall(edge: Synthesised) -> None:
    """Threat I17."""
    assert not edge.of("AWS::Lambda::Url")
    assert not edge.of("AWS::ApiGatewayV2::Api")
    assert set(edge.template["Outputs"]) >= {"Url"}


def test_a_domain_of_ones_own_replaces_the_address_of_aws(synthesise: Synthesise) -> None:
    certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/abc"
    named = synthesise(stage="prod", edge="true", domain="llm.example.com", certificate=certificate)

    assert named.template["Outputs"]["Url"]["Value"] == "https://llm.example.com"
    assert named.the("AWS::ApiGateway::RestApi")["DisableExecuteApiEndpoint"] is True
    assert named.the("AWS::ApiGateway::DomainName")["SecurityPolicy"] == "TLS_1_2"
    assert "DomainTarget" in named.template["Outputs"]
