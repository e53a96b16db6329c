import shutil
from typing import Any

import pytest


@pytest.fixture(scope="module")
def template() -> Any:
    if shutil.which("node") is None:
        pytest.skip("the CDK runs on Node.js, and there is none here")
    import aws_cdk as cdk  # noqa: PLC0415 - seconds to import: only when these tests are asked for
    from aws_cdk.assertions import Template  # noqa: PLC0415 - the same

    from infra.stack import RealMultiLLM  # noqa: PLC0415 - the same

    return Template.from_stack(RealMultiLLM(cdk.App(analytics_reporting=False), "RealMultiLLM"))


def test_there_is_one_table_with_the_two_keys_of_the_layout_that_costs_nothing_idle(template: Any) -> None:
    template.resource_count_is("AWS::DynamoDB::Table", 1)
    template.has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        },
    )


def test_what_was_lost_can_be_had_back_and_nothing_goes_with_the_stack(template: Any) -> None:
    for kind in ("AWS::DynamoDB::Table", "AWS::KMS::Key"):
        template.has_resource(kind, {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"})
    template.has_resource_properties(
        "AWS::DynamoDB::Table",
        {"DeletionProtectionEnabled": True, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
    )


def test_the_table_is_encrypted_with_the_owners_own_rotating_key(template: Any) -> None:
    template.has_resource_properties("AWS::KMS::Key", {"EnableKeyRotation": True})
    template.has_resource_properties(
        "AWS::DynamoDB::Table", {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"}}
    )


def test_the_stack_names_no_account_and_no_region(template: Any) -> None:
    text = str(template.to_json())

    assert "us-east-1" not in text
    assert "arn:aws:" not in text.replace("arn:aws:iam", "")
