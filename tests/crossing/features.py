"""What a caller can ask, in each API's own words: a plain question, and for every feature what is put into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.fakes.requests import PIXEL

type Json = dict[str, Any]

_HELLO: Final = {"role": "user", "content": "Hi"}
PLAIN: Final[Mapping[str, Json]] = {
    "openai": {"model": "m", "messages": [_HELLO]},
    "anthropic": {"model": "m", "messages": [_HELLO], "max_tokens": 4096},
    "responses": {"model": "m", "input": "Hi"},
}
"""The shortest request of each API."""
_SCHEMA: Final = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
_PDF: Final = "JVBERi0xLjQ="
_CALL: Final = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Graz"}'}}


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing to ask; `said` is caller → the fields of the body that say it (None: that API has no word for it)."""

    name: str
    said: Mapping[str, Json]
    needs: Mapping[str, Json] | None = None
    """What has to be there with and without it."""


def _tool(**more: Any) -> Mapping[str, Json]:
    function = {"name": "weather", "description": "Tells the weather.", "parameters": _SCHEMA}
    custom = {"name": "weather", "description": "Tells the weather.", "input_schema": _SCHEMA}
    return {
        "openai": {"tools": [{"type": "function", "function": function}], **more},
        "anthropic": {"tools": [custom]},
        "responses": {"tools": [{"type": "function", **function, "strict": None}]},
    }


def _user(openai: Any, anthropic: Any, responses: Any) -> dict[str, Json]:
    spoken = {
        "openai": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}, openai]}]},
        "anthropic": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}, anthropic]}]},
        "responses": {"input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}, responses]}]},
    }
    given = {"openai": openai, "anthropic": anthropic, "responses": responses}
    return {caller: body for caller, body in spoken.items() if given[caller] is not None}


def _all(name: str, value: Any, *callers: str) -> dict[str, Json]:
    return {caller: {name: value} for caller in (callers or tuple(PLAIN))}


_TOOLS: Final = _tool()
_PICTURE: Final = f"data:image/png;base64,{PIXEL}"
_LINK: Final = "https://example.com/cat.png"

