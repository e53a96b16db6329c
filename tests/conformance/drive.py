"""Asks the gateway for every exchange, as a program would: an account for each of the askers, a key stored, a chat asked, heard and compared."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.conformance.compare import differences
from tests.conformance.corpus import Exchange
from tests.conformance.heard import Heard, Malformed, hear_answer, hear_failure, hear_stream, lines_of
from tests.conformance.native import NotUnderstood, hello, native_request, without
from tests.conformance.oddities import Oddity, find_oddity

type Json = dict[str, Any]

SAMPLE = 5
"""One stream in so many is also asked for as server-sent events."""
MOST_LEFT_OUT = 8
_REFUSALS = frozenset({"unsupported_parameter", "invalid_request"})
"""Our own; what a provider refuses has another code."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to ask: how the provider's bytes are cut, and how our own stream is framed."""

    chunking: str | None
    sse: bool = False

    def __str__(self) -> str:
        return f"{self.chunking or 'whole'}{' as SSE' if self.sse else ''}"

    def key(self, exchange: Exchange) -> str:
        """The provider key that names the recording."""
        return f"replay:id={exchange.id}" + (f";chunking={self.chunking}" if self.chunking else "")


@dataclass(slots=True)
class Outcome:
    """What came of one exchange."""

    exchange: Exchange
    difference: str | None = None
    oddity: Oddity | None = None
    """The documented reason for all that differs."""
    left_out: list[str] = field(default_factory=list)
    sent: Mapping[str, Any] | None = None
    """The body that the gateway sent upstream."""

    @property
    def as_expected(self) -> bool:
        """No difference, or none without a documented reason."""
        return self.difference is None or self.oddity is not None

    def tell(self, difference: str, oddity: Oddity | None = None) -> None:
        """Keep it if it is the first, or the first without a documented reason."""
        if self.difference is None or (self.oddity and oddity is None):
            self.difference, self.oddity = difference, oddity


def forms(exchange: Exchange, at: int) -> list[Form]:
    """In which ways the exchange is asked for; `at` is its place in the corpus."""
    if not exchange.is_stream:
        return [Form(None), Form("bytes:1")]
    asked = [Form("as-events"), Form("bytes:1"), Form("random:7")]
    return [*asked, Form("as-events", sse=True)] if at % SAMPLE == 0 else asked


async def store_key(client: httpx.AsyncClient, exchange: Exchange, form: Form, replay: str) -> str | None:
    """Store the key that names the recording; why that could not be, if it could not."""
    way = exchange.way
    body: Json = {"provider": way.provider, "apiKey": form.key(exchange), "test": False}
    if way.is_custom:
        body["baseUrl"] = replay + way.path
    try:
        answer = await client.post("/api/provider-configs", json=body)
    except httpx.HTTPError as error:
        return f"config: {type(error).__name__}: {error}"
    return f"config: {answer.status_code} {answer.text[:200]}" if answer.is_error else None


class Asker:
    """One account of the gateway. `chats`: where it chats, if that is not where it stores its keys."""

    def __init__(self, client: httpx.AsyncClient, replay: str, chats: httpx.AsyncClient | None = None) -> None:
        self._client = client
        self._chats = chats or client
        self._replay = replay

    async def ask(self, exchange: Exchange, at: int) -> Outcome:
        """The exchange in all its forms; the first that differs is told, one with a documented reason only if there is no other."""
        outcome = Outcome(exchange)
        request = _request(exchange, outcome)
        for form in forms(exchange, at):
            request, heard = await self._without_what_is_refused(exchange, request, form, outcome)
            found = [heard] if isinstance(heard, str) else list(differences(exchange.expected, heard))
            for difference in found:
                outcome.tell(f"[{form}] {difference}", find_oddity(exchange, difference))
            if not outcome.as_expected:
                break
        outcome.sent = await self._sent(forms(exchange, at)[0].key(exchange))
        return outcome

    async def _without_what_is_refused(
        self, exchange: Exchange, request: Json, form: Form, outcome: Outcome
    ) -> tuple[Json, Heard | str]:
        """Some recorded requests ask for what their provider took and forgot. Ours refuses that by name, so a caller leaves it out."""
        stored = await store_key(self._client, exchange, form, self._replay)
        if stored is not None:
            return request, stored
        heard = await self._hear(exchange, request, form)
        for _ in range(MOST_LEFT_OUT):
            refused = _refused(heard)
            if refused is None or request == hello(exchange.model):
                break
            shorter = without(request, refused)
            outcome.left_out.append(refused if shorter else f"a whole request ({refused})")
            request = shorter or hello(exchange.model)
            heard = await self._hear(exchange, request, form)
        return request, heard

    async def _hear(self, exchange: Exchange, request: Json, form: Form) -> Heard | str:
        """What was heard, or why it could not be."""
        body = {"provider": exchange.way.provider, **request}
        accept = "text/event-stream" if form.sse else "application/x-ndjson"
        path = "/api/llm/stream" if exchange.is_stream else "/api/llm/chat"
        try:
            answer = await self._chats.post(path, json=body, headers={"accept": accept})
            if answer.status_code >= 400:
                return hear_failure(answer.status_code, answer.content)
            if not exchange.is_stream:
                return hear_answer(answer.content)
            return hear_stream(lines_of(answer.content.decode(), sse=form.sse))
        except (httpx.HTTPError, Malformed, ValueError, KeyError) as error:
            return f"answer: {type(error).__name__}: {error}"

    async def _sent(self, key: str) -> Mapping[str, Any] | None:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{self._replay}/_requests", params={"key": key, "last": 1})
        requests = answer.json()["requests"]
        return requests[-1]["json"] if requests else None


def _request(exchange: Exchange, outcome: Outcome) -> Json:
    """What to ask. A failure does not depend on it; a request that is not understood counts for its answer alone, and is told."""
    if exchange.failed:
        return hello(exchange.model)
    try:
        return native_request(exchange.api, exchange.request, exchange.model)
    except NotUnderstood as error:
        outcome.left_out.append(f"a whole request ({error})")
        return hello(exchange.model)


def _refused(heard: Heard | str) -> str | None:
    """The parameter that the gateway itself refused, before any provider was asked."""
    if isinstance(heard, str) or heard.error is None or heard.error["code"] not in _REFUSALS:
        return None
    parameter: str | None = heard.error["details"].get("parameter")
    return parameter


async def ask_all(exchanges: list[Exchange], askers: list[Asker]) -> list[Outcome]:
    """Every exchange once, as many at a time as there are askers; in the order of the corpus."""
    waiting = iter(enumerate(exchanges))
    outcomes: dict[int, Outcome] = {}

    async def work(asker: Asker) -> None:
        for at, exchange in waiting:
            outcomes[at] = await asker.ask(exchange, at)

    async with asyncio.TaskGroup() as group:
        for asker in askers:
            group.create_task(work(asker))
    return [outcomes[at] for at in range(len(exchanges))]
