"""Every recorded exchange over Anthropic's Messages reads as its expectation says, however the network cut it."""

from pathlib import Path

import pytest

from shared.chat.collect import collect
from shared.dialects.anthropic import DIALECT
from tests.fakes.recordings import chunkings, error_class, exchanges, expectation, told
from tests.fakes.streams import hear

PROVIDERS = ("anthropic", "azure", "google-vertex")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_recording_reads_as_expected(shared_material: Path, provider: str) -> None:
    answered = [found for found in exchanges(shared_material, provider, "messages") if found.response["status"] == 200]

    assert answered
    for exchange in answered:
        wanted = expectation(exchange.expected)
        if not exchange.response["is_stream"]:
            assert told(collect(DIALECT.read(exchange.body))) == wanted, exchange.expected["id"]
            continue
        for cut, pieces in chunkings(exchange.body, seed=7).items():
            assert told(collect(hear(DIALECT.stream(), pieces))) == wanted, (exchange.expected["id"], cut)


def test_every_recorded_failure_is_explained(shared_material: Path) -> None:
    failed = [found for found in exchanges(shared_material, "anthropic", "messages") if found.response["status"] != 200]

    assert failed
    for exchange in failed:
        error = DIALECT.explain(exchange.response["status"], exchange.response["headers"], exchange.body)
        wanted = exchange.expected["error"]
        assert (error_class(error), error.message, error.details["providerType"]) == (
            wanted["class"],
            wanted["message"],
            wanted["type"],
        )


def test_recorded_streams_bear_a_bad_event_and_a_missing_end(shared_material: Path) -> None:
    """Trap 11, and the faults `garbage-line`, `no-done`, `crlf` and `keepalive` of the replay server."""
    streams = [found for found in exchanges(shared_material, "anthropic", "messages") if found.response["is_stream"]]

    for exchange in [found for found in streams if found.response["status"] == 200]:
        first, *others = exchange.body.split(b"\n\n")
        garbled = b"\n\n".join([first, b"data: {this is not json", b": keep-alive", *others])
        cut_short = exchange.body[: exchange.body.rindex(b"event: message_stop")]
        for body in (garbled, cut_short, exchange.body.replace(b"\n", b"\r\n")):
            assert told(collect(hear(DIALECT.stream(), [body]))) == expectation(exchange.expected), exchange.expected[
                "id"
            ]
