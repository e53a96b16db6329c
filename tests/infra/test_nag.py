"""cdk-nag's AwsSolutions rules find nothing, whichever way it is deployed, but what is acknowledged with its reason."""

import pytest

from tests.infra.conftest import Synthesise

CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/abc"


@pytest.mark.parametrize(
    "context",
    [
        {"stage": "dev"},
        {"stage": "prod"},
        {"stage": "prod", "alarm_email": "ops@example.com", "monthly_budget": "50"},
        {"stage": "prod", "edge": "true"},
        {"stage": "prod", "edge": "true", "domain": "llm.example.com", "certificate": CERTIFICATE},
        {"stage": "prod", "snap_start": "true"},
        {"stage": "prod", "managed_instances": "true"},
        {"stage": "prod", "chat_runtime": "web-adapter"},
    ],
    ids=lambda context: " ".join(f"{name}={value}" for name, value in context.items()),
)
def test_nothing_is_found_that_was_not_acknowledged(synthesise: Synthesise, context: dict[str, str]) -> None:
    from infra.app import verdict  # noqa: PLC0415 - seconds to import: only when these tests are asked for

    (report,) = synthesise(**context).report["pluginReports"]

    assert verdict({"pluginReports": [report]}).startswith("cdk-nag AwsSolutions: 0 findings, ")
    assert report["pluginName"] == "AwsSolutions"
    assert report["violations"] == []
    assert report["suppressedViolations"]
