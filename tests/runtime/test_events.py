"""Events become ASGI requests as the caller wrote them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.events import Malformed, NotHttp, read_event, read_object
from tests.fakes.aws_lambda.samples import ADDRESS, changed, event

BOTH = pytest.mark.parametrize("version", ["1.0", "2.0"])
SEGMENT = st.lists(st.sampled_from([*"aZ09-._~:@!$&'()*+,;=", "%2F", "%20", "%C3%A4", "%25", "%zz"]), max_size=8).map(
    "".join
)


def headers_of(raw: bytes) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = read_event(raw).scope["headers"]
    return found


@BOTH
def test_a_request_crosses(version: str) -> None:
    raw = event(version, method="POST", target="/v1/messages?beta=true", body=b'{"a": 1}', headers=[("x-api-key", "k")])

    request = read_event(raw)
    scope = request.scope

    assert (scope["method"], scope["path"], scope["query_string"]) == ("POST", "/v1/messages", b"beta=true")
    assert (scope["type"], scope["scheme"], scope["http_version"], scope["root_path"]) == ("http", "https", "1.1", "")
    assert (b"x-api-key", b"k") in scope["headers"]
    assert scope["server"][1] == 443
    assert request.body == b'{"a": 1}'
    assert request.version == version


@BOTH
def test_a_path_keeps_what_its_caller_escaped(version: str) -> None:
    scope = read_event(event(version, target="/v1/models/openai%2Fgpt%204%C3%A4")).scope

    assert scope["raw_path"] == b"/v1/models/openai%2Fgpt%204%C3%A4"
    assert scope["path"] == "/v1/models/openai/gpt 4ä"


def test_a_query_of_payload_2_stays_letter_for_letter() -> None:
    scope = read_event(event(target="/x?b=2&a=%41+c&&b=&%zz")).scope

    assert scope["query_string"] == b"b=2&a=%41+c&&b=&%zz"


def test_a_query_of_payload_1_is_written_anew_with_what_is_repeated() -> None:
    scope = read_event(event("1.0", target="/x?b=2&a=%C3%A4+c&b=")).scope

    assert scope["query_string"] == b"b=2&b=&a=%C3%A4+c"


def test_what_no_url_holds_is_escaped_not_refused() -> None:
    scope = read_event(changed(rawPath="/a b/ä\n", rawQueryString="q=ü")).scope

    assert scope["raw_path"] == b"/a%20b/%C3%A4%0A"
    assert scope["query_string"] == b"q=%C3%BC"


@given(path=st.lists(SEGMENT, min_size=1, max_size=4), version=st.sampled_from(["1.0", "2.0"]))
def test_every_path_crosses_as_it_was_written(path: list[str], version: str) -> None:
    target = "/" + "/".join(path)

    assert read_event(event(version, target=target)).scope["raw_path"] == target.encode()


@BOTH
@given(body=st.binary(max_size=200))
def test_every_body_crosses(version: str, body: bytes) -> None:
    for kind in ("application/json", "application/octet-stream"):
        assert read_event(event(version, method="POST", body=body, headers=[("content-type", kind)])).body == body


@BOTH
def test_repeated_headers_and_cookies_cross(version: str) -> None:
    raw = event(version, headers=[("accept", "a"), ("accept", "b"), ("cookie", "x=1; y=2")])
    accepted = b",".join(value for name, value in headers_of(raw) if name == b"accept")

    assert accepted == b"a,b"
    assert (b"cookie", b"x=1; y=2") in headers_of(raw)


def test_a_header_keeps_its_bytes() -> None:
    """AWS hands each byte on as one character."""
    raw = changed(headers={"X-Name": "caf\u00e9", "x-more": "\u4f60"})

    assert headers_of(raw) == [(b"x-name", b"caf\xe9"), (b"x-more", "\u4f60".encode())]


@BOTH
def test_who_calls_is_said_by_lambda_alone(version: str) -> None:
    """Threat H1: nothing that a caller may write is believed, and nothing of it reaches the app."""
    spoofed = [
        ("x-forwarded-for", "198.51.100.1"),
        ("x-forwarded-proto", "http"),
        ("x-amzn-request-context", "{}"),
        ("x-amzn-lambda-context", '{"deadline": 1}'),
        ("x-amz-tenant-id", "somebody-else"),
    ]

    scope = read_event(event(version, headers=spoofed)).scope

    assert scope["client"] == (ADDRESS, 0)
    assert not [name for name, _ in scope["headers"] if name.startswith((b"x-forwarded", b"x-amz"))]


def test_what_belongs_to_one_hop_does_not_cross() -> None:
    raw = changed(headers={"connection": "close", "transfer-encoding": "chunked", "accept": "*/*"})

    assert headers_of(raw) == [(b"accept", b"*/*")]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"requestContext": null}',
        b'{"requestContext": {}}',
        b'{"requestContext": {"http": {"method": "GET"}}}',
        b'{"source": "aws.events", "detail-type": "Scheduled Event"}',
        b'{"Records": [{"eventSource": "aws:sqs"}]}',
        b'{"requestContext": {"responseTransferMode": "STREAM"}, "completion": true}',
        changed(rawPath=7),
        changed(headers=["a"]),
        changed("1.0", path=None),
    ],
)
def test_an_event_that_is_no_request_is_told(raw: bytes) -> None:
    """The reported second invocation of REST APIs that stream is one of them."""
    with pytest.raises(NotHttp):
        read_event(raw)


def test_a_body_that_is_no_base64_is_told() -> None:
    with pytest.raises(Malformed, match="isBase64Encoded"):
        read_event(changed(body="not base64!", isBase64Encoded=True))


@BOTH
def test_a_decoded_event_is_read_alike(version: str) -> None:
    raw = event(version, method="POST", target="/a%20b?c=d", body=b"\xff\x00", headers=[("accept", "x")])
    decoded: Any = json.loads(raw)

    assert read_object(decoded).scope == read_event(raw).scope
    assert read_object(decoded).body == b"\xff\x00"
    with pytest.raises(NotHttp):
        read_object({"no": "request"})
