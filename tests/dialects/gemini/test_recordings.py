"""Every recorded exchange with Gemini reads as its expectation says, however the network cut it."""

from pathlib import Path

import pytest

from shared.chat.collect import collect
from shared.dialects.gemini import DIALECT
from tests.fakes.recordings import chunkings, error_class, exchanges, expectation, told
from tests.fakes.streams import hear

PROVIDERS = ("google", "google-vertex")
APIS = ("generateContent", "streamGenerateContent")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_recording_reads_as_expected(shared_material: Path, provider: str) -> None:
    answered = [found for found in exchanges(shared_material, provider, *APIS) if found.response["status"] == 200]

    assert answered
    for exchange in answered:
        wanted = expectation(exchange.expected)
        if not exchange.response["is_stream"]:
            assert told(collect(DIALECT.read(exchange.body))) == wanted, exchange.expected["id"]
            continue
        for cut, pieces in chunkings(exchange.body, seed=7).items():
            assert told(collect(hear(DIALECT.stream(), pieces))) == wanted, (exchange.expected["id"], cut)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_recorded_failure_is_explained(shared_material: Path, provider: str) -> None:
    """Trap 8: some of them are pretty-printed arrays."""
    failed = [found for found in exchanges(shared_material, provider, *APIS) if found.response["status"] != 200]

    assert failed
    for exchange in failed:
        error = DIALECT.explain(exchange.response["status"], exchange.response["headers"], exchange.body)
        wanted = exchange.expected["error"]
        assert (error_class(error), error.message, error.details["providerType"]) == (
            wanted["class"],
            wanted["message"],
            wanted["type"],
        )
