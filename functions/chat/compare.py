"""The same messages to several targets at once, told as they come, each line with the index of its target, and a summary at the end.

What fails at one target is that target's line and nobody else's; so the status is 200 as soon as the question itself is right.
"""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

from functions.chat.door import Call, Door, Ended, Scope, answered, give, read_body, send_json, wants_dropping
from shared.chat.collect import Collector
from shared.chat.events import ChatEvent, MediaOutput, ReasoningDelta, RefusalDelta, TextDelta, ToolCallStart
from shared.chat.receipt import Done
from shared.dialects.caller import About, Wish
from shared.dialects.native import NDJSON
from shared.dialects.native.errors import describe
from shared.dialects.native.read import read_comparison
from shared.dialects.native.speak import Framing, Speaker, as_ndjson, as_sse, say_answer
from shared.errors import RealMultiLLMError
from shared.gateway.books.admit import Asked
from shared.gateway.stoppable import stoppable
from shared.gateway.targets.course import Course, plan
from shared.gateway.together import together
from shared.identity.caller import Caller
from shared.observability import logger
from shared.records.ids import mint_ulid
from shared.services import Services
from shared.web.authentication import authenticate
from shared.web.edge import deadline, request_id
from shared.web.errors import INTERNAL_MESSAGE
from shared.web.stream import CallerGone, Receive, Send, StreamShape, send_stream, while_listening
from shared.wire.json import write

_WORDS: Final = (TextDelta, ReasoningDelta, RefusalDelta, ToolCallStart, MediaOutput)
"""With the first of these an answer begins."""


@dataclass(slots=True)
class _Side:
    """One target, and how it did. Times are milliseconds since it was asked."""

    place: int
    id: str
    wish: Wish
    ends: float | None
    """When the platform ends the request."""
    began: float = field(default_factory=time.monotonic)
    first_token: int | None = None
    duration: int | None = None
    provider: str | None = None
    model: str | None = None
    done: Done | None = None
    error: RealMultiLLMError | None = None
    heard: Collector = field(default_factory=Collector)

    def hear(self, event: ChatEvent | Done) -> None:
        if isinstance(event, Done):
            self.done, self.duration = event, self._elapsed()
            return
        if self.first_token is None and isinstance(event, _WORDS):
            self.first_token = self._elapsed()

    def fail(self, error: RealMultiLLMError) -> None:
        self.error, self.duration = error, self._elapsed()

    @property
    def times(self) -> dict[str, Any]:
        return {"firstTokenMs": self.first_token, "durationMs": self.duration}

    @property
    def cost(self) -> Decimal | None:
        """None: nobody can tell. What failed before its first word costs nothing."""
        if self.done is not None:
            return self.done.receipt.cost.usd
        return Decimal(0) if self.first_token is None else None

    def _elapsed(self) -> int:
        return round((time.monotonic() - self.began) * 1000)


