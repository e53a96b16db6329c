"""Every stream that was recorded from a provider, in each format, read in small pieces and as a whole."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.wire.decoder import Decoder
from shared.wire.eventstream import EventStreamDecoder
from shared.wire.json import read_lenient
from shared.wire.jsonarray import JsonArrayDecoder
from shared.wire.ndjson import NdjsonDecoder
from shared.wire.sse import SseDecoder


def recorded(shared_material: Path, stream_format: str) -> list[bytes]:
    streams = []
    for file in sorted((shared_material / "provider-traffic").glob("*.jsonl")):
        for line in file.read_bytes().split(b"\n"):
            if f'"stream_format": "{stream_format}"'.encode() in line:
                response = json.loads(line)["response"]
                body = response.get("body_text")
                streams.append(base64.b64decode(response["body_b64"]) if body is None else body.encode())
    return streams


def read(decoder: Decoder[Any], reads: Sequence[bytes]) -> list[Any]:
    return [item for data in reads for item in decoder.feed(data)] + decoder.close()


def payload(item: Any) -> bytes:
    """The bytes that a dialect will read, whatever the format."""
    return item if isinstance(item, bytes) else getattr(item, "data", None) or item.payload


@pytest.mark.parametrize(
    ("stream_format", "make", "count"),
    [
        ("sse", SseDecoder, 400),
        ("ndjson", NdjsonDecoder, 4),
        ("json-array", JsonArrayDecoder, 3),
        ("aws-eventstream", EventStreamDecoder, 30),
    ],
)
def test_recorded_streams_read_the_same_however_they_are_cut(
    shared_material: Path, stream_format: str, make: type[Decoder[Any]], count: int
) -> None:
    """Trap 9."""
    streams = recorded(shared_material, stream_format)

    assert len(streams) >= count
    for stream in streams:
        whole = read(make(), [stream])
        assert read(make(), [stream[at : at + 97] for at in range(0, len(stream), 97)]) == whole
        assert whole
        for item in whole:
            if not getattr(item, "done", False):
                assert isinstance(read_lenient(payload(item)), dict | list)
