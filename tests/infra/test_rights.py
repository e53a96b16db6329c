"""Every door has a role of its own, and for each it is shown what it cannot do. Threats K7 and E6."""

from typing import Any

import pytest

from infra.doors import GIVES_ROLES
from shared.storage.layout import audit_entries
from tests.fakes.rights import NOTES_COUNTRIES, PURPOSES, TELLER
from tests.infra.conftest import Synthesised
from tests.infra.rights import actions, listed, may, role_of, statements
from tests.infra.test_settlements import queue_of

DOORS = ("accounts", "configs", "key_test", "catalog", "analytics", "admin", "chat", "sweeper", "teller")
PROVIDER_KEY = {"kms:EncryptionContext:purpose": "provider-key"}
JOURNAL = {"kms:EncryptionContext:purpose": "journal"}
WEBHOOK = {"kms:EncryptionContext:purpose": "webhook-secret"}
WRITES_ITS_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
READS_AND_WRITES = {f"dynamodb:{name}" for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")}


def arn(house: Synthesised, kind: str) -> Any:
    """The ARN of the only resource of that kind, as templates write it."""
    (name,) = house.of(kind)
    return {"Fn::GetAtt": [name, "Arn"]}


def test_no_two_doors_share_a_role(house: Synthesised) -> None:
    assert len({role_of(house, door) for door in DOORS}) == len(DOORS)


@pytest.mark.parametrize("door", DOORS)
def test_no_right_is_written_with_a_star(house: Synthesised, door: str) -> None:
    for statement in statements(house, role_of(house, door)):
        assert "*" not in str(statement["Action"])
        assert "*" not in str(statement["Resource"])
        assert statement["Effect"] in {"Allow", "Deny"}


@pytest.mark.parametrize("door", DOORS)
def test_no_door_changes_or_deletes_an_entry_of_the_audit_log(house: Synthesised, door: str) -> None:
    """Threat I12: whatever else of the table it may change; whoever audits puts, and only where nothing lies."""
    table = arn(house, "AWS::DynamoDB::Table")
    audited = {"dynamodb:LeadingKeys": audit_entries().pk}

    for action in ("dynamodb:UpdateItem", "dynamodb:DeleteItem"):
        assert not may(house, door, action, table, audited)
    assert may(house, door, "dynamodb:PutItem", table, audited) is (door not in {"catalog", "analytics", "teller"})


@pytest.mark.parametrize("door", DOORS)
def test_only_chat_and_key_test_open_provider_keys_and_only_those(house: Synthesised, door: str) -> None:
    """Threat K7: one key, and no data key but one that was wrapped for a provider key."""
    key = arn(house, "AWS::KMS::Key")

    assert may(house, door, "kms:Decrypt", key, PROVIDER_KEY) is (door in {"chat", "key_test"})
    assert not may(house, door, "kms:Decrypt", key)
    assert not may(house, door, "kms:Decrypt", key, {"kms:EncryptionContext:purpose": "anything else"})
    assert not may(house, door, "kms:Decrypt", "*", PROVIDER_KEY)


@pytest.mark.parametrize("door", DOORS)
def test_only_chat_makes_and_opens_journals_and_configs_alone_wraps_them_anew(house: Synthesised, door: str) -> None:
    """Threat K7: the right to what was said opens no provider key, and the reverse."""
    key = arn(house, "AWS::KMS::Key")

    assert may(house, door, "kms:Decrypt", key, JOURNAL) is (door == "chat")
    assert may(house, door, "kms:GenerateDataKey", key, JOURNAL) is (door == "chat")
    assert may(house, door, "kms:ReEncryptFrom", key, JOURNAL) is (door == "configs")


@pytest.mark.parametrize("door", DOORS)
def test_a_door_uses_the_key_for_the_purposes_that_it_asks_for_and_no_other(house: Synthesised, door: str) -> None:
    """Threat K7: ReEncrypt is two rights."""
    key = arn(house, "AWS::KMS::Key")
    rights = {
        "Decrypt": ["Decrypt"],
        "GenerateDataKey": ["GenerateDataKey"],
        "ReEncrypt": ["ReEncryptFrom", "ReEncryptTo"],
    }
    allowed = {
        (operation, purpose)
        for operation, needed in rights.items()
        for purpose in ("provider-key", "journal", "webhook-secret", "token-signing", "anything else")
        if all(may(house, door, f"kms:{one}", key, {"kms:EncryptionContext:purpose": purpose}) for one in needed)
    }

    assert allowed == PURPOSES[door]


@pytest.mark.parametrize("door", DOORS)
def test_only_the_teller_opens_what_alerts_are_signed_with_and_only_admin_seals_it(
    house: Synthesised, door: str
) -> None:
    """Threats K7 and I14: the secret lies sealed in the table and in no environment, and who tells alerts opens nothing else."""
    key = arn(house, "AWS::KMS::Key")

    assert may(house, door, "kms:Decrypt", key, WEBHOOK) is (door == "teller")
    assert may(house, door, "kms:GenerateDataKey", key, WEBHOOK) is (door == "admin")


def test_the_teller_reaches_alerts_and_reads_policies_and_nothing_else_of_the_table(house: Synthesised) -> None:
    """Threat K7: no account, no key, no conversation, no limit."""
    table = arn(house, "AWS::DynamoDB::Table")
    reached = {
        (action.removeprefix("dynamodb:"), pk)
        for action in READS_AND_WRITES
        for pk in ("ALERT", "ALERT#WAITING", "POLICY", "POLICY#USER", "OWNER#a", "INSTALLATION", "AUDIT", "TOKEN#t")
        if may(house, "teller", action, table, {"dynamodb:LeadingKeys": pk})
    }

    assert reached == TELLER


@pytest.mark.parametrize("door", ["catalog", "analytics"])
def test_a_door_that_reads_writes_from_where_it_is_called_and_nothing_else(synthesise: Any, door: str) -> None:
    """Threats I9 and K7: only where the operator says which header to believe."""
    told = synthesise(stage="prod", country_header="CloudFront-Viewer-Country")
    table = arn(told, "AWS::DynamoDB::Table")
    written = {
        (action, pk.removesuffix("alice"))
        for action in ("PutItem", "UpdateItem", "DeleteItem")
        for pk in ("COUNTRIES#alice", "ALERT", "ALERT#WAITING", "OWNER#alice", "POLICY", "AUDIT", "TOKEN#alice")
        if may(told, door, f"dynamodb:{action}", table, {"dynamodb:LeadingKeys": pk})
    }

    assert written == NOTES_COUNTRIES
    assert told.functions()[door]["Environment"]["Variables"]["REALMULTILLM_COUNTRY_HEADER"]


@pytest.mark.parametrize("door", DOORS)
def test_only_who_takes_keys_in_makes_data_keys_and_configs_alone_wraps_them_anew(
    house: Synthesised, door: str
) -> None:
    """Threat K7: a person's own keys come in at configs, shared ones at admin."""
    key = arn(house, "AWS::KMS::Key")

    assert may(house, door, "kms:GenerateDataKey", key, PROVIDER_KEY) is (door in {"configs", "admin"})
    for action in ("kms:ReEncryptFrom", "kms:ReEncryptTo"):
        assert may(house, door, action, key, PROVIDER_KEY) is (door == "configs")
    for action in ("kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"):
        assert not may(house, door, action, key)


def test_nobody_administers_the_key(house: Synthesised) -> None:
    """Threat K7: what KMS actions there are at all."""
    all_of_them = {action for door in DOORS for action in actions(house, door) if action.startswith("kms:")}

    assert all_of_them == {"kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"}


def test_the_keys_own_policy_leaves_the_say_to_iam(house: Synthesised) -> None:
    """Threat K7: the account's root, and no service or role beside it."""
    (statement,) = house.the("AWS::KMS::Key")["KeyPolicy"]["Statement"]

    assert "root" in str(statement["Principal"])


@pytest.mark.parametrize(
    ("door", "allowed"),
    [
        ("accounts", READS_AND_WRITES),
        ("configs", READS_AND_WRITES),
        ("key_test", READS_AND_WRITES - {"dynamodb:DeleteItem"}),
        ("catalog", {"dynamodb:GetItem", "dynamodb:Query"}),
        ("analytics", {"dynamodb:GetItem", "dynamodb:Query"}),
        ("admin", READS_AND_WRITES),
        ("chat", READS_AND_WRITES),
        ("sweeper", READS_AND_WRITES),
        ("teller", READS_AND_WRITES - {"dynamodb:PutItem"}),
    ],
)
def test_a_door_does_with_the_table_what_it_needs_and_no_more(house: Synthesised, door: str, allowed: set[str]) -> None:
    table = arn(house, "AWS::DynamoDB::Table")
    every = READS_AND_WRITES | {
        f"dynamodb:{name}" for name in ("Scan", "BatchWriteItem", "DeleteTable", "ExportTableToPointInTime")
    }

    assert {action for action in every if may(house, door, action, table)} == allowed


@pytest.mark.parametrize("door", DOORS)
def test_only_accounts_and_admin_touch_people(house: Synthesised, door: str) -> None:
    people = {action for action in actions(house, door) if action.startswith("cognito-idp:")}

    assert bool(people) is (door in {"accounts", "admin"})
    assert door != "admin" or people == {f"cognito-idp:{name}" for name in GIVES_ROLES}
    assert not people & {"cognito-idp:DeleteUserPool", "cognito-idp:UpdateUserPoolClient", "cognito-idp:ListUsers"}


@pytest.mark.parametrize("door", DOORS)
def test_nothing_else_of_the_account_is_in_reach(house: Synthesised, door: str) -> None:
    """Threat E6: no function is changed or called, no role assumed, no secret read."""
    services = {action.partition(":")[0] for action in actions(house, door)}

    assert services - {"sqs"} <= {"logs", "dynamodb", "kms", "cognito-idp"}
    assert {action for action in actions(house, door) if action.startswith("logs:")} == WRITES_ITS_LOG


@pytest.mark.parametrize("door", DOORS)
def test_chat_leaves_settlements_and_the_sweeper_takes_them(house: Synthesised, door: str) -> None:
    """Threat H8: nobody does both, nobody else either, and no policy of the queue lets anybody in."""
    queue, _ = queue_of(house)
    theirs = {"chat": {"sqs:SendMessage"}, "sweeper": {"sqs:ReceiveMessage", "sqs:DeleteMessage"}}

    assert {action for action in actions(house, door) if action.startswith("sqs:")} == theirs.get(door, set())
    for action in theirs.get(door, set()):
        assert may(house, door, action, {"Fn::GetAtt": [queue, "Arn"]})
    policies = [each["Properties"]["PolicyDocument"] for each in house.of("AWS::SQS::QueuePolicy").values()]
    assert {statement["Effect"] for policy in policies for statement in policy["Statement"]} == {"Deny"}


def test_a_door_writes_no_log_but_its_own(house: Synthesised) -> None:
    written = {
        door: [
            each["Resource"]
            for each in statements(house, role_of(house, door))
            if "logs:PutLogEvents" in listed(each["Action"])
        ]
        for door in DOORS
    }

    assert len({str(resource) for resource in written.values()}) == len(DOORS)
    for door, (resource,) in written.items():
        assert resource["Fn::GetAtt"][0] == house.functions()[door]["LoggingConfig"]["LogGroup"]["Ref"]


def test_roles_for_bedrock_are_those_that_the_operator_names(synthesise: Any) -> None:
    role = "arn:aws:iam::111122223333:role/bedrock-callers"
    named = synthesise(stage="prod", assume_roles=role)

    assert may(named, "chat", "sts:AssumeRole", role)
    assert not may(named, "key_test", "sts:AssumeRole", role)
