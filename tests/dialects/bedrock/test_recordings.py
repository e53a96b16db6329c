"""Every recorded exchange over Bedrock's Converse reads as its expectation says, however the network cut it."""

from pathlib import Path

from shared.chat.collect import collect
from shared.dialects.bedrock import DIALECT
from tests.fakes.recordings import chunkings, error_class, exchanges, expectation, told
from tests.fakes.streams import hear

APIS = ("converse", "converseStream")


def test_every_recording_reads_as_expected(shared_material: Path) -> None:
    answered = [found for found in exchanges(shared_material, "bedrock", *APIS) if found.response["status"] == 200]

    assert answered
    for exchange in answered:
        wanted = expectation(exchange.expected)
        if not exchange.response["is_stream"]:
            assert told(collect(DIALECT.read(exchange.body))) == wanted, exchange.expected["id"]
            continue
        for cut, pieces in chunkings(exchange.body, seed=7).items():
            assert told(collect(hear(DIALECT.stream(), pieces))) == wanted, (exchange.expected["id"], cut)


def test_every_recorded_failure_is_explained(shared_material: Path) -> None:
    failed = [found for found in exchanges(shared_material, "bedrock", *APIS) if found.response["status"] != 200]

    assert failed
    for exchange in failed:
        error = DIALECT.explain(exchange.response["status"], exchange.response["headers"], exchange.body)
        wanted = exchange.expected["error"]
        heard = "not_found" if error.code == "model_not_found" else wanted["class"]
        assert error.message == wanted["message"]
        assert error_class(error) == wanted["class"] or heard == "not_found"
