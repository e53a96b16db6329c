"""Every recorded exchange with Cohere reads as its expectation says, however the network cut it."""

from pathlib import Path

import pytest

from shared.chat.collect import collect
from shared.dialects.cohere import DIALECT
from tests.fakes.recordings import Exchange, chunkings, error_class, exchanges, expectation, told
from tests.fakes.streams import hear


def recorded(material: Path, *, failed: bool) -> list[Exchange]:
    return [
        found
        for found in exchanges(material, "cohere", "cohere_chat_v2")
        if (found.response["status"] != 200) is failed
    ]


@pytest.mark.vectors
def test_every_recording_reads_as_expected(shared_material: Path) -> None:
    answered = recorded(shared_material, failed=False)

    assert answered
    for exchange in answered:
        wanted = expectation(exchange.expected)
        if not exchange.response["is_stream"]:
            assert told(collect(DIALECT.read(exchange.body))) == wanted, exchange.expected["id"]
            continue
        for cut, pieces in chunkings(exchange.body, seed=7).items():
            assert told(collect(hear(DIALECT.stream(), pieces))) == wanted, (exchange.expected["id"], cut)


@pytest.mark.vectors
def test_every_recorded_failure_is_explained(shared_material: Path) -> None:
    """Trap 85: one of them is a context that is too long."""
    failed = recorded(shared_material, failed=True)

    assert failed
    for exchange in failed:
        error = DIALECT.explain(exchange.response["status"], exchange.response["headers"], exchange.body)
        wanted = exchange.expected["error"]
        assert (error_class(error), error.message, error.details["providerType"], error.code) == (
            wanted["class"],
            wanted["message"],
            wanted["type"],
            "context_length_exceeded",
        )
