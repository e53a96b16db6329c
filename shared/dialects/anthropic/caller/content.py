"""Content blocks → parts. https://platform.claude.com/docs/en/api/messages/create (2026-11).

Blocks of Anthropic's own (server tools and their results, search results, files that it keeps) and kinds that came after this was written
are for kin alone.
"""

from typing import Any, Final

from shared.chat.request import Media, Part, Reasoning, Text, ToolCall, ToolResult
from shared.dialects.anthropic.caller.fields import (
    Json,
    Notes,
    an_object,
    find_flag,
    find_list,
    find_object,
    find_text,
    get_object,
    get_text,
    wrong,
)
from shared.dialects.signed import is_marked, mark, split_id
from shared.wire.json import write

_CLAUDE: Final = "anthropic"
"""Who made a proof that is not marked."""
_KNOWN: Final = {
    "text": frozenset({"type", "text", "cache_control", "citations"}),
    "image": frozenset({"type", "source", "cache_control"}),
    "document": frozenset({"type", "source", "cache_control", "title", "context", "citations"}),
    "thinking": frozenset({"type", "thinking", "signature"}),
    "redacted_thinking": frozenset({"type", "data"}),
    "tool_use": frozenset({"type", "id", "name", "input", "cache_control", "caller"}),
    "tool_result": frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"}),
}
_OF: Final = {
    "user": frozenset({"text", "image", "document", "tool_result"}),
    "assistant": frozenset({"text", "thinking", "redacted_thinking", "tool_use", "image", "document"}),
    "system": frozenset({"text"}),
    "result": frozenset({"text", "image", "document"}),
}
"""Which of them stand where; the others are nobody's, or kin's."""


class ContentReader:
    """Reads the content of one message (or result). `role` says where it stands."""

    def __init__(self, notes: Notes, role: str) -> None:
        self._notes = notes
        self._allowed = _OF[role]

    def read(self, content: Any, at: str) -> tuple[Part, ...]:
        """The parts. A string is one text."""
        if isinstance(content, str):
            return (Text(content),) if content else ()
        if not isinstance(content, list):
            raise wrong(at, "Input should be a valid string or a list of content blocks")
        return tuple([part for place, block in enumerate(content) for part in self._block(block, f"{at}[{place}]")])

    def _block(self, block: Any, at: str) -> tuple[Part, ...]:
        kind = get_text(an_object(block, at), "type", at)
        if kind not in self._allowed:
            if kind in _KNOWN:
                raise wrong(f"{at}.type", f"a `{kind}` block cannot stand here")
            self._notes.cache(block, at)
            self._notes.keep(f"{at}.type")
            return ()
        self._notes.others(block, _KNOWN[kind], at)
        match kind:
            case "text":
                return (self._text(block, at),)
            case "image":
                return self._image(block, at)
            case "document":
                return self._document(block, at)
            case "thinking":
                return (_thinking(block, at),)
            case "redacted_thinking":
                return (Reasoning(redacted=_made_by_someone(get_text(block, "data", at))),)
            case "tool_use":
                return (self._call(block, at),)
            case _:
                return (self._result(block, at),)

    def _text(self, block: Json, at: str) -> Text:
        """Citations of an earlier answer prove what it said; its words are there without them."""
        if find_list(block, "citations", at):
            self._notes.keep(f"{at}.citations", harmless=True)
        return Text(get_text(block, "text", at), self._notes.cache(block, at))

    def _image(self, block: Json, at: str) -> tuple[Part, ...]:
        cache, source = self._notes.cache(block, at), get_object(block, "source", at)
        match get_text(source, "type", f"{at}.source"):
            case "base64":
                media_type = get_text(source, "media_type", f"{at}.source")
                return (Media("image", media_type, get_text(source, "data", f"{at}.source"), cache=cache),)
            case "url":
                return (Media("image", url=get_text(source, "url", f"{at}.source"), cache=cache),)
            case _:
                self._notes.keep(f"{at}.source.type")
                return ()

    def _document(self, block: Json, at: str) -> tuple[Part, ...]:
        """What is told of it beside it stands before it, where every model reads it."""
        cache, source, within = self._notes.cache(block, at), get_object(block, "source", at), f"{at}.source"
        title, context = find_text(block, "title", at), find_text(block, "context", at)
        if (find_object(block, "citations", at) or {}).get("enabled") is True:
            self._notes.keep(f"{at}.citations")
        told: tuple[Part, ...] = (Text(context),) if context else ()
        match get_text(source, "type", within):
            case "base64":
                media_type = get_text(source, "media_type", within)
                return (*told, Media("file", media_type, get_text(source, "data", within), name=title, cache=cache))
            case "url":
                url = get_text(source, "url", within)
                return (*told, Media("file", "application/pdf", url=url, name=title, cache=cache))
            case "text":
                return (*_titled(title), *told, Text(get_text(source, "data", within), cache))
            case "content":
                inside = ContentReader(self._notes, "result").read(source.get("content"), f"{within}.content")
                return (*_titled(title), *told, *inside)
            case _:
                self._notes.keep(f"{within}.type")
                return ()

    def _call(self, block: Json, at: str) -> ToolCall:
        if (find_object(block, "caller", at) or {"type": "direct"}).get("type") != "direct":
            self._notes.keep(f"{at}.caller")
        arguments = write(get_object(block, "input", at)).decode()
        id_, proof = split_id(get_text(block, "id", at))
        return ToolCall(id_, get_text(block, "name", at), arguments, proof, self._notes.cache(block, at))

    def _result(self, block: Json, at: str) -> ToolResult:
        (call_id, _), said = split_id(get_text(block, "tool_use_id", at)), block.get("content")
        cache = self._notes.cache(block, at)
        parts = () if said is None else ContentReader(self._notes, "result").read(said, f"{at}.content")
        content = tuple([part for part in parts if isinstance(part, Text | Media)])
        return ToolResult(call_id, content, find_flag(block, "is_error", at) is True, cache)


def _thinking(block: Json, at: str) -> Reasoning:
    return Reasoning(get_text(block, "thinking", at), _made_by_someone(get_text(block, "signature", at)))


def _titled(title: str | None) -> tuple[Part, ...]:
    return (Text(title),) if title else ()


def _made_by_someone(proof: str) -> str | None:
    """Every proof is marked from here on, so that nobody gets another one's; what nobody signed has none."""
    return proof if is_marked(proof) else mark(_CLAUDE, proof) if proof else None
