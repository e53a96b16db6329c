"""Event streams: the published vectors as given, byte by byte and whole; the traps by number."""

import base64
import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import StreamLimitReached
from shared.wire.json import read_lenient, write
from shared.wire.sse import Frame, SseDecoder
from tests.fakes.vectors import utf8_cases

STREAM = (
    "\ufeff: OPENROUTER PROCESSING\r\n\r\nevent: ping\rdata:1\rid: 7\r\rdata: ö\u2028\u2029\u0085🧹\r\n"
    "data:  two\n\nretry: 10\n\ndata\n\n\n\nevent: x\n\ndata: last\n\n"
).encode()
FRAMES = [
    Frame("ping", b"1", "7"),
    Frame("message", "ö\u2028\u2029\u0085🧹\n two".encode(), "7"),
    Frame("message", b"", "7"),
    Frame("message", b"last", "7"),
]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    borders = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[begin:end] for begin, end in pairwise(borders)]


def outcome(decoder: SseDecoder, reads: list[bytes]) -> tuple[list[Frame], str]:
    """All frames, the pending one too, and how it ended."""
    frames: list[Frame] = []
    try:
        for read in reads:
            frames += decoder.feed(read)
        frames += decoder.close()
    except StreamLimitReached as error:
        return frames, error.code
    return frames, "end"


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_frames_do_not_depend_on_where_the_network_cut(cut: int) -> None:
    """Traps 1, 3 and 9: code points and CRLF split over two reads, several events in one read."""
    decoder = SseDecoder()

    assert decoder.feed(STREAM[:cut]) + decoder.feed(STREAM[cut:]) == FRAMES


@given(
    st.lists(
        st.sampled_from(
            [
                b"data: {}",
                b"data:",
                b"data",
                b"event: e",
                b"id: 1",
                b":",
                b"x",
                b"\n",
                b"\n\n",
                b"\r",
                b"\r\n",
                b"\xef\xbb\xbf",
            ]
        )
        | st.binary(max_size=6),
        max_size=30,
    ).map(b"".join),
    st.lists(st.integers(min_value=0), max_size=12),
)
def test_any_cut_of_any_stream_reads_as_the_whole(stream: bytes, cuts: list[int]) -> None:
    whole, cut = SseDecoder(), SseDecoder()

    assert outcome(cut, pieces(stream, cuts)) == outcome(whole, [stream])
    assert cut.stray == whole.stray


@given(
    st.lists(st.sampled_from([b"data: ", b"abc", b"\n", b"\n\n", b"\r\n"]), max_size=40).map(b"".join),
    st.lists(st.integers(min_value=0), max_size=12),
    st.integers(min_value=1, max_value=40),
    st.integers(min_value=1, max_value=80),
)
def test_bounds_do_not_depend_on_the_cut_either(stream: bytes, cuts: list[int], item: int, total: int) -> None:
    whole, cut, bytewise = (SseDecoder(max_item=item, max_total=total) for _ in range(3))

    expected = outcome(whole, [stream])

    assert outcome(cut, pieces(stream, cuts)) == expected
    assert outcome(bytewise, [bytes([byte]) for byte in stream]) == expected


def test_every_published_vector_as_given_byte_by_byte_and_whole(shared_material: Path) -> None:
    cases = json.loads((shared_material / "security-vectors/sse/sse_cases.json").read_bytes())
    readable = [case for case in cases if "expect" not in case]  # the other is about the content type

    assert len(readable) == 38
    for case in readable:
        chunks = [base64.b64decode(chunk) for chunk in case["chunks_b64"]]
        whole = b"".join(chunks)
        for reads in (chunks, [whole], [bytes([byte]) for byte in whole]):
            decoder = SseDecoder()
            frames = [frame for read in reads for frame in decoder.feed(read)]
            assert len(frames) == len(case["events"]), case["name"]
            for frame, event in zip(frames, case["events"], strict=True):
                spoken = {"event": frame.event, "data": frame.text, "id": frame.id}
                assert spoken | event == spoken, case["name"]


def test_a_truncated_code_point_is_replaced_at_the_true_end_alone() -> None:
    """Fault 14. Trap 1."""
    decoder = SseDecoder()

    assert decoder.feed(b"data: a\xf0\x9f") == []
    assert [frame.text for frame in decoder.close()] == ["a\ufffd"]


def test_upstream_bytes_that_are_not_utf8_are_replaced_as_python_does_at_every_cut(shared_material: Path) -> None:
    """Trap 1, threat H6: utf8tests.txt."""
    cases = utf8_cases(shared_material)

    assert len(cases) > 200
    for _, raw in cases:
        if b"\n" in raw or b"\r" in raw:
            continue
        stream = b"data: " + raw + b"\n\n"
        for cut in range(len(stream) + 1):
            decoder = SseDecoder()
            (frame,) = decoder.feed(stream[:cut]) + decoder.feed(stream[cut:])
            assert frame.text == raw.decode("utf-8", "replace")


@pytest.mark.parametrize("stream", [b"data:{}\n\n", b"data: {}\n\n", b"data: {}\r\n\r\n", b"data:{}\r\r"])
def test_the_space_is_optional_and_so_is_the_kind_of_line_end(stream: bytes) -> None:
    """Traps 2 and 3."""
    assert SseDecoder().feed(stream) == [Frame("message", b"{}")]


