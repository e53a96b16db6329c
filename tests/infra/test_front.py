"""What stands before the buffered doors lets through just what the OpenAPI document has. Threat H11."""

import json
import re

import pytest

from infra.routes import BUFFERED, chat_routes, routes_of
from tests.infra.conftest import Synthesise, Synthesised


def test_the_api_has_the_routes_of_the_document_and_no_other(house: Synthesised) -> None:
    described = {f"{route.method} {route.path}" for door in BUFFERED for route in routes_of(door)}
    routes = [each["Properties"] for each in house.of("AWS::ApiGatewayV2::Route").values()]

    assert {route["RouteKey"] for route in routes} == described
    assert len(described) > 30


def test_a_session_is_asked_for_before_the_door_wherever_only_people_may_in(house: Synthesised) -> None:
    needs = {f"{route.method} {route.path}" for door in BUFFERED for route in routes_of(door) if route.session}
    asked = {
        each["Properties"]["RouteKey"]
        for each in house.of("AWS::ApiGatewayV2::Route").values()
        if each["Properties"]["AuthorizationType"] == "JWT"
    }

    assert asked == needs
    assert {"POST /api/tokens", "POST /api/auth/signout", "POST /api/admin/encryption/rewrap"} <= asked


def test_the_authorizer_trusts_our_pool_and_our_client_alone(house: Synthesised) -> None:
    """Threat I2."""
    trusted = house.the("AWS::ApiGatewayV2::Authorizer")
    (client,) = house.of("AWS::Cognito::UserPoolClient")
    (pool,) = house.of("AWS::Cognito::UserPool")

    assert trusted["JwtConfiguration"]["Audience"] == [{"Ref": client}]
    assert pool in str(trusted["JwtConfiguration"]["Issuer"])
    assert trusted["IdentitySource"] == ["$request.header.Authorization"]


def test_a_flood_is_throttled_as_the_stage_says(synthesise: Synthesise) -> None:
    """Threat I10."""
    stage = synthesise(stage="prod", requests_a_second="7", requests_at_once="9").the("AWS::ApiGatewayV2::Stage")

    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 9}


def test_the_access_log_has_no_place_for_a_key(house: Synthesised) -> None:
    """Threat K8: neither the path as it was asked for, nor a query or header."""
    noted = json.loads(house.the("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"])

    assert not re.search(r"path\b|query|header|authorizer|\.domainName|resourcePath", str(noted))
    assert noted["status"] == "$context.status"


def test_no_page_may_call_unless_it_is_named(synthesise: Synthesise, house: Synthesised) -> None:
    """Threat H10."""
    named = synthesise(stage="prod", cors_origins="https://console.example.com")

    assert "CorsConfiguration" not in house.the("AWS::ApiGatewayV2::Api")
    for cors in (
        named.the("AWS::ApiGatewayV2::Api")["CorsConfiguration"],
        named.the("AWS::Lambda::Url")["Cors"],
    ):
        assert cors["AllowOrigins"] == ["https://console.example.com"]
        assert not cors.get("AllowCredentials")


@pytest.mark.parametrize("door", BUFFERED)
def test_only_the_api_may_call_a_buffered_door(house: Synthesised, door: str) -> None:
    function = next(
        name
        for name, each in house.of("AWS::Lambda::Function").items()
        if each["Properties"] == house.functions()[door]
    )
    allowed = [
        each["Properties"]
        for each in house.of("AWS::Lambda::Permission").values()
        if each["Properties"]["FunctionName"] == {"Fn::GetAtt": [function, "Arn"]}
    ]

    assert allowed
    for permission in allowed:
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert "SourceArn" in permission


def test_chats_are_not_on_the_api_that_cannot_stream(house: Synthesised) -> None:
    chats = {f"{route.method} {route.path}" for route in chat_routes()}

    assert not chats & {each["Properties"]["RouteKey"] for each in house.of("AWS::ApiGatewayV2::Route").values()}