FEATURES: Final[tuple[Feature, ...]] = (
    Feature("temperature", _all("temperature", 0.25)),
    Feature("top_p", _all("top_p", 0.97)),
    Feature("top_k", _all("top_k", 40, "openai", "anthropic")),
    Feature(
        "largest output",
        {
            "openai": {"max_completion_tokens": 77},
            "anthropic": {"max_tokens": 77},
            "responses": {"max_output_tokens": 77},
        },
    ),
    Feature("older name of the largest output", _all("max_tokens", 77, "openai")),
    Feature("stop sequences", {"openai": {"stop": ["END"]}, "anthropic": {"stop_sequences": ["END"]}}),
    Feature("seed", _all("seed", 7, "openai")),
    Feature("frequency penalty", _all("frequency_penalty", 0.5, "openai")),
    Feature("presence penalty", _all("presence_penalty", 0.5, "openai")),
    Feature("several choices", _all("n", 2, "openai")),
    Feature("log probabilities", {"openai": {"logprobs": True, "top_logprobs": 2}}),
    Feature("logit bias", _all("logit_bias", {"50256": -100}, "openai")),
    Feature(
        "system prompt",
        {
            "openai": {"messages": [{"role": "system", "content": "Rhyme."}, _HELLO]},
            "anthropic": {"system": "Rhyme."},
            "responses": {"instructions": "Rhyme."},
        },
    ),
    Feature("tools", _TOOLS),
    Feature(
        "a tool must be called",
        {
            "openai": {"tool_choice": "required"},
            "anthropic": {"tool_choice": {"type": "any"}},
            "responses": {"tool_choice": "required"},
        },
        _TOOLS,
    ),
    Feature(
        "this tool must be called",
        {
            "openai": {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
            "anthropic": {"tool_choice": {"type": "tool", "name": "weather"}},
            "responses": {"tool_choice": {"type": "function", "name": "weather"}},
        },
        _TOOLS,
    ),
    Feature(
        "no tool may be called",
        {
            "openai": {"tool_choice": "none"},
            "anthropic": {"tool_choice": {"type": "none"}},
            "responses": {"tool_choice": "none"},
        },
        _TOOLS,
    ),
    Feature(
        "one call at a time",
        {
            "openai": {"parallel_tool_calls": False},
            "anthropic": {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            "responses": {"parallel_tool_calls": False},
        },
        _TOOLS,
    ),
    Feature(
        "strict tools",
        {
            "openai": {
                "tools": [{"type": "function", "function": {"name": "weather", "strict": True, "parameters": _SCHEMA}}]
            },
            "anthropic": {"tools": [{"name": "weather", "strict": True, "input_schema": _SCHEMA}]},
            "responses": {"tools": [{"type": "function", "name": "weather", "strict": True, "parameters": _SCHEMA}]},
        },
        {
            "openai": {"tools": [{"type": "function", "function": {"name": "weather", "parameters": _SCHEMA}}]},
            "anthropic": {"tools": [{"name": "weather", "input_schema": _SCHEMA}]},
            "responses": {"tools": [{"type": "function", "name": "weather", "strict": None, "parameters": _SCHEMA}]},
        },
    ),
    Feature(
        "results of calls",
        {
            "openai": {
                "messages": [
                    _HELLO,
                    {"role": "assistant", "content": None, "tool_calls": [_CALL]},
                    {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
                ]
            },
            "anthropic": {
                "messages": [
                    _HELLO,
                    {
                        "role": "assistant",
                        "content": [{"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Graz"}}],
                    },
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "rain"}]},
                ]
            },
            "responses": {
                "input": [
                    _HELLO,
                    {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Graz"}'},
                    {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
                ]
            },
        },
        _TOOLS,
    ),
    Feature(
        "JSON",
        {
            "openai": {"response_format": {"type": "json_object"}},
            "responses": {"text": {"format": {"type": "json_object"}}},
        },
    ),
    Feature(
        "JSON after a schema",
        {
            "openai": {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "strict": True, "schema": _SCHEMA},
                }
            },
            "anthropic": {"output_config": {"format": {"type": "json_schema", "schema": _SCHEMA}}},
            "responses": {"text": {"format": {"type": "json_schema", "name": "a", "strict": True, "schema": _SCHEMA}}},
        },
    ),
    Feature(
        "pictures",
        _user(
            {"type": "image_url", "image_url": {"url": _PICTURE}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
            {"type": "input_image", "image_url": _PICTURE, "detail": "auto"},
        ),
    ),
    Feature(
        "pictures by URL",
        _user(
            {"type": "image_url", "image_url": {"url": _LINK}},
            {"type": "image", "source": {"type": "url", "url": _LINK}},
            {"type": "input_image", "image_url": _LINK, "detail": "auto"},
        ),
    ),
    Feature(
        "PDF",
        _user(
            {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{_PDF}"}},
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": _PDF}},
            {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{_PDF}"},
        ),
    ),
    Feature("sound", _user({"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}, None, None)),
    Feature(
        "documents with citations",
        _user(
            None,
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "The sky is green."},
                "citations": {"enabled": True},
            },
            None,
        ),
    ),
    Feature(
        "effort of thinking",
        {
            "openai": {"reasoning_effort": "low"},
            "anthropic": {"output_config": {"effort": "low"}},
            "responses": {"reasoning": {"effort": "low"}},
        },
    ),
    Feature("budget of thinking", {"anthropic": {"thinking": {"type": "enabled", "budget_tokens": 2048}}}),
    Feature(
        "hints for caches",
        {
            "openai": {"prompt_cache_key": "k1"},
            "anthropic": {
                "system": [{"type": "text", "text": "Rhyme.", "cache_control": {"type": "ephemeral"}}],
            },
            "responses": {"prompt_cache_key": "k1"},
        },
        {"openai": {}, "anthropic": {"system": "Rhyme."}, "responses": {}},
    ),
    Feature("verbosity", {"openai": {"verbosity": "low"}, "responses": {"text": {"verbosity": "low"}}}),
    Feature(
        "the user's id",
        {"openai": {"user": "u1"}, "anthropic": {"metadata": {"user_id": "u1"}}, "responses": {"user": "u1"}},
    ),
    Feature("labels", _all("metadata", {"job": "7"}, "openai", "responses")),
    Feature(
        "tier of service",
        {
            "openai": {"service_tier": "flex"},
            "responses": {"service_tier": "flex"},
        },
    ),
    Feature(
        "the vendor's own tools",
        {
            "openai": {"web_search_options": {}, "tools": [{"type": "custom", "custom": {"name": "sql"}}]},
            "anthropic": {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
            "responses": {"tools": [{"type": "web_search"}]},
        },
    ),
    Feature("a field that nobody knows", _all("from_the_future", {"a": 1})),
)
