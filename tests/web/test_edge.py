import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest

from shared.errors import RealMultiLLMError, Throttled
from shared.web.body import Message, Receive
from shared.web.edge import App, Edge, Scope, Send, request_id


async def visit(
    app: App, *, body: Iterable[bytes] = (b"",), headers: Iterable[tuple[bytes, bytes]] = ()
) -> tuple[int, dict[str, str], bytes]:
    """Send a request in these pieces, then stay silent."""
    pieces = list(body)
    said: list[Message] = []
    left = iter(enumerate(pieces, 1))

    async def receive() -> Message:
        for number, piece in left:
            return {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        said.append(message)

    await app({"type": "http", "path": "/", "headers": list(headers)}, receive, send)
    head = {name.decode(): value.decode() for name, value in said[0]["headers"]}
    return said[0]["status"], head, b"".join(message.get("body", b"") for message in said[1:])


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads it all and says how much it was."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message["body"])
        more = message["more_body"]
    headers = [(b"x-seen-id", request_id(scope).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(size).encode()})


def failing(error: Exception) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app


async def test_the_request_id_is_ours_whatever_the_caller_sends() -> None:
    """Threat H1."""
    spoofs = [(name, b"forged") for name in (b"x-request-id", b"x-realmultillm-request-id", b"x-amzn-request-context")]

    _, first, _ = await visit(Edge(echo), headers=spoofs)
    _, second, _ = await visit(Edge(echo), headers=spoofs)

    assert len(first["x-realmultillm-request-id"]) == 26
    assert first["x-seen-id"] == first["x-realmultillm-request-id"] != second["x-realmultillm-request-id"]
    assert "forged" not in str(first)


async def test_every_answer_has_the_security_headers() -> None:
    """Threat H10."""
    for app in (echo, failing(Throttled("slow down")), failing(KeyError("x"))):
        _, headers, _ = await visit(Edge(app))

        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ([b"x" * 11], []),
        ([b"x" * 6, b"x" * 5], []),
        ([b""], [(b"content-length", b"11")]),
        ([b""], [(b"content-length", b"9" * 5000)]),
    ],
)
async def test_a_body_past_the_limit_is_413(body: list[bytes], headers: list[tuple[bytes, bytes]]) -> None:
    """Threat H5: announced or not."""
    status, head, said = await visit(Edge(echo, largest=10), body=body, headers=headers)

    assert status == 413
    assert head["connection"] == "close"
    assert json.loads(said)["error"]["code"] == "request_too_large"


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"Deflate, gzip"])
async def test_a_compressed_body_is_refused_by_its_header(coding: bytes) -> None:
    """Threat H5: a small one may unpack to any size."""
    status, _, said = await visit(Edge(echo), body=[b"x"], headers=[(b"content-encoding", coding)])

    assert status == 400
    assert json.loads(said)["error"]["details"]["parameter"] == "content-encoding"


async def test_a_body_that_says_it_is_as_it_is_passes() -> None:
    status, _, _ = await visit(Edge(echo), body=[b"x"], headers=[(b"content-encoding", b"identity")])

    assert status == 200


async def test_who_is_busy_sending_too_much_is_heard_out_before_the_answer() -> None:
    taken = 0

    def pieces() -> Iterable[bytes]:
        nonlocal taken
        while taken < 5:
            taken += 1
            yield b"x" * 6

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        left = pieces()

        async def lazily() -> Message:
            piece = next(iter(left), None)
            return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

        await Edge(echo, largest=10)(scope, lazily, send)

    assert (await visit(app))[0] == 413
    assert taken == 5


async def test_a_body_up_to_the_limit_passes() -> None:
    assert (await visit(Edge(echo, largest=10), body=[b"x" * 6, b"x" * 4]))[2] == b"10"


async def test_a_sender_who_dawdles_is_408() -> None:
    """Fault 33."""

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Edge(echo, patience=0.01)(scope, never, send)

    status, head, said = await visit(app)

    assert (status, head["connection"]) == (408, "close")
    assert json.loads(said)["error"]["code"] == "request_too_slow"


async def test_the_deadline_ends_with_the_body() -> None:
    """A long answer listens for the caller hanging up; that may take as long as it likes."""

    async def patient(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.05)
        await echo_nothing(send)

    assert (await visit(Edge(patient, patience=0.01)))[0] == 200


async def echo_nothing(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_what_nobody_foresaw_is_500_without_a_detail(capsys: pytest.CaptureFixture[str]) -> None:
    status, head, said = await visit(Edge(failing(KeyError("sk-proj-planted0123456789"))))

    error = json.loads(said)["error"]
    assert (status, error["code"], error["details"]) == (500, "internal_error", {})
    assert error["requestId"] == head["x-realmultillm-request-id"]
    assert b"planted" not in said


async def test_an_error_after_the_first_byte_is_left_to_the_server() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise Throttled("too late to say so")

    with pytest.raises(RealMultiLLMError):
        await visit(Edge(app))


async def test_an_edge_within_an_edge_stands_aside() -> None:
    _, headers, _ = await visit(Edge(Edge(echo)))

    assert headers["x-seen-id"] == headers["x-realmultillm-request-id"]


async def test_a_door_may_set_its_own_policy() -> None:
    async def console(scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[Any] = [(b"content-security-policy", b"default-src 'self'")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    assert (await visit(Edge(console)))[1]["content-security-policy"] == "default-src 'self'"
