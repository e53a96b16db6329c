"""Our answers in our own API's words: whole, as NDJSON lines, or as server-sent events."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from shared.chat.collect import Answer, Choice
from shared.chat.events import (
    Annotation,
    Answered,
    ChatEvent,
    Finish,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
    Verbatim,
)
from shared.chat.receipt import Cost, Done, Receipt, in_dollars
from shared.chat.request import ToolCall
from shared.dialects.caller import About
from shared.dialects.native.errors import describe
from shared.errors import RealMultiLLMError
from shared.wire.json import write

type Framing = Callable[[Mapping[str, Any]], bytes]


def as_ndjson(line: Mapping[str, Any]) -> bytes:
    """One JSON object a line."""
    return write(line) + b"\n"


def as_sse(line: Mapping[str, Any]) -> bytes:
    """The same object as a server-sent event."""
    return b"data: " + write(line) + b"\n\n"


NDJSON_KEEP_ALIVE = b"\n"
"""An empty line, which NDJSON readers pass over."""
SSE_KEEP_ALIVE = b": keep-alive\n\n"
"""A bare comment. Trap 14: no `id:`- or `retry:`-only event, which crash SDK parsers."""


class Speaker:
    """Turns the events of one chat into lines."""

    __slots__ = ("_about", "_frame", "_model", "_started")

    def __init__(self, frame: Framing, about: About) -> None:
        self._frame = frame
        self._about = about
        self._model = about.model
        self._started = False

    def say(self, event: ChatEvent | Done) -> bytes:
        """The bytes for one event; the first ones say `start` before it. Usage and finish are told by `done`, once."""
        match event:
            case TextDelta():
                line: dict[str, Any] = {"type": "chunk", "content": event.text}
            case Done():
                line = _done(event)
            case Start():
                self._model = event.model or self._model
                return b""
            case Usage() | Finish() | Answered() | Verbatim():
                return b""
            case _:
                line = _other(event)
        if not isinstance(event, Done) and event.choice:
            line["choice"] = event.choice
        return self._begin() + self._frame(line)

    def fail(self, error: RealMultiLLMError) -> bytes:
        """The one last line of a stream that broke."""
        return self._begin() + self._frame({"type": "error", **describe(error, self._about.id)})

    def _begin(self) -> bytes:
        if self._started:
            return b""
        self._started = True
        about = self._about
        start = {"type": "start", "id": about.id, "provider": about.provider, "model": self._model}
        return self._frame({**start, **_given(conversationId=about.conversation)})


def _other(event: ChatEvent) -> dict[str, Any]:
    match event:
        case ReasoningDelta():
            return {"type": "reasoning", "content": event.text}
        case ReasoningSignature():
            return {"type": "reasoning", "content": "", **_given(signature=event.signature, redacted=event.redacted)}
        case RefusalDelta():
            return {"type": "refusal", "content": event.text}
        case ToolCallStart():
            call = {"type": "tool_call", "index": event.index, "id": event.id or "", "name": event.name}
            return {**call, "arguments": "", **_given(signature=event.signature)}
        case ToolCallDelta():
            return {"type": "tool_call", "index": event.index, "arguments": event.arguments}
        case MediaOutput():
            return {"type": "media", "mediaType": event.media_type, "data": event.data}
        case Annotation():
            return {"type": "annotation", "name": event.name, "value": event.value}
    raise TypeError(f"{type(event).__name__} is told by `done`")


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _done(done: Done) -> dict[str, Any]:
    first, reason, raw = done.finishes[0]
    line = {"type": "done", "finishReason": reason, "finishReasonRaw": raw, **_totals(done)}
    if first or len(done.finishes) > 1:
        line["choices"] = [
            {"index": index, "finishReason": reason, "finishReasonRaw": raw} for index, reason, raw in done.finishes
        ]
    return line


def speak_answer(answer: Answer, done: Done, *, id: str, created: int) -> bytes:  # noqa: A002 - the field's name in the API
    """A whole answer, as JSON."""
    return write(say_answer(answer, done, id=id, created=created))


def say_answer(answer: Answer, done: Done, *, id: str, created: int) -> dict[str, Any]:  # noqa: A002 - the field's name in the API
    """A whole answer. `choices` has OpenAI's form to the letter, so that code which reads theirs reads ours."""
    reasons = {index: (reason, raw) for index, reason, raw in done.finishes}
    return {
        "id": id,
        "object": "chat.completion",
        "created": created,
        "model": answer.model or done.receipt.model,
        "provider": done.receipt.provider,
        "choices": [_choice(choice, *reasons.get(choice.index, ("other", None))) for choice in answer.choices],
        **_totals(done),
    }


def _choice(choice: Choice, reason: str, raw: str | None) -> dict[str, Any]:
    return {
        "index": choice.index,
        "message": say_message(choice),
        "finish_reason": reason,
        "finish_reason_raw": raw,
    }


def say_message(choice: Choice) -> dict[str, Any]:
    """The message of an answer, which can be appended to the next request as it is."""
    message: dict[str, Any] = {"role": "assistant", "content": choice.text or (None if choice.tool_calls else "")}
    if choice.reasoning_blocks:
        message["reasoning"] = choice.reasoning
        message["reasoning_details"] = [
            {"text": block.text, **_given(signature=block.signature, redacted=block.redacted)}
            for block in choice.reasoning_blocks
        ]
    if choice.refusal:
        message["refusal"] = choice.refusal
    if choice.tool_calls:
        message["tool_calls"] = [_call(call) for call in choice.tool_calls]
    if choice.media:
        message["media"] = [{"mediaType": made.media_type, "data": made.data} for made in choice.media]
    if choice.annotations:
        message["annotations"] = [{"name": note.name, "value": note.value} for note in choice.annotations]
    return message


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function, **_given(signature=call.signature)}


def _totals(done: Done) -> dict[str, Any]:
    cost = done.receipt.cost
    totals = {"usage": _usage(done.usage), "cost": _money(cost.usd), "receipt": _receipt(done.receipt)}
    kept = done.conversation
    if kept is not None:
        totals["conversation"] = {"id": kept.id, "kept": kept.kept, "leftOut": kept.left_out}
    return totals


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "totalTokens": usage.total,
        "cachedTokens": usage.cached,
        "cacheWriteTokens": usage.cache_write,
        "reasoningTokens": usage.reasoning,
        "estimated": usage.estimated,
    }


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else in_dollars(amount)


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "key": receipt.key,
        "fingerprint": receipt.fingerprint,
        "provider": receipt.provider,
        "model": receipt.model,
        "attempts": [
            {
                "provider": tried.provider,
                "model": tried.model,
                "outcome": tried.outcome,
                "latencyMs": tried.milliseconds,
                **({} if tried.asked else {"asked": False}),
            }
            for tried in receipt.attempts
        ],
        "price": _price(receipt.cost),
        **({"dropped": list(receipt.dropped)} if receipt.dropped else {}),
    }


def _price(cost: Cost) -> dict[str, Any]:
    return {"source": cost.source, "version": cost.version, **_given(reason=cost.reason)}
