from tests.infra.conftest import Synthesise, Synthesised
from tests.infra.rights import role_of, statements


def test_there_is_one_table_with_the_two_keys_of_the_layout_that_costs_nothing_idle(house: Synthesised) -> None:
    table = house.the("AWS::DynamoDB::Table")

    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_what_was_lost_can_be_had_back_and_nothing_goes_with_the_stack(house: Synthesised) -> None:
    """Threat I15."""
    for kind in ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Cognito::UserPool"):
        (kept,) = house.of(kind).values()
        assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("Retain", "Retain")
    table = house.the("AWS::DynamoDB::Table")

    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert house.the("AWS::Cognito::UserPool")["DeletionProtection"] == "ACTIVE"
    assert house.the("AWS::KMS::Key")["PendingWindowInDays"] == 30


def test_a_stage_for_trying_things_leaves_nothing_behind(synthesise: Synthesise) -> None:
    dev = synthesise(stage="dev")

    for kind in ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Cognito::UserPool", "AWS::Logs::LogGroup"):
        assert {each["DeletionPolicy"] for each in dev.of(kind).values()} == {"Delete"}


def test_one_rotating_key_wraps_and_the_table_is_not_opened_with_it(house: Synthesised) -> None:
    """Threat K7: else everybody who reads the table would need to decrypt with it."""
    assert house.the("AWS::KMS::Key")["EnableKeyRotation"] is True
    assert house.the("AWS::DynamoDB::Table")["SSESpecification"] == {"SSEEnabled": True}


def test_a_restored_table_takes_the_place_of_the_own_one_which_stays(synthesise: Synthesise) -> None:
    """Threat I15: a restore makes a new table, under a new name."""
    restored = synthesise(stage="prod", table="RealMultiLLM-restored")
    (own,) = restored.of("AWS::DynamoDB::Table")

    for door, function in restored.functions().items():
        assert function["Environment"]["Variables"]["REALMULTILLM_TABLE"] == "RealMultiLLM-restored"
        reached = [each for each in statements(restored, role_of(restored, door)) if "dynamodb:" in str(each["Action"])]
        assert ":table/RealMultiLLM-restored" in str(reached)
        assert own not in str(reached)
