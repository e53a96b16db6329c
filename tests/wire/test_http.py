"""Requests as bytes, answers from bytes however the network cut them."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadResponse, InvalidRequest, StreamInterrupted
from shared.wire.http import ResponseParser, write_request

CHUNKED = (
    b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nVary: a\r\nvary: b\r\nSet-Cookie: s=1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nx-trailer: t\r\n\r\n"
)
COUNTED = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 5\r\n\r\nhello"


def fed(*parts: bytes) -> ResponseParser:
    return feed_all(ResponseParser(), parts)


def feed_all(parser: ResponseParser, parts: Iterable[bytes]) -> ResponseParser:
    for part in parts:
        parser.feed(part)
    return parser


def test_a_request_is_framed_by_us_alone() -> None:
    """Threat H3."""
    written = write_request(
        "POST",
        "/v1/chat?x=1",
        "api.example.com",
        {
            "X-Api-Key": "k",
            "Host": "evil",
            "Content-Length": "1",
            "Transfer-Encoding": "chunked",
            "Connection": "x",
            "Accept-Encoding": "gzip",
        },
        b"{}",
    )

    assert (
        written
        == b"POST /v1/chat?x=1 HTTP/1.1\r\nhost: api.example.com\r\naccept-encoding: identity\r\nX-Api-Key: k\r\ncontent-length: 2\r\n\r\n{}"
    )


def test_a_request_without_a_body_has_no_length() -> None:
    assert b"content-length" not in write_request("GET", "/", "a", {})
    assert b"content-length: 0" in write_request("POST", "/", "a", {})


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\rb", "a\0b", "clé", "\x7f", "a\u2028"])
def test_no_header_ends_early(value: str) -> None:
    """Threat H3."""
    with pytest.raises(InvalidRequest) as refused:
        write_request("POST", "/", "a", {"x-api-key": value})
    with pytest.raises(InvalidRequest):
        write_request("POST", "/", "a", {value: "x"})
    with pytest.raises(InvalidRequest):
        write_request("POST", f"/{value}", "a", {})

    assert value not in refused.value.message


def test_smuggled_requests_stay_inside_their_header_or_are_refused(shared_material: Path) -> None:
    """Threat H3: PayloadsAllTheThings."""
    for payload in json.loads((shared_material / "security-vectors/http/smuggling.json").read_text()):
        written = write_request("POST", "/", "a", {}, payload.encode())
        with pytest.raises(InvalidRequest):
            write_request("POST", "/", "a", {"x": payload + "\n"})

        assert written.partition(b"\r\n\r\n")[2] == payload.encode()


def test_header_injections_are_refused(shared_material: Path) -> None:
    """Threat H3: PayloadsAllTheThings; what is percent-encoded stays so."""
    for line in (shared_material / "security-vectors/http/crlf.txt").read_text().splitlines():
        written = write_request("POST", "/", "a", {"x": line}) if line.isascii() else b"POST / HTTP/1.1\r\n\r\n"

        assert written.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("method", ["HEAD", "CONNECT", "GET /\r\n", "get"])
def test_other_methods_are_refused(method: str) -> None:
    with pytest.raises(InvalidRequest):
        write_request(method, "/", "a", {})


@pytest.mark.parametrize("cut", range(1, len(CHUNKED)))
def test_an_answer_does_not_depend_on_where_the_network_cut(cut: int) -> None:
    parser = fed(CHUNKED[:cut], CHUNKED[cut:])

    assert parser.status == 200
    assert parser.headers == {"content-type": "text/event-stream", "vary": "a, b", "transfer-encoding": "chunked"}
    assert parser.take() == b"abcdefgh"
    assert parser.complete
    assert parser.keep_alive
    assert not parser.surplus


def test_an_answer_byte_by_byte() -> None:
    parser = fed(*(bytes([byte]) for byte in COUNTED))

    assert (parser.status, parser.headers["retry-after"], parser.take(), parser.complete) == (429, "3", b"hello", True)


@pytest.mark.parametrize("cut", range(1, len(CHUNKED)))
def test_an_end_before_the_end_is_no_success(cut: int) -> None:
    parser = fed(CHUNKED[:cut])
    if parser.complete:
        pytest.skip("all of it has come")

    with pytest.raises((BadResponse, StreamInterrupted)):
        parser.feed_end()

    assert not parser.complete


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    open_still = fed(b"HTTP/1.1 200 OK\r\n\r\nabc", b"def").complete
    parser = fed(b"HTTP/1.1 200 OK\r\n\r\nabc", b"def")
    parser.feed_end()

    assert (open_still, parser.complete) == (False, True)
    assert not parser.keep_alive
    assert parser.take() == b"abcdef"


@pytest.mark.parametrize("extra", [b"x", b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", b"\0", b"0\r\n\r\n"])
def test_what_follows_an_answer_is_not_part_of_it(extra: bytes) -> None:
    """A provider that says more than it was asked gets no second request on that connection."""
    for parser in (fed(COUNTED + extra), fed(COUNTED, extra)):
        assert parser.take() == b"hello"
        assert parser.status == 429
        assert parser.surplus or not parser.keep_alive


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"x%d: y\r\n" % number for number in range(1000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\nb\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx y: a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9 + COUNTED,
        b"HTTP/1.1 099 Odd\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
)
@pytest.mark.parametrize("size", [7, 1 << 20])
def test_what_is_no_answer_is_refused(answer: bytes, size: int) -> None:
    """Threat H4."""
    with pytest.raises(BadResponse):
        fed(*(answer[at : at + size] for at in range(0, len(answer), size)))


def test_a_head_that_never_ends_is_refused_before_it_fills_the_memory() -> None:
    """Threat H4."""
    parser = fed(b"HTTP/1.1 200 OK\r\n")

    with pytest.raises(BadResponse):
        feed_all(parser, [b"x: " + b"a" * 100] * 1000)


@pytest.mark.parametrize("endless", [b"0\r\nx: ", b"0\r\n", b"1;"])
def test_what_stands_around_a_body_has_a_bound(endless: bytes) -> None:
    """Threat H4: a trailer without an end, trailers without an end, an extension of a chunk without an end."""
    parser = fed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n" + endless)
    line = b"x: y\r\n" * 20 if endless == b"0\r\n" else b"a" * 100

    with pytest.raises(StreamInterrupted):
        feed_all(parser, [line] * 1000)

    assert parser.take() == b"abc"


def test_a_long_stream_of_chunks_that_come_in_parts_is_taken() -> None:
    """Many servers send the length of a chunk, the chunk and its line end by themselves."""
    parser = fed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(20_000):
        feed_all(parser, [b"1\r\n", b"a", b"\r\n"])
    parser.feed(b"0\r\n\r\n")

    assert parser.complete
    assert len(parser.take()) == 20_000


def test_header_values_are_printable_ascii() -> None:
    """Threat H4."""
    parser = fed(
        b"HTTP/1.1 200 OK\r\nx: caf\xc3\xa9\t\x80z\r\nAccess-Control-Allow-Origin: *\r\ncontent-length: 0\r\n\r\n"
    )

    assert parser.headers["x"] == "cafz"


def test_interim_answers_are_passed_over() -> None:
    assert fed(b"HTTP/1.1 100 Continue\r\n\r\n" * 8 + COUNTED).status == 429


@pytest.mark.parametrize("body", [b"zz\r\nabc\r\n", b"3\r\nabcd\r\n", b"-1\r\n", b"fffffffffffffffff\r\n"])
def test_broken_chunks_are_a_broken_stream(body: bytes) -> None:
    parser = fed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")

    with pytest.raises(StreamInterrupted):
        parser.feed(body)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_no_bytes_raise_anything_but_our_errors(parts: list[bytes]) -> None:
    parser = ResponseParser()
    try:
        for part in (b"HTTP/1.1 200 OK\r\n", *parts):
            parser.feed(part)
        parser.feed_end()
    except (BadResponse, StreamInterrupted):
        assert not parser.complete
