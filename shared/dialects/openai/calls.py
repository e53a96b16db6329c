"""Which call a piece of a streamed tool call belongs to. Providers number them in their own ways. Traps 35 to 38, 83."""

from dataclasses import dataclass, field
from typing import Any, Final

from shared.chat.events import ChatEvent, ToolCallDelta, ToolCallStart
from shared.wire.json import write

_LEGACY: Final = -1
"""Where the one call of a `function_call` stands, apart from those that are numbered."""


@dataclass(slots=True)
class _Call:
    """A call as it grows. It is announced once its name is known; until then its arguments wait."""

    index: int
    id: str | None
    name: str = ""
    waiting: list[str] = field(default_factory=list)
    empty: bool = True


class Calls:
    """The tool calls of one choice.

    A piece with a name begins a call, unless its id and name, or without an id its index and name, are those of a call already begun.
    A piece without a name continues the call of its id, else of its index, else the latest.
    """

    __slots__ = ("_at", "_by_id", "_calls", "_choice")

    def __init__(self, choice: int) -> None:
        self._choice = choice
        self._calls: list[_Call] = []
        self._at: dict[int, _Call] = {}
        """The latest call at each of the provider's own indices."""
        self._by_id: dict[str, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, piece: Any, events: list[ChatEvent], *, whole: bool = False) -> int | None:
        """Append what that piece says; tells whose it is. `whole`: it is a call of its own, as in a plain answer."""
        if not isinstance(piece, dict):
            return None
        if whole and not _function(piece):
            return None
        id_, name, arguments = _parts(piece)
        at = at if isinstance(at := piece.get("index"), int) else None
        call = None if whole else self._find(id_, name, at)
        if call is None:
            call = self._begin(id_, at)
        call.id = call.id or id_
        if name and not call.name:
            self._announce(call, name, events)
        if arguments:
            call.empty = False
            if call.name:
                events.append(ToolCallDelta(call.index, arguments, self._choice))
            else:
                call.waiting.append(arguments)
        return call.index

    def add_legacy(self, function: dict[str, Any], events: list[ChatEvent]) -> None:
        """OpenAI's former `function_call`, of which there is one at most; without a name it is none."""
        if function.get("name") or _LEGACY in self._at:
            self.add({"index": _LEGACY, "function": function}, events)

    def end(self, events: list[ChatEvent]) -> None:
        """The choice is complete: nameless calls come as they are, and no arguments are `{}`. Trap 38."""
        for call in self._calls:
            if not call.name:
                self._announce(call, "", events)
            if call.empty:
                call.empty = False
                events.append(ToolCallDelta(call.index, "{}", self._choice))

    def _find(self, id_: str | None, name: str, at: int | None) -> _Call | None:
        there = None if at is None else self._at.get(at)
        known = None if id_ is None else there if there and there.id == id_ else self._by_id.get(id_)
        if known and (not name or known.name in {"", name}):
            return known
        if not name:
            latest = self._calls[-1] if self._calls and at is None and id_ is None else None
            return there or latest
        if there is None or (id_ is not None and (there.name or there.id is not None)):
            return None
        return there if there.name in {"", name} else None

    def _begin(self, id_: str | None, at: int | None) -> _Call:
        call = _Call(len(self._calls), id_)
        self._calls.append(call)
        if at is not None:
            self._at[at] = call
        if id_ is not None:
            self._by_id[id_] = call
        return call

    def _announce(self, call: _Call, name: str, events: list[ChatEvent]) -> None:
        call.name = name
        events.append(ToolCallStart(call.index, call.id, name, self._choice))
        if call.waiting:
            events.append(ToolCallDelta(call.index, "".join(call.waiting), self._choice))
            call.waiting = []


def _parts(piece: dict[str, Any]) -> tuple[str | None, str, str]:
    """Id, name and arguments. Mistral's client sends the id `null` as text; ids may be numbers, arguments JSON instead of its text."""
    id_, function = piece.get("id"), _function(piece)
    if isinstance(id_, int) and not isinstance(id_, bool):
        id_ = str(id_)
    name = function.get("name")
    arguments = function.get("arguments") or function.get("input") or ""
    return (
        id_ if isinstance(id_, str) and id_ not in {"", "null"} else None,
        name if isinstance(name, str) else "",
        arguments if isinstance(arguments, str) else write(arguments).decode(),
    )


def _function(piece: dict[str, Any]) -> dict[str, Any]:
    function = piece.get("function") or piece.get("custom")
    return function if isinstance(function, dict) else {}
