"""Every recorded exchange over Responses reads as its expectation says, however the network cut it."""

from pathlib import Path

import pytest

from shared.chat.collect import collect
from shared.dialects.responses import DIALECT
from tests.fakes.recordings import chunkings, error_class, exchanges, expectation, told
from tests.fakes.streams import hear

PROVIDERS = ("openai", "azure", "xai", "deepseek", "openrouter", "bedrock")


@pytest.mark.vectors
@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_recording_reads_as_expected(shared_material: Path, provider: str) -> None:
    """Traps 9, 11, 38, 40, 60, 61, 65, 79, 89."""
    answered = [found for found in exchanges(shared_material, provider, "responses") if found.response["status"] == 200]

    assert answered
    for exchange in answered:
        wanted = with_counts_alone(expectation(exchange.expected))
        if not exchange.response["is_stream"]:
            assert told(collect(DIALECT.read(exchange.body))) == wanted, exchange.expected["id"]
            continue
        for cut, pieces in chunkings(exchange.body, seed=7).items():
            assert told(collect(hear(DIALECT.stream(), pieces))) == wanted, (exchange.expected["id"], cut)


def with_counts_alone(wanted: dict[str, object]) -> dict[str, object]:
    """A negative count, which one recording has, is none to us."""
    usage = wanted["usage"]
    assert isinstance(usage, dict)
    counts = {name: None if isinstance(count, int) and count < 0 else count for name, count in usage.items()}
    return {**wanted, "usage": counts}


@pytest.mark.vectors
@pytest.mark.parametrize("provider", ["openai", "xai", "deepseek"])
def test_every_recorded_failure_is_explained(shared_material: Path, provider: str) -> None:
    """Traps 30, 85."""
    failed = [found for found in exchanges(shared_material, provider, "responses") if found.response["status"] != 200]

    assert failed
    for exchange in failed:
        error = DIALECT.explain(exchange.response["status"], exchange.response["headers"], exchange.body)
        wanted = exchange.expected["error"]
        assert (error_class(error), error.message) == (wanted["class"], wanted["message"])
