"""Answers as Lambda takes them."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.answers import DELIMITER, broken_off, chunk, describe, prelude, refusal, whole


def parted(data: bytes) -> tuple[dict[str, object], bytes]:
    head, delimiter, rest = data.partition(bytes(8))
    assert delimiter
    said: dict[str, object] = json.loads(head)
    return said, rest


def test_a_prelude_is_json_and_eight_nuls() -> None:
    said, rest = parted(prelude(200, [(b"content-type", b"text/event-stream")]))

    assert said == {"statusCode": 200, "headers": {"content-type": "text/event-stream"}}
    assert rest == b""


def test_repeated_headers_are_joined_and_cookies_stay_apart() -> None:
    said, _ = parted(prelude(204, [(b"vary", b"a"), (b"Set-Cookie", b"x=1"), (b"Vary", b"b"), (b"set-cookie", b"y=2")]))

    assert said == {"statusCode": 204, "headers": {"vary": "a, b"}, "cookies": ["x=1", "y=2"]}


def test_how_bytes_travel_is_not_ours_to_say() -> None:
    """Lambda would hand them on as `x-amzn-remapped-content-length` and the like."""
    ours = [(b"Content-Length", b"2"), (b"connection", b"close"), (b"transfer-encoding", b"chunked"), (b"etag", b"x")]

    assert parted(prelude(200, ours))[0]["headers"] == {"etag": "x"}


@given(st.binary(max_size=50).filter(lambda value: b"\n" not in value))
def test_no_header_ends_the_prelude(value: bytes) -> None:
    said, rest = parted(prelude(200, [(b"x", value)]))

    assert said["headers"] == {"x": value.decode("latin-1")}
    assert rest == b""


def test_a_chunk_says_its_length_and_nothing_is_no_end() -> None:
    assert chunk(b"hello world, hello") == b"12\r\nhello world, hello\r\n"
    assert chunk(b"") == b""


def test_a_stream_that_breaks_off_says_why_in_its_trailers() -> None:
    ending = broken_off({"errorType": "StreamError", "errorMessage": "é\r\nX: y", "stackTrace": []})
    last, kind, body, *rest = ending.split(b"\r\n")

    assert (last, kind, rest) == (b"0", b"Lambda-Runtime-Function-Error-Type: StreamError", [b"", b""])
    assert (
        json.loads(base64.b64decode(body.removeprefix(b"Lambda-Runtime-Function-Error-Body: ")))["errorMessage"]
        == "é\r\nX: y"
    )


def test_a_described_error_holds_no_key_and_no_traceback() -> None:
    """Threat K8."""
    said = describe(ValueError("refused sk-proj-Zq7Hd2Kx9Lm4Np8RtVw3Yb6Cf " + "x" * 1000))

    assert said["errorType"] == "ValueError"
    assert "Zq7Hd2" not in said["errorMessage"]
    assert len(said["errorMessage"]) <= 500
    assert said["stackTrace"] == []


@pytest.mark.parametrize("body", [b"", '{"a": "ä"}'.encode(), b"\xff\x00"])
def test_a_whole_answer_is_text_where_it_can_be(body: bytes) -> None:
    said = whole("2.0", 201, [(b"etag", b"x"), (b"set-cookie", b"c=1"), (b"content-length", b"9")], body)

    assert (said["statusCode"], said["headers"], said["cookies"]) == (201, {"etag": "x"}, ["c=1"])
    assert (base64.b64decode(said["body"]) if said["isBase64Encoded"] else said["body"].encode()) == body
    assert said["isBase64Encoded"] == (b"\xff" in body)


def test_payload_1_takes_every_header_as_a_list() -> None:
    said = whole("1.0", 200, [(b"vary", b"a"), (b"vary", b"b"), (b"set-cookie", b"c=1")], b"")

    assert said["multiValueHeaders"] == {"vary": ["a", "b"], "set-cookie": ["c=1"]}
    assert "headers" not in said


def test_a_refusal_is_an_answer_in_our_form() -> None:
    said = refusal(400, "no")

    assert said["statusCode"] == 400
    assert json.loads(said["body"])["error"]["message"] == "no"
    assert DELIMITER.decode() not in said["body"]