def test_lines_of_data_are_joined() -> None:
    """Trap 4."""
    assert SseDecoder().feed(b'data: {"a":\ndata: 1}\n\n') == [Frame("message", b'{"a":\n1}')]


def test_comments_and_bare_fields_say_nothing() -> None:
    """Trap 5."""
    assert SseDecoder().feed(b": OPENROUTER PROCESSING\n\nretry: 3000\n\nevent: ping\n\nid: 1\n\n") == []


@pytest.mark.parametrize("line", [b"data: : keepalive", b"data::", b"data:", b"data: ", b"data:    "])
def test_a_keepalive_disguised_as_data_calls_itself_silent(line: bytes) -> None:
    """Traps 6 and 7."""
    (frame,) = SseDecoder().feed(line + b"\n\n")

    assert frame.silent


@pytest.mark.parametrize("data", [b"{}", b"[DONE]", b"null", b"x"])
def test_what_says_something_is_not_silent(data: bytes) -> None:
    assert not Frame("message", data).silent


def test_a_pretty_printed_error_in_place_of_a_stream_is_kept_whole() -> None:
    """Traps 8 and 13: Google's multi-line JSON error is no event, yet it is not lost."""
    body = b'{\n  "error": {\n    "code": 429,\n    "message": "slow down"\n  }\n}'
    for cut in range(len(body) + 1):
        decoder = SseDecoder()
        frames = decoder.feed(b"data: {}\n\n" + body[:cut]) + decoder.feed(body[cut:]) + decoder.close()

        assert frames == [Frame("message", b"{}")]
        assert read_lenient(decoder.stray) == {"error": {"code": 429, "message": "slow down"}}


def test_stray_lines_are_kept_up_to_their_bound() -> None:
    decoder = SseDecoder()
    decoder.feed(b"<html>\n\n" * 100_000)

    assert len(decoder.stray) <= 64 * 1024
    assert decoder.stray.startswith(b"<html>\n<html>\n")


@pytest.mark.parametrize("size", [65_536, 1_000_000, 10_000_000])
def test_a_picture_in_one_line_arrives(size: int) -> None:
    """Trap 10."""
    line = b"data: " + b"A" * size
    decoder = SseDecoder()
    frames = [frame for at in range(0, size + 8, 16_384) for frame in decoder.feed((line + b"\n\n")[at : at + 16_384])]

    assert [len(frame.data) for frame in frames] == [size]


def test_an_endless_line_is_cut() -> None:
    """Fault 17. faults.md: infinite stream, endless one line."""
    decoder = SseDecoder()
    for _ in range(1_024):
        decoder.feed(b"x" * 16_384)

    with pytest.raises(StreamLimitReached):
        decoder.feed(b"xx")
    with pytest.raises(StreamLimitReached):
        decoder.close()


def test_an_event_of_endlessly_many_lines_is_cut() -> None:
    """Lines cost more than their bytes: 16 MiB of short ones would take seconds and hundreds of megabytes."""
    decoder = SseDecoder()

    with pytest.raises(StreamLimitReached):
        decoder.feed(b"ab\n" * 70_000 + b"\n")


def test_an_endless_stream_is_cut() -> None:
    """faults.md: infinite stream, endless one line."""
    decoder = SseDecoder(max_total=1_000)

    frames = decoder.feed(b"data: x\n\n" * 1_000)

    assert len(frames) == 111
    with pytest.raises(StreamLimitReached):
        decoder.feed(b"data: x\n\n")


@pytest.mark.parametrize("data", [b"[DONE]", b"[DONE] ", b" [DONE]\t"])
def test_done_is_done_with_spaces_too(data: bytes) -> None:
    """Trap 11."""
    (frame,) = SseDecoder().feed(b"data:" + data + b"\r\n\r\n")

    assert frame.done


@pytest.mark.parametrize("end", [b"", b"\n", b"\r", b"\r\n"])
def test_the_last_event_without_its_blank_line_is_given_at_the_close(end: bytes) -> None:
    """Trap 11: a stream that ends at once behind its last line."""
    decoder = SseDecoder()

    assert decoder.feed(b"data: 1\n\nevent: last\ndata: [DONE]" + end) == [Frame("message", b"1")]
    assert decoder.close() == [Frame("last", b"[DONE]")]
    assert decoder.close() == []


def test_nothing_is_pending_after_a_whole_stream() -> None:
    decoder = SseDecoder()
    decoder.feed(b": hello\n\ndata: 1\n\n: bye")

    assert decoder.close() == []


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"])
def test_separators_that_json_may_carry_arrive_whole(separator: str) -> None:
    """Trap 79."""
    stream = f"data: before{separator}after\n\n".encode()
    for cut in range(len(stream) + 1):
        decoder = SseDecoder()

        (frame,) = decoder.feed(stream[:cut]) + decoder.feed(stream[cut:])

        assert frame.text == f"before{separator}after"


def test_naughty_strings_arrive_byte_exact(shared_material: Path) -> None:
    """Threat H6: BLNS."""
    strings = json.loads((shared_material / "security-vectors/blns/blns.json").read_bytes())

    assert len(strings) == 515
    for string in strings:
        (frame,) = SseDecoder().feed(b"data: " + write({"text": string}) + b"\n\n")
        assert read_lenient(frame.data) == {"text": string}
