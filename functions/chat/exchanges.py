"""What of /v1 is no chat: embeddings, pictures, judgements, counts of tokens. Asked once, answered whole."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route

from functions.chat.door import (
    Call,
    Door,
    Ended,
    Head,
    Scope,
    answered,
    cost_header,
    read_body,
    send_json,
    wants_dropping,
)
from functions.chat.models import Models, OneModel
from shared.chat.events import Answered
from shared.dialects.caller import Wish, load_caller
from shared.dialects.exchanges import Ask, Kind, Reply, embeddings, images, moderations
from shared.gateway.books.admit import Asked
from shared.gateway.books.admitted_count import API, admitted_count
from shared.gateway.books.admitted_exchange import admitted_exchange
from shared.gateway.books.count import count
from shared.gateway.books.estimate import need_of_question
from shared.gateway.books.progress import Progress
from shared.gateway.deadline import before
from shared.gateway.exchange import choose, exchange
from shared.gateway.targets.course import chart
from shared.identity.caller import Caller
from shared.observability import logger
from shared.services import Services
from shared.web.authentication import authenticate
from shared.web.edge import deadline, request_id
from shared.web.stream import CallerGone, Receive, Send, while_listening
from shared.wire.json import write

_READ: Final[Mapping[Kind, Callable[[bytes, int], Ask]]] = {
    "embeddings": embeddings.read_ask,
    "images": images.read_ask,
    "moderations": moderations.read_ask,
}


class _ModelName(Convertor[str]):
    """Slashes are part of it, but none at its ends: no path is nearly right."""

    regex = "[^/](?:.*[^/])?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("model", _ModelName())


def routes(services: Services) -> list[BaseRoute]:
    """They, and the lists of models."""
    return [
        Route("/v1/embeddings", Exchange(services, "embeddings"), methods=["POST"]),
        Route("/v1/images/generations", Exchange(services, "images"), methods=["POST"]),
        Route("/v1/moderations", Exchange(services, "moderations"), methods=["POST"]),
        Route("/v1/messages/count_tokens", CountTokens(services, "anthropic"), methods=["POST"]),
        Route("/v1/responses/input_tokens", CountInput(services, "responses"), methods=["POST"]),
        Route("/v1/models", Models(services), methods=["GET"]),
        Route("/v1/models/{id:model}", OneModel(services), methods=["GET"]),
    ]


class Exchange:
    """A route for one kind of question, in OpenAI's form."""

    def __init__(self, services: Services, kind: Kind) -> None:
        self._services = services
        self._kind = kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        caller = await authenticate(self._services, scope)
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            body = await read_body(receive)
            question = _READ[self._kind](body, int(self._services.now()))
            give = partial(self._answer, caller, replace(question, drop=wants_dropping(headers)), scope)
            call = Call(caller, scope, headers, body)
            await while_listening(receive, answered(self._services, call, send, give))
        except CallerGone:
            logger().info("caller left")

    async def _answer(self, caller: Caller, question: Ask, scope: Scope, send: Send, ended: Ended) -> None:
        chosen = await choose(self._services, caller, self._kind, question.model)
        head = Head(load_caller("openai"), [chosen.target], request_id(scope))
        ends = deadline(scope)

        async def carry(progress: Progress) -> tuple[Reply, Answered]:
            async with before(ends):
                return await exchange(self._services, question, self._kind, chosen, progress)

        asked = Asked.now(self._services, caller, request_id(scope), self._kind, streamed=False)
        need = need_of_question(self._kind, question.body, free=chosen.offer.free)
        paid = await admitted_exchange(self._services, asked, chosen.target, need, carry, tell=head.allow, ends=ends)
        head.hear(paid.answered)
        ended()
        known = [(name, value) for name, value in head.headers() if value]
        await send_json(send, paid.reply.body, [*known, *cost_header(paid.cost)])


class CountTokens(Door):
    """How many tokens a message would take."""

    def read(self, body: bytes, headers: Mapping[str, str], scope: Scope) -> Wish:  # noqa: ARG002 - it says nothing here
        """The message."""
        from shared.dialects.anthropic.caller import read_count  # noqa: PLC0415 - loaded when it is first spoken

        return read_count(body, headers)

    async def _answer(self, caller: Caller, wish: Wish, scope: Scope, send: Send, ended: Ended) -> None:
        course = await chart(self._services, caller, wish, speaking=self._name)
        target = course.targets[0]
        head, ends = Head(self.dialect(scope), [target], request_id(scope)), deadline(scope)

        async def asking() -> tuple[Mapping[str, Any], Answered]:
            async with before(ends):
                return await count(self._services, wish.chat, target)

        asked = Asked.now(self._services, caller, request_id(scope), API, streamed=False)
        counted, told = await admitted_count(self._services, asked, target, asking, tell=head.allow, ends=ends)
        head.hear(told)
        ended()
        await send_json(send, write(self.said(counted)), head.headers())

    def said(self, counted: Mapping[str, Any]) -> Mapping[str, Any]:
        """As Anthropic says it."""
        return counted


class CountInput(CountTokens):
    """The same for a response: https://platform.openai.com/docs/api-reference/responses/input-tokens (2026-11)."""

    def read(self, body: bytes, headers: Mapping[str, str], scope: Scope) -> Wish:
        """The response that would be asked for."""
        return Door.read(self, body, headers, scope)

    def said(self, counted: Mapping[str, Any]) -> Mapping[str, Any]:
        """As OpenAI says it."""
        return {"object": "response.input_tokens", **counted}
