import struct
from binascii import crc32
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadStreamData, StreamLimitReached, StreamTruncated
from shared.wire.eventstream import EventStreamDecoder
from tests.fakes.eventstream import counted, event, header, message, raw_message

NAMES = st.text(max_size=20).filter(lambda name: len(name.encode()) < 256)
VALUES = st.one_of(
    st.sampled_from([(0, b""), (1, b"")]),
    st.tuples(st.just(2), st.binary(min_size=1, max_size=1)),
    st.tuples(st.just(3), st.binary(min_size=2, max_size=2)),
    st.tuples(st.just(4), st.binary(min_size=4, max_size=4)),
    st.tuples(st.sampled_from([5, 8]), st.binary(min_size=8, max_size=8)),
    st.tuples(st.just(6), st.binary(max_size=40).map(counted)),
    st.tuples(st.just(7), st.text(max_size=20).map(lambda text: counted(text.encode()))),
    st.tuples(st.just(9), st.binary(min_size=16, max_size=16)),
)
MESSAGES = st.builds(
    lambda headers, payload: raw_message(
        b"".join(header(name, kind, value) for name, (kind, value) in headers.items()), payload
    ),
    st.dictionaries(NAMES, VALUES, max_size=5),
    st.binary(max_size=60),
)
ALL_KINDS = b"".join(
    (
        header("true", 0, b""),
        header("false", 1, b""),
        header("byte", 2, b"\xff"),
        header("short", 3, b"\xff\xfe"),
        header("int", 4, b"\x00\x00\x01\x00"),
        header("long", 5, b"\xff" * 8),
        header("bytes", 6, counted(b"\x00\xff")),
        header("text", 7, counted("ö".encode())),
        header("time", 8, struct.pack(">q", 1_700_000_000_000)),
        header("uuid", 9, bytes(range(16))),
    )
)


@given(st.lists(MESSAGES, max_size=4).map(b"".join), st.integers(min_value=1, max_value=50))
def test_messages_are_those_that_botocore_reads(stream: bytes, step: int) -> None:
    theirs = EventStreamBuffer()
    theirs.add_data(stream)
    ours = EventStreamDecoder()

    messages: list[Any] = [one for at in range(0, len(stream), step) for one in ours.feed(stream[at : at + step])]

    assert [(one.headers, one.payload) for one in messages] == [(one.headers, one.payload) for one in theirs]
    assert ours.close() == []


def test_every_type_of_header_is_read() -> None:
    (read,) = EventStreamDecoder().feed(raw_message(ALL_KINDS, b"{}"))

    assert read.payload == b"{}"
    assert read.headers == {
        "true": True,
        "false": False,
        "byte": -1,
        "short": -2,
        "int": 256,
        "long": -1,
        "bytes": b"\x00\xff",
        "text": "ö",
        "time": 1_700_000_000_000,
        "uuid": bytes(range(16)),
    }


@pytest.mark.parametrize("at", range(len(event("messageStop", b'{"stopReason":"end_turn"}'))))
def test_no_flipped_bit_goes_unnoticed(at: int) -> None:
    stream = bytearray(event("messageStop", b'{"stopReason":"end_turn"}'))
    stream[at] ^= 0x10

    with pytest.raises(BadStreamData):
        EventStreamDecoder().feed(bytes(stream))


@pytest.mark.parametrize(
    "headers",
    [
        header("a", 10, b""),
        header("a", 7, counted(b"\xff")),
        header("a", 7, b"\x00\x09short"),
        header("a", 5, b"\x00"),
        header("a", 9, b"\x00"),
        header("a", 7, b"\x00"),
        b"\x05a",
        b"\x01a",
        header("a", 0, b"") + header("a", 0, b""),
        header("a", 7, counted(b"1")) + header("a", 7, counted(b"1")),
    ],
    ids=[
        "unknown type",
        "not UTF-8",
        "long text",
        "cut integer",
        "cut uuid",
        "cut length",
        "cut name",
        "no type",
        "twice",
        "same twice",
    ],
)
def test_headers_that_do_not_read_are_bad_data(headers: bytes) -> None:
    with pytest.raises(BadStreamData):
        EventStreamDecoder().feed(raw_message(headers, b""))


def test_impossible_lengths_are_bad_data() -> None:
    stream = raw_message(b"", b"")
    prelude = struct.pack(">II", 16, 9)

    with pytest.raises(BadStreamData):
        EventStreamDecoder().feed(prelude + struct.pack(">I", crc32(prelude)) + stream[12:])


def test_what_came_before_bad_data_is_handed_out_first() -> None:
    decoder = EventStreamDecoder()
    good = message({":message-type": "event"}, b"{}")

    assert len(decoder.feed(good + b"\x00" * 16)) == 1
    with pytest.raises(BadStreamData):
        decoder.close()


def test_the_middle_of_a_message_is_no_end() -> None:
    """Trap 12."""
    decoder = EventStreamDecoder()
    decoder.feed(message({}, b"{}")[:-1])

    with pytest.raises(StreamTruncated):
        decoder.close()


def test_a_message_beyond_the_bound_is_refused_before_it_is_collected() -> None:
    with pytest.raises(StreamLimitReached):
        EventStreamDecoder(max_item=1_000).feed(message({}, b"x" * 1_000)[:12])
