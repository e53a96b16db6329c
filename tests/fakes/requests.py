"""Chat requests rich enough to try a dialect with, and the check that the official clients' types make of what it wrote."""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.chat.request import (
    ChatRequest,
    Media,
    Message,
    Reasoning,
    Refusal,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SCHEMA = {
    "type": "object",
    "properties": {"city": {"$ref": "#/$defs/city"}},
    "required": ["city"],
    "additionalProperties": False,
    "$defs": {"city": {"type": "string", "enum": ["Łódź", "Graz"]}},
}
WEATHER = Tool("weather", "The weather of a city.", SCHEMA, strict=True)
NOW = Tool("now")
PICTURE = Media("image", "image/png", PIXEL)
PDF = Media("file", "application/pdf", "JVBERi0xLjQ=", name="a.pdf")


def user(*parts: Text | Media | str) -> Message:
    """What the user says or shows."""
    return Message("user", tuple(Text(part) if isinstance(part, str) else part for part in parts))


def result(call_id: str, *content: Text | Media, is_error: bool = False) -> Message:
    """The result of one call."""
    return Message("tool", (ToolResult(call_id, content, is_error),))


HELLO = ChatRequest("m", (user("Hello"),))
TWO_CALLS = (
    user("How is it there?"),
    Message(
        "assistant",
        (
            Reasoning("Two cities.", "EqQBCkYI"),
            Text("I look."),
            ToolCall("a", "weather", '{"city":"Łódź"}', "Cg9z"),
            ToolCall("b", "now", ""),
        ),
    ),
    result("b", Text("noon")),
    result("a", Text('{"$ref": "rain"}'), PICTURE),
)
"""Parallel calls, whose results come in the other order."""


def rich_requests(model: str) -> list[ChatRequest]:
    """Requests that every dialect towards a large provider should be able to write."""
    hello = replace(HELLO, model=model)
    tools = replace(hello, tools=(WEATHER, NOW))
    return [
        hello,
        replace(hello, stream=True, max_tokens=50, temperature=0.5, top_p=0.9, top_k=40, stop=("END", "\n\n")),
        replace(
            hello,
            messages=(
                Message(
                    "system",
                    (Text("Be kind."), Text("")),
                ),
                user("Hi"),
                Message("system", (Text("Rhyme."),)),
            ),
        ),
        replace(hello, messages=(user("What is this?", PICTURE, PDF),)),
        replace(hello, messages=(user("a"), user("b"), Message("assistant", (Refusal("No."),)), user("c", " "))),
        replace(hello, response_format=ResponseFormat("json_schema", "answer", SCHEMA, strict=True)),
        replace(hello, response_format=ResponseFormat("text"), user="u1", metadata={"user_id": "u2"}),
        replace(tools, messages=TWO_CALLS),
        replace(tools, messages=(*TWO_CALLS, user("And?"), Message("assistant", (Text("Prefilled"),)))),
        replace(tools, messages=(*TWO_CALLS[:2], result("a", is_error=True), result("b", Text("")))),
        *[
            replace(tools, tool_choice=choice)
            for choice in (ToolChoice("auto"), ToolChoice("none"), ToolChoice("required"))
        ],
        replace(tools, tool_choice=ToolChoice("tool", "now"), parallel_tool_calls=True),
        *[replace(hello, reasoning_effort=effort) for effort in ("none", "minimal", "low", "medium", "high", "xhigh")],
        replace(hello, reasoning_budget=2048, max_tokens=1000),
        replace(tools, messages=TWO_CALLS, reasoning_budget=2048),
    ]


def validator(material: Path) -> Callable[[str, str, dict[str, Any]], Any]:
    """`validate(provider, api, body)` of the material: its answer has `errors`, empty when the official types agree."""
    spec = importlib.util.spec_from_file_location(
        "validate_request", material / "provider-traffic" / "validate_request.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    validate: Callable[[str, str, dict[str, Any]], Any] = module.validate
    return validate
