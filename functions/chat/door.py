"""What every chat route does: see who calls and what they wish, find whom to ask, and speak the answer in the caller's dialect while they listen."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from shared.chat.collect import Answer, Collector
from shared.chat.events import Answered, ChatEvent
from shared.chat.receipt import Cost, Done, in_dollars
from shared.chat.request import ChatRequest
from shared.dialects.caller import About, CallerDialect, Speaker, Wish, load_caller, own_name
from shared.dialects.native import NDJSON, SSE
from shared.dialects.native.read import read_request
from shared.errors import InvalidRequest, ProviderFailed, RealMultiLLMError
from shared.gateway.books.admit import Asked
from shared.gateway.books.admitted import admitted
from shared.gateway.books.progress import Progress
from shared.gateway.converse import converse
from shared.gateway.stoppable import POLL, stoppable
from shared.gateway.targets.course import FALLBACK, Course, chart, read_fallbacks
from shared.gateway.targets.target import Target
from shared.identity.caller import Caller
from shared.observability import logger
from shared.services import Services
from shared.web.authentication import authenticate
from shared.web.edge import deadline, request_id
from shared.web.errors import HeaderList, header_list
from shared.web.idempotency import IDEMPOTENCY_KEY
from shared.web.stream import CallerGone, Message, Receive, Send, StreamShape, send_stream, while_listening

if TYPE_CHECKING:
    from shared.gateway.conversations.talk import Talk

type Scope = dict[str, Any]
type Batches = AsyncGenerator[Sequence[ChatEvent | Done]]
type Ended = Callable[[], None]
"""Called when all of a good answer was said but its last message."""
type Give = Callable[[Send, Ended], Coroutine[Any, Any, None]]

DROP = "x-realmultillm-drop-params"
COST: Final = "x-realmultillm-cost"
_THEIR_IDS: Final = ("x-request-id", "request-id", "x-amzn-requestid", "apim-request-id")
"""How providers name a request."""


class Door:
    """A route in one caller's dialect."""

    def __init__(self, services: Services, dialect: str) -> None:
        self._services = services
        self._name = dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        caller = await authenticate(self._services, scope)
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            body = await read_body(receive)
            wish = with_headers(self.read(body, headers, scope), headers)
            give = partial(self._answer, caller, wish, scope)
            call = Call(caller, scope, headers, body)
            await while_listening(receive, answered(self._services, call, send, give))
        except CallerGone:
            logger().info("caller left")

    def dialect(self, scope: Scope) -> CallerDialect:  # noqa: ARG002 - some routes answer as the request's head says
        """In whose words to answer."""
        return load_caller(self._name)

    def read(self, body: bytes, headers: Mapping[str, str], scope: Scope) -> Wish:
        """The wish. Raises InvalidRequest."""
        return self.dialect(scope).read(body, headers)

    async def _answer(self, caller: Caller, wish: Wish, scope: Scope, send: Send, ended: Ended) -> None:
        course = await chart(self._services, caller, wish, speaking=self._name)
        talk, now = await self._talk(caller, wish, course, scope), int(self._services.now())
        chat = talk.chat if talk else wish.chat
        head = Head(self.dialect(scope), course.targets, request_id(scope), talk.conversation.id if talk else None)
        asked = Asked.now(self._services, caller, request_id(scope), self._name, streamed=chat.stream)
        batches = give(self._services, asked, chat, course, ends=deadline(scope), tell=head.allow)
        if talk:
            batches = talk.kept(batches)
        if chat.stream:
            await _send_growing(send, batches, Growing(chat, head, now), head, ended)
        else:
            await _send_whole(send, batches, chat, now, head, ended=ended)

    async def _talk(self, caller: Caller, wish: Wish, course: Course, scope: Scope) -> "Talk | None":
        """The conversation that the chat belongs to, if any."""
        if wish.keeping is None:
            return None
        from shared.gateway.conversations.talk import open_talk  # noqa: PLC0415 - most chats belong to none

        id_ = request_id(scope)
        return await open_talk(self._services, caller, wish.keeping, wish.chat, course.targets, request_id=id_)


