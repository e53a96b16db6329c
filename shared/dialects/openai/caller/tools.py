"""The tools of a caller's request, and which of them the model may call; `functions` is their former name.

https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools (2026-11)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.chat.check import check_schema
from shared.chat.request import CachePoint, KinOnly, Tool, ToolChoice
from shared.dialects.openai.caller.fields import Fields, wrong
from shared.errors import InvalidRequest

_MODES: Final[Mapping[str, ToolChoice]] = {
    "auto": ToolChoice("auto"),
    "none": ToolChoice("none"),
    "required": ToolChoice("required"),
    "any": ToolChoice("required"),
}
"""`any` is Mistral's word."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The functions, and the choice among them."""

    tools: tuple[Tool, ...] = ()
    choice: ToolChoice | None = None


def read_tools(body: Fields, kin_only: list[KinOnly]) -> Tools:
    """`tools` and `tool_choice`, or `functions` and `function_call`. Raises InvalidRequest for a choice that cannot be made."""
    tools = [tool for fields in body.records("tools") if (tool := _tool(fields, kin_only))]
    legacy = [_function(fields, None, kin_only) for fields in body.records("functions")]
    if legacy and tools:
        raise InvalidRequest("`functions` is the former name of `tools`: give one of them", parameter="functions")
    choice = _legacy_choice(body) if legacy else None
    if body.find("tool_choice") is not None:
        return _chosen(body, tools, kin_only)
    return Tools(tuple(tools or legacy), choice)


def read_cache(fields: Fields) -> CachePoint | None:
    """Anthropic's `cache_control`, which routers take on any part, or OpenAI's `prompt_cache_breakpoint`.

    https://openrouter.ai/docs/features/prompt-caching, https://platform.openai.com/docs/guides/prompt-caching (2026-11)
    """
    control, breakpoint_ = fields.find_record("cache_control"), fields.find("prompt_cache_breakpoint")
    if control:
        return CachePoint(control.find_text("ttl"))
    return CachePoint() if breakpoint_ else None


def _tool(tool: Fields, kin_only: list[KinOnly]) -> Tool | None:
    if _kind(tool) != "function":
        kin_only.append(KinOnly(tool.path("type")))
        return None
    cache = read_cache(tool)
    made = _function(tool.record("function"), cache, kin_only)
    kin_only.extend(tool.rest())
    return made


def _kind(fields: Fields) -> str:
    """Some clients (Mistral's) leave out what the other field says."""
    return "function" if not fields.has("type") and fields.has("function") else fields.text("type")


def _function(function: Fields, cache: CachePoint | None, kin_only: list[KinOnly]) -> Tool:
    name = function.text("name")
    if not name:
        raise InvalidRequest("a function has a name", parameter=function.path("name"))
    parameters = function.find("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise wrong(function.path("parameters"), "a JSON schema, an object")
    check_schema(parameters, function.path("parameters"))
    tool = Tool(
        name,
        function.find_text("description"),
        parameters,
        function.find_flag("strict"),
        read_cache(function) or cache,
    )
    kin_only.extend(function.rest())
    return tool


def _legacy_choice(body: Fields) -> ToolChoice | None:
    match body.find("function_call"):
        case None:
            return None
        case "auto" | "none" as mode:
            return ToolChoice(mode)
        case dict():
            return ToolChoice("tool", body.record("function_call").text("name"))
    raise wrong("function_call", "auto, none or the name of a function in an object")


def _chosen(body: Fields, tools: list[Tool], kin_only: list[KinOnly]) -> Tools:
    choice = body.find("tool_choice")
    if isinstance(choice, str):
        if choice not in _MODES:
            kin_only.append(KinOnly("tool_choice"))
            return Tools(tuple(tools))
        return _checked(Tools(tuple(tools), _MODES[choice]), kin_only)
    fields = body.record("tool_choice")
    match _kind(fields):
        case "function":
            named = ToolChoice("tool", fields.record("function").text("name"))
            kin_only.extend(fields.rest())
            return _checked(Tools(tuple(tools), named), kin_only)
        case "allowed_tools":
            return _allowed(fields.record("allowed_tools"), tools, kin_only)
        case _:
            kin_only.append(KinOnly("tool_choice.type"))
            return Tools(tuple(tools))


def _allowed(allowed: Fields, tools: list[Tool], kin_only: list[KinOnly]) -> Tools:
    """Some of the tools alone are what a provider is told of that has no such choice: the model calls no others."""
    mode = allowed.text("mode")
    if mode not in {"auto", "required"}:
        raise wrong(allowed.path("mode"), "auto or required")
    names = [entry.record("function").text("name") for entry in allowed.records("tools") if _kind(entry) == "function"]
    chosen = Tools(tuple([tool for tool in tools if tool.name in names]), _MODES[mode])
    return _checked(chosen, kin_only, at=allowed.path("tools"))


def _checked(chosen: Tools, kin_only: Iterable[KinOnly], *, at: str = "tool_choice") -> Tools:
    """A call cannot be asked for where there is nothing to call. Tools of kinds that we do not know may be what is meant."""
    choice = chosen.choice
    if choice is None or choice.mode in {"auto", "none"} or any(own.parameter.startswith("tools[") for own in kin_only):
        return chosen
    if not chosen.tools or (choice.name is not None and all(tool.name != choice.name for tool in chosen.tools)):
        raise InvalidRequest(f"`{at}` asks for a tool that is not in `tools`", parameter=at)
    return chosen
