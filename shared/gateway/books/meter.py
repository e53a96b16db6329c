"""Hears an answer go by, and knows at its end what was used."""

from collections.abc import Callable
from dataclasses import replace

from shared.chat.events import (
    Annotation,
    ChatEvent,
    Finish,
    FinishReason,
    ReasoningDelta,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from shared.chat.request import ChatRequest, Media, Reasoning, Refusal, Text, ToolCall, ToolResult
from shared.gateway.books.credible import Ceiling
from shared.providers.fees import is_fee

CHARACTERS_A_TOKEN = 4
"""The rule of thumb of https://help.openai.com/en/articles/4936856 for estimates, which are always flagged as such."""


class Meter:
    """Listens to one chat. The last usage holds (trap 20), the first finish of each choice does.

    `ceiling` is asked at the end, once something was reported; without one every report is believed.
    """

    __slots__ = ("_ceiling", "_finishes", "_request", "_said", "_usage", "fees", "id", "model", "service_tier")

    def __init__(self, request: ChatRequest, ceiling: Callable[[], Ceiling] | None = None) -> None:
        self._request = request
        self._ceiling = ceiling
        self._said = 0
        self._usage: Usage | None = None
        self._finishes: dict[int, tuple[FinishReason, str | None]] = {}
        self.model: str | None = None
        """The provider's own name of the model that answered."""
        self.id: str | None = None
        """And of its answer."""
        self.service_tier: str | None = None
        self.fees = False
        """Tools of the provider's were used that are paid by their use."""

    def hear(self, event: ChatEvent) -> None:
        """Take note of one event."""
        match event:
            case TextDelta() | ReasoningDelta() | RefusalDelta():
                self._said += len(event.text)
            case ToolCallDelta():
                self._said += len(event.arguments)
            case Usage():
                self._usage = event
            case Finish():
                self._finishes.setdefault(event.choice, (event.reason, event.raw))
            case Start():
                self.model, self.id = event.model or self.model, event.id or self.id
            case Annotation(name="service_tier", value=str(tier)):
                self.service_tier = tier
            case Annotation():
                self.fees = self.fees or is_fee(event.name, event.value)
            case _:
                pass

    @property
    def has_finished(self) -> bool:
        """A choice has told why it ended."""
        return bool(self._finishes)

    def finishes(self) -> tuple[tuple[int, FinishReason, str | None], ...]:
        """Why each choice ended; a whole answer whose provider gave no reason (trap 46) has `other`."""
        return tuple((choice, *self._finishes[choice]) for choice in sorted(self._finishes)) or ((0, "other", None),)

    def usage(self) -> Usage:
        """As the provider reported it; an estimate, flagged, where it did not (trap 22) or nobody can believe it. Zero is a value."""
        if self._usage is None or self.doubted() is not None:
            return estimate(self._request, self._said)
        return self._usage

    def doubted(self) -> Usage | None:
        """What was reported and cannot be. Whose own tools read what we do not see is believed."""
        if self._usage is None or self._ceiling is None:
            return None
        ceiling = self._ceiling()
        return None if (replace(ceiling, input=None) if self.fees else ceiling).holds(self._usage) else self._usage


def estimate(request: ChatRequest, said: int) -> Usage:
    """A guess from the length of what was asked and `said` characters that were answered."""
    asked = sum(_length(part) for message in request.messages for part in message.parts)
    used_in, used_out = -(-asked // CHARACTERS_A_TOKEN), -(-said // CHARACTERS_A_TOKEN)
    return Usage(input=used_in, output=used_out, total=used_in + used_out, estimated=True)


def _length(part: object) -> int:
    match part:
        case Text() | Reasoning() | Refusal():
            return len(part.text)
        case ToolCall():
            return len(part.name) + len(part.arguments)
        case ToolResult():
            return sum(_length(piece) for piece in part.content)
        case Media():
            return 0
    return 0