def give(
    services: Services,
    asked: Asked,
    chat: ChatRequest,
    course: Course,
    *,
    ends: float | None,
    tell: Callable[[Mapping[str, str]], None],
) -> Batches:
    """One answer, let in and settled, which its owner stops by its id. Of a plain one nobody else knows the id before it is over.

    `tell` hears what is left of the limits.
    """

    def carry(course: Course, progress: Progress) -> Batches:
        batches = converse(services, chat, course, ends=ends, progress=progress)
        by = asked.token.id if asked.token else None
        poll = POLL if chat.stream else None
        return stoppable(services, asked.owner, asked.request_id, batches, token_id=by, poll=poll)

    return admitted(services, asked, chat, course, carry, tell=tell, ends=ends)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came. `headers` are those of the scope, each once and in lower case."""

    caller: Caller
    scope: Scope
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


async def answered(services: Services, call: Call, send: Send, give: Give) -> None:
    """Give the answer; once, where its caller sent an idempotency key."""
    if IDEMPOTENCY_KEY not in call.headers:
        await give(send, lambda: None)
        return
    from functions.chat.once import once  # noqa: PLC0415 - most requests have no such key

    await once(services, call, send, give)


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
    """The head of an answer: how its stream looks, and what is known of it once a provider has answered."""

    def __init__(
        self, dialect: CallerDialect, targets: Sequence[Target], request_id: str, conversation: str | None = None
    ) -> None:
        self.dialect = dialect
        self._request_id = request_id
        self._targets = targets
        self._conversation = conversation
        self._answered = Answered(attempts=0)
        self._allowed: Mapping[str, str] = {}
        self.heard = False

    def allow(self, headers: Mapping[str, str]) -> None:
        """What is left of the limits over this request."""
        self._allowed = headers

    def hear(self, event: Answered) -> None:
        """A provider has answered."""
        self._answered = event
        self.heard = True

    def about(self, created: int) -> About:
        """What the answer is about; before anybody has answered, who was to answer first."""
        answered, first, conversation = self._answered, self._targets[0], self._conversation
        if not answered.provider:
            named, kin, signer = (first.provider.id, first.model), False, first.maker
        else:
            named, kin, signer = (answered.provider, answered.model), answered.kin, answered.signer
        return About(self._request_id, created, *named, kin, signer, conversation)

    def headers(self) -> HeaderList:
        """Who answers, after how many questions to whom, and how the provider names the request."""
        answered, ours = self._answered, self._who()
        if answered.attempts:
            ours["x-realmultillm-attempts"] = str(answered.attempts)
        if answered.tried:
            ours["x-realmultillm-tried"] = ", ".join(answered.tried)
        if answered.dropped:
            ours["x-realmultillm-dropped"] = ", ".join(own_name(name, self.dialect.names) for name in answered.dropped)
        theirs = next((answered.headers[name] for name in _THEIR_IDS if name in answered.headers), None)
        if theirs or self.dialect.name != NDJSON.name:
            ours[self.dialect.request_id_header.decode()] = theirs or self._request_id
        return header_list({**answered.headers, **ours, **self._allowed})

    def _who(self) -> dict[str, str]:
        """Nobody while several may: a stream's head can go out before one of them has answered."""
        answered, (first, *others) = self._answered, self._targets
        if answered.provider:
            return {"x-realmultillm-provider": answered.provider, "x-realmultillm-model": answered.model}
        if others:
            return {}
        return {"x-realmultillm-provider": first.provider.id, "x-realmultillm-model": first.model}

    def shape(self) -> StreamShape:
        """Of the stream."""
        lines = self.dialect is NDJSON
        kind = b"application/x-ndjson" if lines else b"text/event-stream; charset=utf-8"
        return StreamShape(kind, self.dialect.keep_alive, self.headers)


class Growing:
    """An answer as it grows, in its caller's dialect: spoken from the moment on in which it is known who answers."""

    def __init__(self, chat: ChatRequest, head: Head, created: int) -> None:
        self._chat = chat
        self._head = head
        self._created = created
        self._speaker: Speaker | None = None

    def say(self, event: ChatEvent | Done) -> bytes:
        """Its bytes."""
        if isinstance(event, Answered):
            self._head.hear(event)
        return self._speaking().say(event)

    def fail(self, error: RealMultiLLMError) -> bytes:
        """The one last thing of a stream that broke off."""
        return self._speaking().fail(error)

    def _speaking(self) -> Speaker:
        if self._speaker is None:
            self._speaker = self._head.dialect.speaker(self._chat, self._head.about(self._created))
        return self._speaker


async def _send_growing(send: Send, batches: Batches, growing: Growing, head: Head, ended: Ended) -> None:
    await send_stream(send, _spoken(batches, growing, ended), head.shape(), fail=growing.fail)


async def _spoken(batches: Batches, growing: Growing, ended: Ended) -> AsyncGenerator[bytes]:
    """What came at once is said at once. What does not end well raises."""
    async with aclosing(batches):
        async for batch in batches:
            yield b"".join([growing.say(event) for event in batch])
    ended()


async def _send_whole(
    send: Send, batches: Batches, chat: ChatRequest, created: int, head: Head, *, ended: Ended
) -> None:
    answer, done = await _collected(batches, head)
    body = head.dialect.answer(answer, done, chat, head.about(created))
    ended()
    await send_json(send, body, [*head.headers(), *cost_header(done.receipt.cost)])


def cost_header(cost: Cost) -> HeaderList:
    """US dollars, exact; `unknown` where nobody can tell, and why."""
    if cost.usd is not None:
        return header_list({COST: in_dollars(cost.usd)})
    return header_list({COST: "unknown", f"{COST}-reason": cost.reason or "nobody told"})


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


def with_headers(wish: Wish, headers: Mapping[str, str]) -> Wish:
    """The wish with what its head says, in every API.

    Raises:
        InvalidRequest: a header of ours is none that we take, or says what the body says too.
    """
    if wants_dropping(headers):
        wish = replace(wish, chat=replace(wish.chat, drop=True))
    if FALLBACK not in headers:
        return wish
    if wish.fallback:
        raise InvalidRequest(f"`fallback` and `{FALLBACK}` say the same; send one of them", parameter="fallback")
    return replace(wish, fallback=read_fallbacks(headers[FALLBACK]))


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
