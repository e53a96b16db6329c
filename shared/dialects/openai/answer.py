"""What stands around the choices, in a plain answer as in every chunk of a stream."""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.events import Annotation, ChatEvent, Start
from shared.dialects.openai.choice import ChoiceReader
from shared.dialects.openai.usage import read_usage

_READ_HERE: Final = frozenset({"id", "object", "created", "model", "choices", "usage", "error", "obfuscation", "p"})
"""`obfuscation` (OpenAI) and `p` are padding that hides the length of tokens."""


class AnswerReader:
    """Reads an answer as one object or as many. Fields it has no event for become Annotations of choice 0, told when they change."""

    __slots__ = ("_choices", "_started", "_told", "_usage")

    def __init__(self) -> None:
        self._started = False
        self._choices: dict[int, ChoiceReader] = {}
        self._told: dict[str, Any] = {}
        self._usage: Any = None

    @property
    def begun(self) -> bool:
        """A choice has been seen."""
        return bool(self._choices)

    @property
    def complete(self) -> bool:
        """Every choice that was seen has said that it ends."""
        return bool(self._choices) and all(choice.finished for choice in self._choices.values())

    def read(self, piece: Mapping[str, Any], events: list[ChatEvent], *, whole: bool) -> None:
        """Append what this object says. Raises a ProviderError when a choice says that it failed.

        Choices of a whole answer are told apart by their place: some providers number them from 1, or all with 0.
        """
        choices = piece.get("choices")
        if not self._started and (choices or piece.get("id") or piece.get("model")):
            self._start(piece, events)
        found = _find_usage(piece, choices)
        if choices.__class__ is list:
            field = "message" if whole else "delta"
            for position, choice in enumerate(choices):
                if choice.__class__ is dict:
                    index = choice.get("index")
                    reader = self._choice(position if whole or index.__class__ is not int else index)
                    reader.read_choice(choice, choice.get(field), events, whole=whole)
        for name, value in piece.items():
            if value and name not in _READ_HERE and self._told.get(name) != value:
                self._told[name] = value
                events.append(Annotation(name, value))
        if found and found != self._usage:
            self._usage = found
            events.append(read_usage(found))

    def end(self, events: list[ChatEvent]) -> None:
        """The answer is at its end; choices that gave no reason end without one."""
        for choice in self._choices.values():
            choice.end(events)

    def _choice(self, index: int) -> ChoiceReader:
        reader = self._choices.get(index)
        if reader is None:
            reader = self._choices[index] = ChoiceReader(index)
        return reader

    def _start(self, piece: Mapping[str, Any], events: list[ChatEvent]) -> None:
        self._started = True
        created = piece.get("created")
        events.append(
            Start(
                id=_word(piece.get("id")),
                model=_word(piece.get("model")),
                created=int(created) if isinstance(created, int | float) else None,
            )
        )


def _find_usage(piece: Mapping[str, Any], choices: Any) -> Mapping[str, Any] | None:
    """Where it is: at the top, in Groq's `x_groq`, or in the first choice (Moonshot). Traps 16, 19."""
    usage = piece.get("usage")
    if not usage and (extra := piece.get("x_groq")).__class__ is dict:
        usage = extra.get("usage")
    if not usage and choices.__class__ is list and choices and choices[0].__class__ is dict:
        usage = choices[0].get("usage")
    return usage if usage and isinstance(usage, dict) else None


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
