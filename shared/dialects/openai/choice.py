"""One choice of an answer: its `message` when the answer is plain, its `delta`s when it streams. Both say the same in the same fields."""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.events import (
    Annotation,
    ChatEvent,
    Finish,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    TextDelta,
)
from shared.dialects.finish import finish_reason
from shared.dialects.lenient import text
from shared.dialects.openai.calls import Calls
from shared.dialects.openai.explain import failure_inside
from shared.wire.json import write

_READ_HERE: Final = frozenset({"index", "delta", "message", "finish_reason", "error", "usage", "text"})
_TEXTS: Final = (None, "text", "output_text")
"""Types of parts whose `text` is said to the user; another's may be a thought, or what a tool gave back."""
_READ_FIRST: Final = frozenset({"role", "name", "content", "reasoning_content", "reasoning"})
"""Fields that are looked up by name, or say nothing about the answer."""


class ChoiceReader:
    """Reads one choice. Fields it has no event for become Annotations under their own name."""

    __slots__ = ("_calls", "_index", "_told", "_word")

    def __init__(self, index: int) -> None:
        self._index = index
        self._calls = Calls(index)
        self._told: dict[str, str] = {}
        self._word: str | None = None

    @property
    def finished(self) -> bool:
        """It has said why it ends."""
        return self._word is not None

    def read_choice(self, choice: Mapping[str, Any], message: Any, events: list[ChatEvent], *, whole: bool) -> None:
        """Append what this piece of the choice says. Raises a ProviderError when it says that the choice failed. Trap 27."""
        if message.__class__ is dict:
            self._read_message(message, events, whole=whole)
        for name, value in choice.items():
            if value and name not in _READ_HERE:
                self._annotate(name, value, events)
        reason = choice.get("finish_reason")
        if reason == "error" or choice.get("error"):
            raise failure_inside(choice.get("error"))
        if reason and self._word is None:  # the first one holds
            self._word = reason if isinstance(reason, str) else str(reason)

    def end(self, events: list[ChatEvent]) -> None:
        """The answer is complete. Only now the reason is sure, for calls may come after the word."""
        self._calls.end(events)
        reason = finish_reason(self._word)
        if reason == "stop" and self._calls:  # Trap 40
            reason = "tool_calls"
        events.append(Finish(reason, self._word, self._index))

    def _read_message(self, message: Mapping[str, Any], events: list[ChatEvent], *, whole: bool) -> None:
        content = message.get("content")
        thinking = _thinking(message)
        if thinking and not _thinks_in_parts(content):
            events.append(ReasoningDelta(thinking, self._index))
        if whole:
            self._read_details(message.get("reasoning_details"), events)
        if content.__class__ is str:
            if content:
                events.append(TextDelta(content, self._index))
        elif content:
            self._read_content(content, events)
        for name, value in message.items():
            if value and name not in _READ_FIRST:
                self._read_field(name, value, events, whole=whole)

    def _read_field(self, name: str, value: Any, events: list[ChatEvent], *, whole: bool) -> None:
        match name, value:
            case "tool_calls", list():
                for piece in value:
                    self._calls.add(piece, events, whole=whole)
            case "function_call", dict():
                self._calls.add_legacy(value, events)
            case "refusal", str():
                events.append(RefusalDelta(value, self._index))
            case "reasoning_details", list():
                if not whole:
                    self._read_details(value, events)
            case "images", list():
                for part in value:
                    self._read_part(part, events)
            case _:
                self._annotate(name, value, events)

    def _read_content(self, content: Any, events: list[ChatEvent]) -> None:
        """Parts (Mistral), or a JSON object that some give in JSON mode instead of its text."""
        if isinstance(content, list):
            for part in content:
                self._read_part(part, events)
        else:
            events.append(TextDelta(write(content).decode(), self._index))

    def _read_part(self, part: Any, events: list[ChatEvent]) -> None:
        match part:
            case str():
                events.append(TextDelta(part, self._index))
            case {"type": "thinking", "thinking": thinking}:
                if text := _text_of(thinking):
                    events.append(ReasoningDelta(text, self._index))
                if isinstance(signature := part.get("signature"), str) and signature:
                    events.append(ReasoningSignature(signature, choice=self._index))
            case {"text": str(text)} if part.get("type") in _TEXTS:
                if text:
                    events.append(TextDelta(text, self._index))
            case {"type": "refusal", "refusal": str(text)}:
                events.append(RefusalDelta(text, self._index))
            case {"image_url": {"url": str(url)}} if url.startswith("data:") and ";base64," in url:
                media_type, _, data = url.removeprefix("data:").partition(";base64,")
                events.append(MediaOutput(media_type, data, self._index))
            case {"type": str(kind)}:
                events.append(Annotation(kind, part, self._index))

    def _read_details(self, details: Any, events: list[ChatEvent]) -> None:
        """What must go back byte-exact: https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning (2026-11).

        The visible text is also in `reasoning`. An encrypted detail is kept whole, as JSON text, for its id belongs to its data.
        """
        for detail in details if isinstance(details, list) else ():
            match detail:
                case {"type": "reasoning.encrypted"}:
                    events.append(ReasoningSignature(redacted=write(detail).decode(), choice=self._index))
                case {"signature": str(signature)} if signature:
                    events.append(ReasoningSignature(signature, choice=self._index))

    def _annotate(self, name: str, value: Any, events: list[ChatEvent]) -> None:
        """A word that stands in every chunk (`channel`, `stop_reason`) is told once, until it changes."""
        if value.__class__ is str:
            if self._told.get(name) == value:
                return
            self._told[name] = value
        events.append(Annotation(name, value, self._index))


def _thinking(message: Mapping[str, Any]) -> str:
    """Visible thinking: `reasoning_content` (DeepSeek, vLLM) or `reasoning` (OpenRouter, Groq); some say it in both."""
    for name in ("reasoning_content", "reasoning"):
        match message.get(name):
            case None | "":
                continue
            case str(text) | {"content": str(text)}:
                return text
    return ""


def _thinks_in_parts(content: Any) -> bool:
    return isinstance(content, list) and any(
        isinstance(part, dict) and part.get("type") == "thinking" and _text_of(part.get("thinking")) for part in content
    )


def _text_of(thinking: Any) -> str:
    """Mistral's thinking is a list of text parts, or a string: https://docs.mistral.ai/capabilities/reasoning (2026-11)."""
    if isinstance(thinking, str):
        return thinking
    parts = thinking if isinstance(thinking, list) else []
    return "".join([text(part.get("text") if isinstance(part, dict) else part) for part in parts])
