"""What every chat route does: see who calls and what they wish, find whom to ask, and speak the answer in the caller's dialect while they listen."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from shared.chat.collect import Answer, Collector
from shared.chat.events import Answered, ChatEvent
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest
from shared.dialects.caller import About, CallerDialect, Speaker, Wish, load_caller, own_name
from shared.dialects.native import NDJSON, SSE
from shared.dialects.native.read import read_request
from shared.errors import InvalidRequest, ProviderFailed
from shared.gateway.converse import converse, plan
from shared.gateway.prepare import is_kin
from shared.gateway.target import Target
from shared.identity.caller import Caller
from shared.observability import logger
from shared.services import Services
from shared.web.authentication import authenticate
from shared.web.edge import deadline, request_id
from shared.web.errors import HeaderList, header_list
from shared.web.stream import CallerGone, Message, Receive, Send, StreamShape, send_stream, while_listening

type Scope = dict[str, Any]
type Batches = AsyncGenerator[Sequence[ChatEvent | Done]]

DROP = "x-realmultillm-drop-params"
_THEIR_IDS: Final = ("x-request-id", "request-id", "x-amzn-requestid", "apim-request-id")
"""How providers name a request."""


class Door:
    """A route in one caller's dialect."""

    def __init__(self, services: Services, dialect: str) -> None:
        self._services = services
        self._name = dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        caller = await authenticate(self._services, scope["headers"], scope["query_string"])
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            wish = self.read(await read_body(receive), headers, scope)
            if wants_dropping(headers):
                wish = replace(wish, chat=replace(wish.chat, drop=True))
            await while_listening(receive, self._answer(caller, wish, scope, send))
        except CallerGone:
            logger().info("caller left")

    def dialect(self, scope: Scope) -> CallerDialect:  # noqa: ARG002 - some routes answer as the request's head says
        """In whose words to answer."""
        return load_caller(self._name)

    def read(self, body: bytes, headers: Mapping[str, str], scope: Scope) -> Wish:
        """The wish. Raises InvalidRequest."""
        return self.dialect(scope).read(body, headers)

    async def _answer(self, caller: Caller, wish: Wish, scope: Scope, send: Send) -> None:
        target = await plan(self._services, caller, wished=wish.provider, model=wish.chat.model, speaking=self._name)
        dialect, chat = self.dialect(scope), wish.chat
        about = About(
            request_id(scope),
            int(self._services.now()),
            target.provider.id,
            target.model,
            is_kin(chat, target),
            target.maker,
        )
        head = Head(dialect, target, about.id)
        batches = converse(self._services, chat, target, ends=deadline(scope))
        if chat.stream:
            await _send_growing(send, batches, dialect.speaker(chat, about), head)
        else:
            await _send_whole(send, batches, chat, about, head)


class NativeDoor(Door):
    """A route of our own API: the path says whether to stream, and may name the provider; `Accept` may choose the framing."""

    def __init__(self, services: Services, *, stream: bool = False, usual: CallerDialect = NDJSON) -> None:
        super().__init__(services, "native")
        self._stream = stream
        self._usual = usual

    def dialect(self, scope: Scope) -> CallerDialect:
        """Lines, or the same lines as events."""
        accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
        if b"text/event-stream" in accept:
            return SSE
        return NDJSON if b"ndjson" in accept else self._usual

    def read(self, body: bytes, headers: Mapping[str, str], scope: Scope) -> Wish:  # noqa: ARG002 - they say nothing here
        """The wish."""
        return read_request(body, stream=self._stream, provider=scope["path_params"].get("provider"))


class Head:
    """The head of an answer: how its stream looks, and what is known of it once the provider has answered."""

    def __init__(self, dialect: CallerDialect, target: Target, request_id: str) -> None:
        self.dialect = dialect
        self._request_id = request_id
        self._target = target
        self._answered = Answered(attempts=0)
        self.heard = False

    def hear(self, event: Answered) -> None:
        """The provider has answered."""
        self._answered = event
        self.heard = True

    def headers(self) -> HeaderList:
        """Whom we asked, how often, and how the provider names the request."""
        answered, ours = self._answered, {"x-realmultillm-provider": self._target.provider.id}
        ours["x-realmultillm-model"] = self._target.model
        if answered.attempts:
            ours["x-realmultillm-attempts"] = str(answered.attempts)
        if answered.dropped:
            ours["x-realmultillm-dropped"] = ", ".join(own_name(name, self.dialect.names) for name in answered.dropped)
        theirs = next((answered.headers[name] for name in _THEIR_IDS if name in answered.headers), None)
        if theirs or self.dialect.name != NDJSON.name:
            ours[self.dialect.request_id_header.decode()] = theirs or self._request_id
        return header_list({**answered.headers, **ours})

    def shape(self) -> StreamShape:
        """Of the stream."""
        lines = self.dialect is NDJSON
        kind = b"application/x-ndjson" if lines else b"text/event-stream; charset=utf-8"
        return StreamShape(kind, self.dialect.keep_alive, self.headers)


async def _send_growing(send: Send, batches: Batches, speaker: Speaker, head: Head) -> None:
    await send_stream(send, _spoken(batches, speaker, head), head.shape(), fail=speaker.fail)


async def _spoken(batches: Batches, speaker: Speaker, head: Head) -> AsyncGenerator[bytes]:
    """What came at once is said at once."""
    async with aclosing(batches):
        async for batch in batches:
            if not head.heard:
                for event in batch:
                    if isinstance(event, Answered):
                        head.hear(event)
            yield b"".join([speaker.say(event) for event in batch])


async def _send_whole(send: Send, batches: Batches, chat: ChatRequest, about: About, head: Head) -> None:
    answer, done = await _collected(batches, head)
    body = head.dialect.answer(answer, done, chat, about)
    cost = done.receipt.cost.usd
    paid = [] if cost is None else [(b"x-realmultillm-cost", f"{cost:f}".encode())]
    await send_json(send, body, [*head.headers(), *paid])


async def _collected(batches: Batches, head: Head) -> tuple[Answer, Done]:
    """The whole answer, and how it ended: Done is the last event of every chat that went well."""
    collector = Collector()
    async with aclosing(batches):
        async for batch in batches:
            for event in batch:
                if isinstance(event, Done):
                    return collector.answer(), event
                if isinstance(event, Answered):
                    head.hear(event)
                collector.add(event)
    raise ProviderFailed("the answer ended without an ending")


def wants_dropping(headers: Mapping[str, str]) -> bool:
    """The caller asks to leave out what the provider cannot do.

    Raises:
        InvalidRequest: the header says neither yes nor no.
    """
    said = headers.get(DROP, "false").strip().lower()
    if said not in {"true", "false"}:
        raise InvalidRequest(f"`{DROP}` is true or false", parameter=DROP)
    return said == "true"


async def read_body(receive: Receive) -> bytes:
    """All of it. Raises CallerGone."""
    pieces: list[bytes] = []
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


async def send_json(send: Send, body: bytes, headers: HeaderList) -> None:
    """A whole answer that went well."""
    own = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})