class Compare(Door):
    """The route: NDJSON, server-sent events by `Accept`, or whole with `stream: false`."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, "native")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        caller = await authenticate(self._services, scope)
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            body = await read_body(receive)
            wishes, stream = read_comparison(body)
            drop = wants_dropping(headers)
            now, ends = self._services.now(), deadline(scope)
            sides = [
                _Side(place, mint_ulid(now), replace(wish, chat=replace(wish.chat, drop=drop)), ends)
                for place, wish in enumerate(wishes)
            ]
            work = partial(self._grow if stream else self._whole, caller, sides, scope)
            call = Call(caller, scope, headers, body)
            await while_listening(receive, answered(self._services, call, send, work))
        except CallerGone:
            logger().info("caller left")

    async def _grow(self, caller: Caller, sides: Sequence[_Side], scope: Scope, send: Send, ended: Ended) -> None:
        accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
        events = b"text/event-stream" in accept
        frame = as_sse if events else as_ndjson
        kind = b"text/event-stream; charset=utf-8" if events else b"application/x-ndjson"
        about = About(request_id(scope), int(self._services.now()), "", "")
        lines = self._lines(caller, sides, frame, about.id)
        lines = stoppable(self._services, caller.owner, about.id, lines, token_id=caller.token_id)

        def fail(error: RealMultiLLMError) -> bytes:
            return frame({"type": "error", **describe(error, about.id)})

        keep_alive = b": keep-alive\n\n" if events else NDJSON.keep_alive
        await send_stream(send, _until_well(lines, sides, ended), StreamShape(kind, keep_alive), fail=fail)

    async def _lines(self, caller: Caller, sides: Sequence[_Side], frame: Framing, id_: str) -> AsyncGenerator[bytes]:
        asked = [self._said(caller, side, frame) for side in sides]
        async with aclosing(together(asked)) as pieces:
            async for _, line in pieces:
                yield line
        yield frame({"type": "summary", "id": id_, **_summary(sides)})

    async def _said(self, caller: Caller, side: _Side, frame: Framing) -> AsyncGenerator[bytes]:
        """What one target says, in lines; its failure is its last one."""
        speaker: Speaker | None = None
        async with aclosing(self._heard(caller, side)) as batches:
            async for batch in batches:
                about = About(side.id, int(self._services.now()), side.provider or "", side.model or "")
                speaker = speaker or Speaker(_placed(side, frame), about)
                yield b"".join([speaker.say(event) for event in batch])
        if side.error is not None:
            line = {"type": "error", "provider": side.provider, "model": side.model, **describe(side.error, side.id)}
            yield _placed(side, frame)(line)

    async def _heard(self, caller: Caller, side: _Side) -> AsyncGenerator[Sequence[ChatEvent | Done]]:
        """What one target says; what goes wrong is noted, not raised."""
        try:
            chat = side.wish.chat
            target = await plan(self._services, caller, wished=side.wish.provider, model=chat.model, speaking="native")
            side.provider, side.model = target.provider.id, target.model
            side.began = time.monotonic()
            asked = Asked.now(self._services, caller, side.id, "native", streamed=True)
            batches = give(self._services, asked, chat, Course((target,)), ends=side.ends, tell=lambda _left: None)
            async with aclosing(batches):
                async for batch in batches:
                    for event in batch:
                        side.hear(event)
                    yield batch
        except RealMultiLLMError as error:
            side.fail(error)
        except Exception:  # noqa: BLE001 - whatever broke, the other targets go on; it is logged with its traceback
            logger().exception("one target of a comparison failed")
            side.fail(RealMultiLLMError(INTERNAL_MESSAGE))

    async def _whole(self, caller: Caller, sides: Sequence[_Side], scope: Scope, send: Send, ended: Ended) -> None:
        id_, created = request_id(scope), int(self._services.now())
        heard = together([self._heard(caller, side) for side in sides])
        heard = stoppable(self._services, caller.owner, id_, heard, token_id=caller.token_id, poll=None)
        async with aclosing(heard):
            async for place, batch in heard:
                for event in batch:
                    if not isinstance(event, Done):
                        sides[place].heard.add(event)
        compared = [_whole_side(side, created) for side in sides]
        _end(sides, ended)
        summary = {"id": id_, "object": "chat.comparison", "created": created, "targets": compared}
        await send_json(send, write({**summary, "summary": _summary(sides)}), [])


async def _until_well(lines: AsyncGenerator[bytes], sides: Sequence[_Side], ended: Ended) -> AsyncGenerator[bytes]:
    async with aclosing(lines):
        async for line in lines:
            yield line
    _end(sides, ended)


def _end(sides: Sequence[_Side], ended: Ended) -> None:
    """Where every target failed, there is nothing that anybody would want again."""
    if any(side.done is not None for side in sides):
        ended()


def _placed(side: _Side, frame: Framing) -> Framing:
    """Every line says whose it is, and the last one how long it took."""

    def framed(line: Mapping[str, Any]) -> bytes:
        ended = side.times if line["type"] in {"done", "error"} else {}
        return frame({"type": line["type"], "target": side.place, **line, **ended})

    return framed


def _whole_side(side: _Side, created: int) -> dict[str, Any]:
    if side.done is not None:
        answer = say_answer(side.heard.answer(), side.done, id=side.id, created=created)
        return {"target": side.place, **answer, **side.times}
    error = side.error or RealMultiLLMError(INTERNAL_MESSAGE)
    named = {"id": side.id, "provider": side.provider, "model": side.model}
    return {"target": side.place, **named, **describe(error, side.id), **side.times}


def _summary(sides: Sequence[_Side]) -> dict[str, Any]:
    """`fastest` to its first word and `cheapest` are indices of targets; null where none of the answers tells."""
    well = [side for side in sides if side.done is not None]
    spoken = [(side.first_token, side.place) for side in well if side.first_token is not None]
    priced = [(side.cost, side.place) for side in well if side.cost is not None]
    costs = [side.cost for side in sides]
    known = [cost for cost in costs if cost is not None]
    return {
        "targets": len(sides),
        "succeeded": len(well),
        "failed": len(sides) - len(well),
        "fastest": min(spoken)[1] if spoken else None,
        "cheapest": min(priced)[1] if priced else None,
        "cost": f"{sum(known, Decimal(0)):f}" if len(known) == len(costs) else None,
        "durationMs": max((side.duration or 0) for side in sides),
    }
