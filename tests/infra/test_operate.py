"""What an operator does by hand."""

import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra.operate import NotThere, delete_user, environment_of
from shared.errors import Unauthenticated
from shared.identity.opaque import digest_of
from shared.identity.tokens import mint_token
from shared.records.token import AccessToken
from shared.services import Services
from shared.settings import Settings, read_settings
from shared.storage.tokens import add_token, find_token
from tests.fakes.aws import Aws

PASSWORD = "correct horse battery"


async def test_a_deleted_user_can_do_nothing_any_more_and_their_e_mail_is_free(aws: Aws) -> None:
    """Threat K10."""
    settings = read_settings(aws.settings())
    services = Services(settings, now=time.time)
    session = await services.accounts.sign_up("gone@example.com", PASSWORD)
    token_id, text = mint_token()
    token = AccessToken(token_id, session.user.id, "t", digest_of(text), created_at=0, updated_at=0)
    await add_token(services.table, token)

    owner = await delete_user(settings, "gone@example.com", aws.boto3("cognito-idp"))

    assert owner == session.user.id
    assert await find_token(services.table, token_id) is None
    with pytest.raises(Unauthenticated):
        await services.accounts.sign_in("gone@example.com", PASSWORD)
    again = await services.accounts.sign_up("gone@example.com", PASSWORD)
    assert again.user.id != owner
    await services.close()


async def test_who_is_not_there_cannot_be_deleted(aws: Aws) -> None:
    with pytest.raises(NotThere, match="nobody of that e-mail"):
        await delete_user(read_settings(aws.settings()), "nobody@example.com", aws.boto3("cognito-idp"))


async def test_one_machine_is_not_operated_this_way(aws: Aws, tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="home on AWS"):
        await delete_user(Settings(home=tmp_path), "gone@example.com", aws.boto3("cognito-idp"))


class Session(boto3.Session):
    """One whose clients answer as they were told."""

    def __init__(self, **clients: Any) -> None:
        super().__init__("AKIAOPERATOR", "secret", "token", region_name="eu-central-1")
        self._told = clients

    def client(self, service_name: str, **_: Any) -> Any:  # type: ignore[override]  # the stubs know each service by name
        return self._told[service_name]


def session_of(*resources: dict[str, str], variables: dict[str, str]) -> Session:
    clients = {name: boto3.client(name, region_name="eu-central-1") for name in ("cloudformation", "lambda")}
    answers: dict[str, tuple[str, dict[str, Any]]] = {
        "cloudformation": ("describe_stack_resources", {"StackResources": list(resources)}),
        "lambda": ("get_function_configuration", {"Environment": {"Variables": variables}}),
    }
    for name, (operation, answer) in answers.items():
        stubber = Stubber(clients[name])
        stubber.add_response(operation, answer)
        stubber.activate()
    return Session(**clients)


def resource(logical_id: str, kind: str, physical_id: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": logical_id,
        "ResourceType": kind,
        "PhysicalResourceId": physical_id,
        "Timestamp": "2026-11-26T00:00:00Z",
        "ResourceStatus": "CREATE_COMPLETE",
    }


def test_a_stack_is_found_by_what_its_doors_are_told() -> None:
    door = resource("DoorsAccountsFunction41DBAC82", "AWS::Lambda::Function", "accounts-function")
    session = session_of(door, variables={"REALMULTILLM_TABLE": "restored"})

    assert environment_of("RealMultiLLM-prod", session) == {
        "REALMULTILLM_TABLE": "restored",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIAOPERATOR",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
    }


def test_a_stack_of_somebody_else_is_told_apart() -> None:
    session = session_of(resource("Other", "AWS::S3::Bucket", "bucket"), variables={})

    with pytest.raises(NotThere, match="no accounts door"):
        environment_of("Theirs", session)


def test_the_door_by_which_a_stack_is_found_has_that_name(house: Any) -> None:
    assert [name for name in house.of("AWS::Lambda::Function") if name.startswith("DoorsAccountsFunction")]
