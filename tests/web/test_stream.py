"""Answers that grow, over ASGI."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from shared.errors import ProviderFailed, RealMultiLLMError
from shared.web.stream import CallerGone, Message, StreamShape, send_stream, while_listening

SHAPE = StreamShape(b"text/event-stream", b": keep-alive\n\n")


def fail(error: RealMultiLLMError) -> bytes:
    return f"error: {error.code}".encode()


class Wire:
    """What was sent, and a caller who listens until told to leave."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.left = asyncio.Event()

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    def bodies(self) -> list[bytes]:
        return [message["body"] for message in self.sent if message["type"] == "http.response.body"]


async def test_what_comes_is_sent_as_it_comes() -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        yield b"a"
        yield b""
        yield b"b"

    wire = Wire()
    await send_stream(wire.send, pieces(), SHAPE, fail=fail)

    assert wire.bodies() == [b"a", b"b", b""]
    assert wire.sent[0]["status"] == 200
    assert wire.sent[-1]["more_body"] is False


async def test_a_failure_before_the_first_byte_leaves_the_status_free() -> None:
    """Trap 86: a refused stream has its true HTTP status."""

    async def pieces() -> AsyncGenerator[bytes]:
        if not SHAPE.keep_alive:
            yield b""
        raise ProviderFailed("down")

    wire = Wire()
    with pytest.raises(ProviderFailed):
        await send_stream(wire.send, pieces(), SHAPE, fail=fail)

    assert wire.sent == []


@pytest.mark.parametrize(
    ("error", "said"), [(ProviderFailed("x"), b"error: upstream_error"), (KeyError("x"), b"error: internal_error")]
)
async def test_a_failure_after_the_first_byte_is_the_one_ending(error: Exception, said: bytes) -> None:
    """Whatever broke: never just a cut."""

    async def pieces() -> AsyncGenerator[bytes]:
        yield b"a"
        raise error

    wire = Wire()
    await send_stream(wire.send, pieces(), SHAPE, fail=fail)

    assert wire.bodies() == [b"a", said, b""]


async def test_a_failure_after_a_keep_alive_is_the_one_ending_too() -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        await asyncio.sleep(0.05)
        if not SHAPE.keep_alive:
            yield b""
        raise ProviderFailed("x")

    wire = Wire()
    await send_stream(wire.send, pieces(), SHAPE, fail=fail, silence=0.01)

    assert wire.bodies()[-2:] == [b"error: upstream_error", b""]


async def test_silence_is_filled_with_bare_comments() -> None:
    """Fault 9. Traps 14 and 72."""

    async def pieces() -> AsyncGenerator[bytes]:
        await asyncio.sleep(0.05)
        yield b"late"

    wire = Wire()
    await send_stream(wire.send, pieces(), SHAPE, fail=fail, silence=0.01)

    assert wire.bodies()[0] == SHAPE.keep_alive
    assert wire.bodies()[-2:] == [b"late", b""]


async def test_a_caller_who_leaves_stops_the_work() -> None:
    """Traps 69 and 70."""
    stopped = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    wire = Wire()
    asyncio.get_running_loop().call_later(0.01, wire.left.set)
    with pytest.raises(CallerGone):
        await while_listening(wire.receive, work())

    assert stopped.is_set()


async def test_work_that_fails_says_so_while_the_caller_listens() -> None:
    async def work() -> None:
        raise ProviderFailed("down")

    with pytest.raises(ProviderFailed):
        await while_listening(Wire().receive, work())


async def test_an_answer_that_was_said_whole_is_not_taken_for_a_caller_who_left() -> None:
    """A server reports the end of its own answer as a disconnect."""

    async def pieces() -> AsyncGenerator[bytes]:
        yield b"a"

    wire = Wire()

    async def send(message: Message) -> None:
        await wire.send(message)
        if message.get("more_body") is False:
            wire.left.set()

    await while_listening(wire.receive, send_stream(send, pieces(), SHAPE, fail=fail))

    assert wire.bodies() == [b"a", b""]
