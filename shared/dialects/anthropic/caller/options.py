"""What a body asks besides its messages → fields of a ChatRequest. https://platform.claude.com/docs/en/api/messages/create (2026-11)."""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.check import check_schema
from shared.chat.request import ResponseFormat, Tool, ToolChoice
from shared.dialects.anthropic.caller.fields import (
    Json,
    Notes,
    an_object,
    asks,
    find_count,
    find_flag,
    find_list,
    find_object,
    find_text,
    get_object,
    get_text,
    wrong,
)

_MODES: Final[Mapping[str, ToolChoice]] = {
    "auto": ToolChoice("auto"),
    "any": ToolChoice("required"),
    "none": ToolChoice("none"),
}
_OF_A_TOOL: Final = frozenset(
    {"type", "name", "description", "input_schema", "strict", "cache_control", "allowed_callers"}
)
_HINTS_OF_A_TOOL: Final = frozenset({"eager_input_streaming"})
_OF_THINKING: Final = frozenset({"type", "budget_tokens", "display"})
_OF_OUTPUT: Final = frozenset({"effort", "format"})
_TIERS: Final[Mapping[str, str | None]] = {"auto": None, "standard_only": "default"}
_EFFORTS: Final = ((2048, "low"), (8192, "medium"))
"""Budgets up to these are that effort for whoever counts no tokens."""
_USUAL_EFFORT: Final = "high"
"""Of a model that decides itself: https://platform.claude.com/docs/en/build-with-claude/effort (2026-11)."""
_LONGEST_USER: Final = 64
"""Characters of OpenAI's `user`; agents put whole sessions into theirs. https://platform.openai.com/docs/api-reference/chat/create (2026-11)."""


def read_tools(body: Json, notes: Notes) -> tuple[Tool, ...]:
    """The functions. Tools that Anthropic runs itself are for kin alone."""
    tools = (_tool(tool, f"tools[{place}]", notes) for place, tool in enumerate(find_list(body, "tools")))
    return tuple([tool for tool in tools if tool is not None])


def _tool(said: Any, at: str, notes: Notes) -> Tool | None:
    tool = an_object(said, at)
    cache = notes.cache(tool, at)
    if find_text(tool, "type", at) not in (None, "custom"):
        notes.keep(f"{at}.type")
        return None
    notes.others(tool, _OF_A_TOOL, at, _HINTS_OF_A_TOOL)
    if find_list(tool, "allowed_callers", at) not in ([], ["direct"]):
        notes.keep(f"{at}.allowed_callers")
    name, schema = get_text(tool, "name", at), get_object(tool, "input_schema", at)
    check_schema(schema, f"{at}.input_schema")
    return Tool(name, find_text(tool, "description", at), schema, find_flag(tool, "strict", at), cache)


def read_choice(body: Json) -> dict[str, Any]:
    """Which tools are called, and whether in parallel. Trap 87."""
    choice = find_object(body, "tool_choice")
    if choice is None:
        return {}
    alone = find_flag(choice, "disable_parallel_tool_use", "tool_choice")
    kind = get_text(choice, "type", "tool_choice")
    if kind == "tool":
        mode = ToolChoice("tool", get_text(choice, "name", "tool_choice"))
    elif kind in _MODES:
        mode = _MODES[kind]
    else:
        raise wrong("tool_choice.type", "Input should be 'auto', 'any', 'tool' or 'none'")
    return {"tool_choice": mode if body.get("tools") else None, "parallel_tool_calls": False if alone else None}


def read_thinking(body: Json, notes: Notes) -> dict[str, Any]:
    """A budget is told as it is, and as an effort for those who count no tokens. Not to think is what everybody does who is not asked to."""
    config = find_object(body, "output_config") or {}
    effort = find_text(config, "effort", "output_config")
    thinking = find_object(body, "thinking")
    if thinking is None:
        return {"reasoning_effort": effort}
    notes.others(thinking, _OF_THINKING, "thinking")
    match get_text(thinking, "type", "thinking"):
        case "enabled":
            budget = find_count(thinking, "budget_tokens", "thinking", least=1024)
            if budget is None:
                raise wrong("thinking.budget_tokens", "Field required")
            return {"reasoning_budget": budget, "reasoning_effort": effort or _effort(budget)}
        case "adaptive":
            return {"reasoning_effort": effort or _USUAL_EFFORT}
        case "disabled":
            notes.keep("thinking", harmless=True)
        case _:
            notes.keep("thinking.type")
    return {"reasoning_effort": effort}


def _effort(budget: int) -> str:
    return next((effort for bound, effort in _EFFORTS if budget <= bound), "high")


def read_format(body: Json, notes: Notes) -> ResponseFormat | None:
    """`output_config.format`, or `output_format` as it was called before."""
    config = find_object(body, "output_config") or {}
    notes.others(config, _OF_OUTPUT, "output_config")
    at = "output_config.format" if asks(config.get("format")) else "output_format"
    found = find_object(config, "format", "output_config") or find_object(body, "output_format")
    if found is None:
        return None
    if get_text(found, "type", at) != "json_schema":
        notes.keep(f"{at}.type")
        return None
    schema = get_object(found, "schema", at)
    check_schema(schema, f"{at}.schema")
    return ResponseFormat("json_schema", schema=schema, strict=_is_closed(schema) or None)


def _is_closed(schema: Any) -> bool:
    """Every object has all its properties and no others, which is what OpenAI wants of a strict schema; others it only tries to keep to.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas (2026-11)
    """
    if isinstance(schema, list):
        return all(_is_closed(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if (schema.get("type") == "object" or isinstance(properties, dict)) and (
        schema.get("additionalProperties") is not False or set(schema.get("required") or ()) != set(properties or ())
    ):
        return False
    inner = [*(properties or {}).values(), *(schema.get("$defs") or {}).values()]
    return all(_is_closed(item) for item in [*inner, schema.get("items"), schema.get("anyOf")])


def read_user(body: Json, notes: Notes) -> str | None:
    """Who asks. A label that is longer than others take is for kin alone."""
    metadata = find_object(body, "metadata") or {}
    notes.others(metadata, frozenset({"user_id"}), "metadata", frozenset(metadata))
    user = find_text(metadata, "user_id", "metadata")
    if user and len(user) > _LONGEST_USER:
        notes.keep("metadata.user_id", harmless=True)
        return None
    return user or None


def read_tier(body: Json) -> str | None:
    """`auto` is what everybody does."""
    tier = find_text(body, "service_tier", "")
    if tier is not None and tier not in _TIERS:
        raise wrong("service_tier", "Input should be 'auto' or 'standard_only'")
    return _TIERS[tier] if tier else None


def read_stops(body: Json) -> tuple[str, ...]:
    """The sequences, each a string that says something."""
    stops = find_list(body, "stop_sequences")
    for place, stop in enumerate(stops):
        if not isinstance(stop, str):
            raise wrong(f"stop_sequences[{place}]", "Input should be a valid string")
        if not stop.strip():
            raise wrong(f"stop_sequences[{place}]", "each stop sequence must contain non-whitespace")
    return tuple(stops)


def note_editing(body: Json, notes: Notes) -> None:
    """Anthropic edits long contexts. Only thinking is let go of there in a way that no other provider's answer could tell."""
    editing = find_object(body, "context_management") or {}
    edits = find_list(editing, "edits", "context_management")
    thoughts = all(isinstance(edit, dict) and str(edit.get("type")).startswith("clear_thinking") for edit in edits)
    if asks(editing):
        notes.keep("context_management", harmless=thoughts and set(editing) <= {"edits"})
