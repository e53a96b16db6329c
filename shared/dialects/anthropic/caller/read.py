"""A body of `/v1/messages` → what is wished. Strict in what it knows; what it does not know goes to kin untouched, and by name to nobody else.

https://platform.claude.com/docs/en/api/messages/create (2026-11)
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.request import ChatRequest, Original
from shared.dialects.anthropic.caller.fields import (
    Json,
    Notes,
    find_count,
    find_flag,
    find_number,
    find_object,
    get_text,
    wrong,
)
from shared.dialects.anthropic.caller.options import (
    note_editing,
    read_choice,
    read_format,
    read_stops,
    read_thinking,
    read_tier,
    read_tools,
    read_user,
)
from shared.dialects.anthropic.caller.turns import read_system, read_turns
from shared.dialects.caller import Wish
from shared.errors import InvalidRequest
from shared.wire.json import read_strict

_KNOWN: Final = frozenset(
    (
        "model",
        "max_tokens",
        "messages",
        "system",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "stream",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "output_format",
        "metadata",
        "service_tier",
        "cache_control",
        "context_management",
        "thread",
    )
)
_HARMLESS: Final = frozenset({"diagnostics", "speed", "anthropic_version"})
"""The last is what Bedrock and Vertex want in the body."""
_FOR_KIN: Final = ("anthropic-beta", "anthropic-version", "anthropic-user-profile-id")
"""Headers that a provider of this dialect has to see."""


def read(body: bytes, headers: Mapping[str, str]) -> Wish:
    """The wish in a request for a message. Raises InvalidRequest, which names the field as Anthropic does."""
    said = _object(body)
    if said.get("max_tokens") is None:
        _refuse_thread(said)
        raise wrong("max_tokens", "Field required")
    return Wish(None, _chat(said, headers))


def read_count(body: bytes, headers: Mapping[str, str]) -> Wish:
    """The wish in a request to count its tokens: the same, but for how long the answer may be."""
    return Wish(None, _chat(_object(body), headers))


def _object(body: bytes) -> Json:
    said = read_strict(body)
    if not isinstance(said, dict):
        raise InvalidRequest("the body is not a JSON object: send one with `model`, `max_tokens` and `messages`")
    return said


def _chat(said: Json, headers: Mapping[str, str]) -> ChatRequest:
    _refuse_thread(said)
    if not (model := get_text(said, "model", "")).strip():
        raise wrong("model", "Field required")
    notes = Notes()
    fields = _fields(said, notes)
    if said.get("max_tokens") == 0:
        notes.keep("max_tokens")
    if find_object(said, "cache_control"):
        notes.keep("cache_control", harmless=True)
    note_editing(said, notes)
    notes.others(said, _KNOWN, "", _HARMLESS)
    for_kin = {name: headers[name] for name in _FOR_KIN if headers.get(name)}
    if "anthropic-beta" in for_kin:
        notes.keep("anthropic-beta", harmless=True)
    return ChatRequest(model, **fields, original=Original("anthropic", said, for_kin), kin_only=tuple(notes.kin_only))


def _fields(said: Json, notes: Notes) -> dict[str, Any]:
    """In the order in which Anthropic puts them before the model, which is the order of the breakpoints."""
    tools = read_tools(said, notes)
    system = read_system(said.get("system"), notes)
    return {
        "messages": (*system, *read_turns(said.get("messages"), notes)),
        "stream": find_flag(said, "stream", "") is True,
        "max_tokens": find_count(said, "max_tokens"),
        "temperature": find_number(said, "temperature"),
        "top_p": find_number(said, "top_p"),
        "top_k": find_count(said, "top_k"),
        "stop": read_stops(said),
        "tools": tools,
        **read_choice(said),
        **read_thinking(said, notes),
        "response_format": read_format(said, notes),
        "user": read_user(said, notes),
        "service_tier": read_tier(said),
    }


def _refuse_thread(said: Json) -> None:
    """Trap 88: conversations are kept by the caller. Its SDKs and agents read this `error_code` and send the whole conversation again.

    https://platform.claude.com/docs/en/build-with-claude/message-threads (2026-11)
    """
    if said.get("thread") is not None:
        raise InvalidRequest(
            "thread: threads held by the server are not supported here. Send the full conversation without `thread`.",
            parameter="thread",
            details={"error_code": "thread_unsupported_request"},
        )
