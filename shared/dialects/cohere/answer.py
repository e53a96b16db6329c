"""What an answer is made of, whether it comes whole or in events."""

from typing import Any

from shared.chat.events import (
    Annotation,
    ChatEvent,
    Finish,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from shared.dialects.cohere.explain import failure_inside
from shared.dialects.cohere.logprobs import logprobs
from shared.dialects.cohere.usage import read_usage
from shared.dialects.finish import finish_reason
from shared.dialects.lenient import find_text, record, records, text
from shared.wire.json import write

_FAILED = frozenset({"ERROR", "TIMEOUT"})


class AnswerReader:
    """Takes the pieces of one answer, in order, and appends what they say."""

    __slots__ = ("_begun", "_citations", "_empty", "_plan")

    def __init__(self) -> None:
        self._begun = 0
        """Calls so far."""
        self._empty = False
        """The latest call has no arguments yet."""
        self._plan: list[str] = []
        self._citations: list[dict[str, Any]] = []

    def content(self, part: Any, events: list[ChatEvent]) -> None:
        """Text or thinking, a whole part or more of one."""
        part = {"text": part} if isinstance(part, str) else record(part)
        if thinking := text(part.get("thinking")):
            events.append(ReasoningDelta(thinking))
        if words := text(part.get("text")):
            events.append(TextDelta(words))

    def plan(self, words: Any) -> None:
        """More of what the model means to do with its tools; no answer to the user."""
        self._plan.append(text(words))

    def cite(self, citation: dict[str, Any]) -> None:
        """One more place of the text that has a source."""
        self._citations.append(citation)

    def call(self, said: dict[str, Any], events: list[ChatEvent]) -> None:
        """A call begins, perhaps with its arguments."""
        self.end_call(events)
        function = record(said.get("function"))
        self._begun += 1
        self._empty = True
        events.append(ToolCallStart(self._begun - 1, find_text(said.get("id")), text(function.get("name"))))
        self.arguments(function.get("arguments"), events)

    def arguments(self, more: Any, events: list[ChatEvent]) -> None:
        """More arguments of the call that is open; JSON text, or the object itself."""
        words = write(more).decode() if isinstance(more, dict) else text(more)
        if words and self._begun:
            self._empty = False
            events.append(ToolCallDelta(self._begun - 1, words))

    def end_call(self, events: list[ChatEvent]) -> None:
        """No arguments at all are `{}`. Trap 38."""
        if self._empty:
            self._empty = False
            events.append(ToolCallDelta(self._begun - 1, "{}"))

    def likelihood(self, said: Any, events: list[ChatEvent]) -> None:
        """How likely the tokens were: one item, or a list of them."""
        if items := records(said if isinstance(said, list) else [said]):
            events.append(Annotation("logprobs", logprobs(items)))

    def end(self, said: dict[str, Any], events: list[ChatEvent]) -> None:
        """The last word: `finish_reason` and `usage`. Raises ProviderError when it is that the answer failed."""
        self.end_call(events)
        if plan := "".join(self._plan):
            events.append(Annotation("tool_plan", plan))
        if self._citations:
            events.append(Annotation("citations", self._citations))
        word = find_text(said.get("finish_reason"))
        if word in _FAILED:
            raise failure_inside(said, word)
        if used := read_usage(record(said.get("usage"))):
            events.append(used)
        reason = finish_reason(word)
        events.append(Finish("tool_calls" if reason == "stop" and self._begun else reason, word))
