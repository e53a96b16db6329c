"""The chat door: plain Starlette, for it has to be awake in a moment. One route is one story: who, what, whom, and speak."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.chat.collect import Answer, Collector
from shared.chat.events import ChatEvent
from shared.chat.receipt import Done
from shared.dialects.caller import Wish
from shared.dialects.native.read import read_request
from shared.dialects.native.speak import (
    NDJSON_KEEP_ALIVE,
    SSE_KEEP_ALIVE,
    Framing,
    Speaker,
    as_ndjson,
    as_sse,
    speak_answer,
)
from shared.errors import ProviderFailed
from shared.gateway.converse import converse, plan
from shared.gateway.target import Target
from shared.identity.caller import Caller
from shared.observability import logger
from shared.services import Services
from shared.web.authentication import authenticate
from shared.web.edge import Edge, request_id
from shared.web.errors import describe
from shared.web.handlers import HANDLERS
from shared.web.stream import CallerGone, Message, Receive, Send, StreamShape, send_stream, while_listening

type Scope = dict[str, Any]

NDJSON = (as_ndjson, StreamShape(b"application/x-ndjson", NDJSON_KEEP_ALIVE))
SSE = (as_sse, StreamShape(b"text/event-stream; charset=utf-8", SSE_KEEP_ALIVE))


def create_app(services: Services) -> Starlette:
    """The door. Importing it costs nothing but itself; nothing is opened before the first request."""
    plain, stream = Chat(services), ChatStream(services)
    app = Starlette(
        routes=[
            Route("/api/llm/chat", plain, methods=["POST"]),
            Route("/api/llm/stream", stream, methods=["POST"]),
            Route("/api/chat/{provider}", plain, methods=["POST"]),
            Route("/api/chat/{provider}/stream", ChatStream(services, usual=SSE), methods=["POST"]),
            Route("/api/health", _health, methods=["GET"]),
        ],
        middleware=[Middleware(Edge, now=services.now)],
        exception_handlers=dict(HANDLERS),
    )
    app.router.redirect_slashes = False  # it would send the caller, body and all, to whatever the Host header says
    return app


def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


class Door(ABC):
    """What both chat routes do alike: see who calls and what they wish, and answer while they listen."""

    stream: bool

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        caller = await authenticate(self._services, scope["headers"], scope["query_string"])
        try:
            wish = read_request(await _body(receive), stream=self.stream, provider=scope["path_params"].get("provider"))
            await while_listening(receive, self.answer(caller, wish, scope, send))
        except CallerGone:
            logger().info("caller left")

    @abstractmethod
    async def answer(self, caller: Caller, wish: Wish, scope: Scope, send: Send) -> None:
        """Say it."""

    async def target(self, caller: Caller, wish: Wish) -> Target:
        """Whom to ask."""
        return await plan(self._services, caller, wished=wish.provider, model=wish.chat.model)


class Chat(Door):
    """One answer, whole."""

    stream = False

    async def answer(self, caller: Caller, wish: Wish, scope: Scope, send: Send) -> None:
        """Collect it, then say it."""
        target = await self.target(caller, wish)
        answer, done = await _collected(converse(self._services, wish.chat, target))
        body = speak_answer(answer, done, id=request_id(scope), created=int(self._services.now()))
        await _send_json(send, body)


class ChatStream(Door):
    """The answer as it grows: NDJSON or server-sent events, as `Accept` says, else as is usual on the route."""

    stream = True

    def __init__(self, services: Services, *, usual: tuple[Framing, StreamShape] = NDJSON) -> None:
        super().__init__(services)
        self._usual = usual

    async def answer(self, caller: Caller, wish: Wish, scope: Scope, send: Send) -> None:
        """Say it as it comes."""
        frame, shape = _accepted(scope, self._usual)
        target = await self.target(caller, wish)
        speaker = Speaker(frame, id=request_id(scope), provider=target.provider.id, model=target.model)
        batches = converse(self._services, wish.chat, target)
        await send_stream(
            send, _spoken(batches, speaker), shape, fail=lambda error: speaker.fail(describe(error, request_id(scope)))
        )


async def _spoken(batches: AsyncGenerator[Sequence[ChatEvent | Done]], speaker: Speaker) -> AsyncGenerator[bytes]:
    """What came at once is said at once."""
    async with aclosing(batches):
        async for batch in batches:
            yield b"".join([speaker.say(event) for event in batch])


async def _collected(batches: AsyncGenerator[Sequence[ChatEvent | Done]]) -> tuple[Answer, Done]:
    """The whole answer, and how it ended: Done is the last event of every chat that went well."""
    collector = Collector()
    async with aclosing(batches):
        async for batch in batches:
            for event in batch:
                if isinstance(event, Done):
                    return collector.answer(), event
                collector.add(event)
    raise ProviderFailed("the answer ended without an ending")


def _accepted(scope: Scope, usual: tuple[Framing, StreamShape]) -> tuple[Framing, StreamShape]:
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
    if b"text/event-stream" in accept:
        return SSE
    return NDJSON if b"ndjson" in accept else usual


async def _body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _send_json(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
