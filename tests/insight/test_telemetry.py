"""One line of the log for each request, in OpenTelemetry's words."""

import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.insight.telemetry import Said, attributes
from shared.observability import make_logger
from shared.records.ledger import LedgerRow

ROW = LedgerRow(
    request_id="01JD",
    owner="alice",
    token_id=None,
    started_at=0.0,
    outcome="done",
    provider="openai",
    model="gpt-4o",
    streamed=True,
    attempts=2,
    duration_ms=1234,
    first_token_ms=250,
    input_tokens=10,
    output_tokens=0,
    cost_usd=Decimal("1E-7"),
    cost_source="table",
)


def test_what_is_known_is_told_in_the_conventions_words() -> None:
    said = Said("gpt-4o-2024-08-06", "chatcmpl-1", ("stop", "length"), max_tokens=5, temperature=0.0)
    told = attributes(ROW, said)

    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.max_tokens": 5,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.finish_reasons": ["stop", "length"],
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 0,
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.25,
        "realmultillm.request.id": "01JD",
        "realmultillm.outcome": "done",
        "realmultillm.api": "native",
        "realmultillm.attempts": 2,
        "realmultillm.duration": 1.234,
        "realmultillm.cost.usd": "0.0000001",
        "realmultillm.cost.source": "table",
    }


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("google", "gcp.gemini"),
        ("vertex", "gcp.vertex_ai"),
        ("vertex-anthropic", "gcp.vertex_ai"),
        ("azure", "azure.ai.openai"),
        ("bedrock", "aws.bedrock"),
        ("grok", "x_ai"),
        ("mistral", "mistral_ai"),
        ("groq", "groq"),
        ("gone", "gone"),
    ],
)
def test_a_provider_has_its_well_known_name(provider: str, name: str) -> None:
    assert attributes(replace(ROW, provider=provider))["gen_ai.provider.name"] == name


def test_an_error_and_a_route_are_named() -> None:
    told = attributes(replace(ROW, outcome="error", error="throttled", route="cheap", api="embeddings"))

    assert (told["error.type"], told["gen_ai.request.model"]) == ("throttled", "cheap")
    assert (told["gen_ai.response.model"], told["gen_ai.operation.name"]) == ("gpt-4o", "embeddings")


def test_the_line_is_one_line_of_json_whatever_the_model_is_called() -> None:
    """Threat H8."""
    stream = io.StringIO()
    name = 'evil"}\n{"level": "ERROR' + "x" * 500
    make_logger(stream, name="telemetry-test").info("request ended", extra=attributes(replace(ROW, model=name)))

    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert told["gen_ai.request.model"] == name[:200]
    assert (told["level"], told["message"]) == ("INFO", "request ended")
