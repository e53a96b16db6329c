"""What a message says besides its content, whole and as it grows: its head, why it stops, and what was used.

https://platform.claude.com/docs/en/api/messages (2026-11)
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.chat.events import Annotation, FinishReason, MediaOutput, Usage
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest
from shared.dialects.caller import About

type Json = dict[str, Any]

_OWN: Final = frozenset(
    (
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
        "compaction",
    )
)
"""Anthropic's own words, which others who answer with a Claude may say."""
_STOPS: Final[Mapping[FinishReason, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
_ABOUT_THE_END: Final = frozenset({"stop_sequence", "stop_details", "container", "context_management", "stop_reason"})
_OF_SERVERS: Final = ("server_tool_use", "mcp_tool_use", "_tool_result")


def head(about: About, id_: str | None, model: str | None) -> Json:
    """A message before its first word. Ids are ours, unless a Claude made one."""
    return {
        "id": id_ if id_ and id_.startswith("msg_") else f"msg_{about.id}",
        "type": "message",
        "role": "assistant",
        "model": model or about.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def usage(used: Usage | None) -> Json:
    """Anthropic counts what was read from and written to the cache apart from the input. Traps 20, 65."""
    used = used or Usage()
    cached, written = used.cached or 0, used.cache_write or 0
    counted: Json = {
        "input_tokens": max((used.input or 0) - cached - written, 0),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": used.output or 0,
    }
    if used.reasoning is not None:
        counted["output_tokens_details"] = {"thinking_tokens": used.reasoning}
    return counted


class Ending:
    """Learns why a message stops, while it is said."""

    __slots__ = ("_called", "_notes", "_refused", "_stops")

    def __init__(self, request: ChatRequest) -> None:
        self._stops = request.stop
        self._notes: Json = {}
        self._called = False
        self._refused = False

    def call(self) -> None:
        """A tool was called."""
        self._called = True

    def refuse(self) -> None:
        """The model declined."""
        self._refused = True

    def note(self, note: Annotation) -> bool:
        """Take what is about the end; False for anything else."""
        if note.name in _ABOUT_THE_END:
            self._notes[note.name] = note.value
        return note.name in _ABOUT_THE_END

    def say(self, done: Done) -> Json:
        """`stop_reason`, `stop_sequence` and what else is told with them.

        A reason without a counterpart stays the provider's own word (trap 24); only where it gave none, the turn is said to be over.
        """
        _, reason, raw = next((finish for finish in done.finishes if finish[0] == 0), (0, "other", None))
        sequence = self._sequence()
        said: Json = {"stop_reason": self._reason(reason, raw, sequence), "stop_sequence": sequence}
        said |= {name: self._notes[name] for name in ("stop_details", "container") if name in self._notes}
        return said

    def _reason(self, reason: FinishReason, raw: str | None, sequence: str | None) -> str:
        if self._refused:
            return "refusal"
        if raw in _OWN:
            return raw
        if reason in {"stop", "tool_calls"}:
            return "tool_use" if self._called else "stop_sequence" if sequence else "end_turn"
        return _STOPS.get(reason) or raw or "end_turn"

    def _sequence(self) -> str | None:
        """Which one it was: Claudes tell it, and servers such as vLLM, who call it `stop_reason`."""
        said = self._notes.get("stop_sequence") or self._notes.get("stop_reason")
        return said if said in self._stops else None


def picture(made: MediaOutput) -> str:
    """No block can hold a picture or a sound that a model made: it is said as text, in Markdown, and so nothing of it is lost."""
    return f"![{made.media_type.partition('/')[0]}](data:{made.media_type};base64,{made.data})"


def find_block(note: Annotation) -> Json | None:
    """A block of Anthropic's own that another provider of Claudes handed on whole."""
    value = note.value
    whole = isinstance(value, dict) and value.get("type") == note.name and note.name.endswith(_OF_SERVERS)
    return value if whole else None


def find_citation(note: Annotation) -> Json | None:
    """A citation as Anthropic writes it."""
    return note.value if note.name == "citation" and isinstance(note.value, dict) else None


def citations(notes: Iterable[Annotation]) -> list[Json]:
    """All of them."""
    return [found for note in notes if (found := find_citation(note))]


def wants_thinking(request: ChatRequest) -> bool:
    """The caller asked for thinking, and so expects blocks of it, even empty ones with a proof."""
    thinking = request.original.body.get("thinking") if request.original else None
    return isinstance(thinking, dict) and thinking.get("type") != "disabled"


def hides_thinking(request: ChatRequest) -> bool:
    """The caller wants the proof of thinking, but not to see it."""
    thinking = request.original.body.get("thinking") if request.original else None
    return isinstance(thinking, dict) and thinking.get("display") == "omitted"
