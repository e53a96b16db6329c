"""The settings that every function needs, and what it is told."""

import re

import pytest

from infra.routes import BUFFERED
from tests.fakes.gateway import ROOT
from tests.infra.conftest import Synthesise, Synthesised
from tests.infra.test_settlements import queue_of

DOORS = ("accounts", "configs", "key_test", "catalog", "analytics", "admin", "chat")
CLOCKED = ("sweeper", "teller")
FUNCTIONS = (*DOORS, *CLOCKED)


def test_every_folder_that_is_a_door_on_lambda_is_a_function(house: Synthesised) -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}

    assert set(house.functions()) == folders == {*BUFFERED, "chat", *CLOCKED}


@pytest.mark.parametrize(("name", "rate"), [("sweeper", "rate(1 minute)"), ("teller", "rate(2 minutes)")])
def test_what_a_clock_calls_is_called_by_nobody_else(house: Synthesised, name: str, rate: str) -> None:
    """faults.md: what a crash left open is ended within two minutes after its time."""
    rules = [each["Properties"] for each in house.of("AWS::Events::Rule").values()]
    (rule,) = [each for each in rules if name.title() in str(each["Targets"])]
    function = house.functions()[name]
    permissions = [each["Properties"] for each in house.of("AWS::Lambda::Permission").values()]
    calls = [each["Principal"] for each in permissions if name.title() in str(each["FunctionName"])]

    assert rule["ScheduleExpression"] == rate
    assert rule["Targets"][0]["RetryPolicy"] == {"MaximumRetryAttempts": 0}
    assert calls == ["events.amazonaws.com"]
    assert function["Timeout"] < 60


@pytest.mark.parametrize("door", DOORS)
def test_a_function_runs_our_python_on_arm_and_within_bounds(house: Synthesised, door: str) -> None:
    """Threat I10: reserved concurrency bounds what a flood can cost."""
    function = house.functions()[door]

    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["MemorySize"] == 512
    assert function["Timeout"] == (900 if door == "chat" else 29)
    assert function["ReservedConcurrentExecutions"] == (200 if door == "chat" else 50)


@pytest.mark.parametrize("door", FUNCTIONS)
def test_a_function_has_a_log_that_ends(house: Synthesised, door: str) -> None:
    """Threat I15."""
    log = house.template["Resources"][house.functions()[door]["LoggingConfig"]["LogGroup"]["Ref"]]

    assert log["Properties"]["RetentionInDays"] == 90


@pytest.mark.parametrize("door", FUNCTIONS)
def test_a_function_is_told_names_and_ids_and_no_secret(house: Synthesised, door: str) -> None:
    """Threat I14."""
    told = house.functions()[door]["Environment"]["Variables"]
    by_kind = {
        "REALMULTILLM_TABLE": "AWS::DynamoDB::Table",
        "REALMULTILLM_KEY": "AWS::KMS::Key",
        "REALMULTILLM_USER_POOL": "AWS::Cognito::UserPool",
        "REALMULTILLM_USER_POOL_CLIENT": "AWS::Cognito::UserPoolClient",
    }

    for name, kind in by_kind.items():
        (logical_id,) = house.of(kind)
        assert logical_id in str(told[name])
    assert told["REALMULTILLM_SETTLEMENTS"] == {"Ref": queue_of(house)[0]}
    assert set(told) - set(by_kind) - {"REALMULTILLM_SETTLEMENTS"} <= {
        "REALMULTILLM_LOG_LEVEL",
        "AWS_LAMBDA_EXEC_WRAPPER",
    }


def test_nothing_in_the_template_looks_like_a_secret_or_names_an_account(house: Synthesised) -> None:
    """Threat I14."""
    text = str(house.template)

    assert not re.search(r"sk-|AKIA|-----BEGIN|(?i:password|secret)['\"]: ['\"][^'\"{]", text)
    assert not re.search(r"\b\d{12}\b", text)
    assert "us-east-1" not in text


def test_outputs_are_addresses(house: Synthesised) -> None:
    """Threat I14."""
    assert set(house.template["Outputs"]) == {"ApiUrl", "ChatUrl"}


def test_a_client_of_the_pool_has_no_secret_and_tokens_that_end(house: Synthesised) -> None:
    client = house.the("AWS::Cognito::UserPoolClient")

    assert client["GenerateSecret"] is False
    assert client["AccessTokenValidity"] == client["IdTokenValidity"] == 30
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_nobody_joins_the_pool_past_our_door(house: Synthesised) -> None:
    assert house.the("AWS::Cognito::UserPool")["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert {each["Properties"]["GroupName"] for each in house.of("AWS::Cognito::UserPoolGroup").values()} == {
        "admin",
        "user",
    }


def test_a_new_account_of_aws_needs_no_quota_for_a_first_try(synthesise: Synthesise) -> None:
    """A fresh account may run ten functions at a time, and reserving any of them is refused."""
    dev = synthesise(stage="dev")

    assert not any("ReservedConcurrentExecutions" in each for each in dev.functions().values())
