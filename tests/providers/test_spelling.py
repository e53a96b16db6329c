"""What `write` and a row's quirks make of a request, held against the request types of the vendor's own client."""

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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
from shared.dialects.openai import DIALECT
from shared.errors import UnsupportedParameter
from shared.providers.find import get_provider
from shared.providers.rows import PROVIDERS

VALIDATED = {
    "openai": "openai",
    "openrouter": "openrouter",
    "huggingface": "huggingface",
    "grok": "xai",
    "github": "github",
    "mistral": "mistral",
    "groq": "groq",
    "deepseek": "deepseek",
    "together": "together",
    "fireworks": "fireworks",
    "cerebras": "cerebras",
    "ollama": "ollama",
    "vllm": "openai-compatible",
    "custom": "openai-compatible",
    "moonshot": "openai-compatible",
    "perplexity": "openai-compatible",
    "azure": "azure",
}
PICTURE = "iVBORw0KGgo="
HELLO = Message("user", (Text("Hello"),))
PLAIN = ChatRequest("some-model", (HELLO,))
WEATHER = Tool("weather", "Tells the weather", {"type": "object", "properties": {"city": {"type": "string"}}})
PARIS = Message("assistant", (Text("Let me see."), ToolCall("call_1", "weather", '{"city":"Paris"}')))

REQUESTS = {
    "plain": PLAIN,
    "stream": replace(PLAIN, stream=True),
    "system": replace(PLAIN, messages=(Message("system", (Text("Be brief."),)), HELLO)),
    "texts": replace(
        PLAIN, messages=(Message("system", (Text("a"), Text("b"))), Message("user", (Text("c"), Text("d"))))
    ),
    "sampling": replace(PLAIN, max_tokens=64, temperature=0.5, top_p=0.9, stop=("END", "###")),
    "penalties": replace(PLAIN, frequency_penalty=0.5, presence_penalty=0.25),
    "seed": replace(PLAIN, seed=7),
    "n": replace(PLAIN, n=2),
    "one": replace(PLAIN, n=1, logprobs=False, parallel_tool_calls=True, tools=(WEATHER,)),
    "logprobs": replace(PLAIN, logprobs=True, top_logprobs=3),
    "tools": replace(PLAIN, tools=(WEATHER, Tool("noop")), tool_choice=ToolChoice("auto")),
    "required tool": replace(PLAIN, tools=(WEATHER,), tool_choice=ToolChoice("required")),
    "named tool": replace(PLAIN, tools=(WEATHER,), tool_choice=ToolChoice("tool", "weather")),
    "one call at a time": replace(PLAIN, tools=(WEATHER,), parallel_tool_calls=False),
    "strict tool": replace(PLAIN, tools=(replace(WEATHER, strict=True),)),
    "history": replace(
        PLAIN,
        tools=(WEATHER,),
        messages=(
            HELLO,
            Message("assistant", (Reasoning("Hm.", "c2ln"), Reasoning(redacted="ZGF0YQ=="), *PARIS.parts)),
            Message("tool", (ToolResult("call_1", (Text("sunny"),)),)),
            Message("assistant", (Text("It is sunny."),)),
            HELLO,
        ),
    ),
    "two results": replace(
        PLAIN,
        tools=(WEATHER,),
        messages=(
            HELLO,
            Message("assistant", (ToolCall("a", "weather", "{}"), ToolCall("b", "weather", ""))),
            Message("tool", (ToolResult("b", (Text("rain"),)), ToolResult("a", (Text("sun"), Text("and wind"))))),
        ),
    ),
    "refusal": replace(PLAIN, messages=(HELLO, Message("assistant", (Refusal("I will not."),)), HELLO)),
    "name": replace(PLAIN, messages=(Message("user", (Text("Hi"),), name="ann"),)),
    "picture": replace(
        PLAIN,
        messages=(
            Message(
                "user",
                (Text("What?"), Media("image", "image/png", PICTURE), Media("image", url="https://example.com/a.png")),
            ),
        ),
    ),
    "detail": replace(PLAIN, messages=(Message("user", (Media("image", "image/png", PICTURE, detail="low"),)),)),
    "file": replace(PLAIN, messages=(Message("user", (Media("file", "application/pdf", PICTURE, name="a.pdf"),)),)),
    "linked file": replace(PLAIN, messages=(Message("user", (Media("file", url="https://example.com/a.pdf"),)),)),
    "sound": replace(PLAIN, messages=(Message("user", (Media("audio", "audio/mpeg", PICTURE),)),)),
    "film": replace(PLAIN, messages=(Message("user", (Media("video", url="https://example.com/a.mp4"),)),)),
    "json": replace(PLAIN, response_format=ResponseFormat("json_object")),
    "text": replace(PLAIN, response_format=ResponseFormat("text")),
    "schema": replace(PLAIN, response_format=ResponseFormat("json_schema", "it", {"type": "object"}, strict=True)),
    "effort": replace(PLAIN, reasoning_effort="low"),
    "budget": replace(PLAIN, reasoning_budget=1024),
    "top k": replace(PLAIN, top_k=40),
    "user": replace(PLAIN, user="u-1"),
    "metadata": replace(PLAIN, metadata={"trace": "1"}),
    "tier": replace(PLAIN, service_tier="auto"),
}
UNKNOWN_TO_OPENAIS_TYPES = {("vllm", "film"), ("custom", "film"), ("moonshot", "film")}
REFUSED = {
    "openai": {"film", "linked file", "budget", "top k"},
    "openrouter": {"n"},
    "huggingface": {"n", "file", "linked file", "sound", "film", "budget"},
    "grok": {"file", "linked file", "sound", "film", "budget", "top k"},
    "github": {"file", "linked file", "film", "budget", "top k"},
    "mistral": {"name", "film", "budget", "user"},
    "groq": {"n", "logprobs", "file", "linked file", "sound", "film", "budget", "top k"},
    "deepseek": {"n", "picture", "detail", "file", "linked file", "sound", "film", "schema", "budget", "top k"},
    "together": {
        "detail",
        "strict tool",
        "one call at a time",
        "file",
        "linked file",
        "sound",
        "budget",
        "user",
        "metadata",
        "tier",
    },
    "fireworks": {"file", "linked file", "sound", "film", "budget"},
    "cerebras": {"file", "linked file", "sound", "film", "budget", "top k", "metadata"},
    "azure": {"film", "linked file", "budget", "top k"},
    "perplexity": {
        *{"seed", "n", "logprobs", "tools", "required tool", "named tool", "one call at a time", "strict tool"},
        *{"one", "history", "two results", "file", "linked file", "sound", "film", "budget"},
    },
    "moonshot": {"file", "linked file", "sound", "budget", "top k"},
    "ollama": {"n", "required tool", "named tool", "file", "linked file", "sound", "film", "budget", "top k"},
    "vllm": {"file", "linked file", "budget"},
    "custom": {"linked file", "budget"},
}


def spelled(provider: str, request: ChatRequest) -> dict[str, Any]:
    return get_provider(provider).spell(DIALECT.write(request, None).body)


@pytest.fixture(scope="module")
def validate(shared_material: Path) -> Callable[..., Any]:
    path = shared_material / "provider-traffic" / "validate_request.py"
    specification = importlib.util.spec_from_file_location("validate_request", path)
    assert specification is not None
    assert specification.loader is not None
    module = sys.modules["validate_request"] = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    check: Callable[..., Any] = module.validate
    return check


@pytest.mark.vectors
@pytest.mark.parametrize("provider", VALIDATED)
def test_every_request_is_either_what_the_vendors_client_would_send_or_refused_by_name(
    provider: str, validate: Callable[..., Any]
) -> None:
    """Traps 59, 81, 87."""
    wrong = {}
    for case, request in REQUESTS.items():
        if case in REFUSED[provider] or (provider, case) in UNKNOWN_TO_OPENAIS_TYPES:
            continue
        found = validate(VALIDATED[provider], "chat", json.loads(json.dumps(spelled(provider, request))))
        if not found.ok:
            wrong[case] = found.errors

    assert wrong == {}


@pytest.mark.parametrize("provider", REFUSED)
def test_what_a_provider_cannot_do_is_refused_with_the_parameters_name(provider: str) -> None:
    """Trap 81."""
    refused = {}
    for case, request in REQUESTS.items():
        try:
            spelled(provider, request)
        except UnsupportedParameter as error:
            refused[case] = error.parameter

    assert set(refused) == REFUSED[provider]
    assert all(name and re.fullmatch(r"options\.\w+|messages\[\d+\]\.\w+", name) for name in refused.values())


def test_every_openai_like_row_is_tried() -> None:
    assert {row.id for row in PROVIDERS if row.dialect == "openai"} == set(REFUSED) == set(VALIDATED)


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("openai", "max_completion_tokens"),
        ("github", "max_tokens"),
        ("deepseek", "max_tokens"),
        ("custom", "max_tokens"),
    ],
)
def test_the_length_is_bounded_by_the_name_that_the_vendor_knows(provider: str, name: str) -> None:
    """Trap 59."""
    body = spelled(provider, replace(PLAIN, max_tokens=9))

    assert {key: value for key, value in body.items() if "tokens" in key} == {name: 9}


@pytest.mark.parametrize("model", ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5-mini", "gpt-5-2025-08-07"])
@pytest.mark.parametrize("wish", [{"temperature": 0.2}, {"top_p": 0.5}, {"logprobs": True}, {"presence_penalty": 1.0}])
def test_openais_reasoning_models_refuse_sampling(model: str, wish: dict[str, Any]) -> None:
    """Trap 59."""
    with pytest.raises(UnsupportedParameter):
        spelled("openai", replace(PLAIN, model=model, **wish))


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-chat-latest", "gpt-5.1", "gpt-4.1-mini", "ft:o1"])
def test_other_models_sample(model: str) -> None:
    assert spelled("openai", replace(PLAIN, model=model, temperature=0.2))["temperature"] == 0.2


def test_later_models_sample_unless_they_think() -> None:
    """Trap 59."""
    thinking = replace(PLAIN, model="gpt-5.1", temperature=0.2, reasoning_effort="high")

    with pytest.raises(UnsupportedParameter, match=re.escape("options.temperature")):
        spelled("openai", thinking)
    assert "temperature" in spelled("openai", replace(thinking, reasoning_effort="none"))


def test_what_a_reasoning_model_does_anyway_is_no_wish() -> None:
    body = spelled("openai", replace(PLAIN, model="o3", temperature=1, logprobs=False))

    assert body == {"model": "o3", "messages": [{"role": "user", "content": "Hello"}]}


def test_githubs_openai_reasoning_models_know_the_newer_name_alone() -> None:
    """Traps 59, 63."""
    assert spelled("github", replace(PLAIN, model="openai/o4-mini", max_tokens=9))["max_completion_tokens"] == 9


@pytest.mark.parametrize(
    ("provider", "field"),
    [
        ("deepseek", "reasoning_content"),
        ("moonshot", "reasoning_content"),
        ("fireworks", "reasoning_content"),
        ("groq", "reasoning"),
        ("cerebras", "reasoning"),
        ("ollama", "reasoning"),
        ("vllm", "reasoning"),
    ],
)
def test_earlier_thinking_goes_back_in_the_vendors_own_field(provider: str, field: str) -> None:
    turn = spelled(provider, REQUESTS["history"])["messages"][1]

    assert turn[field] == "Hm."


@pytest.mark.parametrize("provider", ["openai", "github", "grok", "huggingface", "together", "cohere", "custom"])
def test_earlier_thinking_stays_behind_where_nobody_wants_it(provider: str) -> None:
    turn = spelled(provider, REQUESTS["history"])["messages"][1]

    assert set(turn) == {"role", "content", "tool_calls"}


def test_openrouters_reasoning_details_go_back_byte_exact() -> None:
    detail = {"type": "reasoning.encrypted", "data": "xyz", "id": "rs_1", "format": "openai-responses-v1", "index": 0}
    heard = DIALECT.read(
        json.dumps({"choices": [{"message": {"content": "a", "reasoning_details": [detail]}}]}).encode()
    )
    redacted = next(event.redacted for event in heard if hasattr(event, "redacted"))
    turns = (HELLO, Message("assistant", (Reasoning(redacted=redacted), Reasoning("Hm.", "sig"), Text("a"))), HELLO)

    turn = spelled("openrouter", replace(PLAIN, messages=turns))["messages"][1]

    assert turn["reasoning_details"] == [detail, {"type": "reasoning.text", "text": "Hm.", "signature": "sig"}]


def test_openrouter_reasons_by_effort_or_by_tokens() -> None:
    assert spelled("openrouter", replace(PLAIN, reasoning_effort="high"))["reasoning"] == {"effort": "high"}
    assert spelled("openrouter", replace(PLAIN, reasoning_budget=2048))["reasoning"] == {"max_tokens": 2048}


def test_mistral_has_words_of_its_own() -> None:
    request = replace(REQUESTS["history"], seed=7, tool_choice=ToolChoice("required"), stream=True)

    body = spelled("mistral", request)

    assert (body["random_seed"], body["tool_choice"], "stream_options" in body) == (7, "any", False)
    assert body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "signature": "c2ln"},
        {"type": "text", "text": "Let me see."},
    ]


def test_mistrals_documents_and_sounds() -> None:
    assert spelled("mistral", REQUESTS["linked file"])["messages"][0]["content"] == [
        {"type": "document_url", "document_url": "https://example.com/a.pdf"}
    ]
    assert spelled("mistral", REQUESTS["sound"])["messages"][0]["content"] == [
        {"type": "input_audio", "input_audio": PICTURE}
    ]


def test_a_quirk_leaves_the_body_it_was_given_alone() -> None:
    for row in PROVIDERS:
        for quirk in row.quirks:
            body = DIALECT.write(REQUESTS["history"], None).body
            before = json.dumps(body)
            try:
                quirk(body)
            except UnsupportedParameter:
                continue
            assert json.dumps(body) == before, row.id


CALLERS_OWN: dict[str, Any] = {
    "model": "some-model",
    "max_tokens": 5,
    "max_completion_tokens": None,
    "n": None,
    "seed": None,
    "logprobs": None,
    "top_logprobs": None,
    "user": None,
    "metadata": {},
    "response_format": None,
    "tool_choice": None,
    "parallel_tool_calls": None,
    "service_tier": None,
    "reasoning": None,
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": [{"text": "no type"}, {"type": "hologram", "hologram": 1}], "name": None},
        {
            "role": "assistant",
            "content": None,
            "refusal": None,
            "reasoning_content": "Hm.",
            "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "c2ln", "index": 0}],
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c", "name": "f", "content": "r"},
    ],
}
TOOLS = [{"type": "custom", "custom": {"name": "shell"}}, {"type": "function", "function": {"name": "f"}}]


@pytest.mark.parametrize("provider", REFUSED)
def test_a_callers_own_body_passes_every_row_and_stays_as_it_was(provider: str) -> None:
    """Trap 59: a length under its former name, and nulls for what is not wished."""
    body = CALLERS_OWN if provider == "perplexity" else {**CALLERS_OWN, "tools": TOOLS}
    before = json.dumps(body)
    said = get_provider(provider).spell(body)

    assert json.dumps(body) == before
    assert said["max_tokens"] == 5
    assert said["messages"][1]["content"] == CALLERS_OWN["messages"][1]["content"]
    assert provider == "perplexity" or said["tools"][0] == TOOLS[0]


@pytest.mark.parametrize("model", ["o3", "gpt-5", "gpt-5.1", "openai/o4-mini"])
@pytest.mark.parametrize("provider", ["openai", "github"])
def test_a_reasoning_model_gets_the_length_by_the_name_it_knows(provider: str, model: str) -> None:
    """Trap 59."""
    said = get_provider(provider).spell({"model": model, "max_tokens": 9, "messages": []})

    assert {name: value for name, value in said.items() if "tokens" in name} == {"max_completion_tokens": 9}


def test_of_both_names_of_a_length_one_is_sent() -> None:
    """Trap 59."""
    both = {"model": "m", "max_tokens": 9, "max_completion_tokens": 9, "messages": []}

    assert get_provider("custom").spell(both) == {"model": "m", "max_tokens": 9, "messages": []}
    assert get_provider("openai").spell({**both, "model": "o3"})["max_completion_tokens"] == 9


def turn(provider: str, **fields: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "a", **fields}
    body = get_provider(provider).spell({"model": "m", "messages": [{"role": "user", "content": "q"}, message]})
    sent: dict[str, Any] = body["messages"][1]
    return sent


DETAILS = [
    {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln"},
    {"type": "reasoning.encrypted", "data": "ZGF0YQ=="},
]
BLOCKS = [
    {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
    {"type": "redacted_thinking", "data": "ZGF0YQ=="},
]


def test_thinking_in_any_form_goes_back_in_the_vendors_own() -> None:
    for given in ({"reasoning_details": DETAILS}, {"thinking_blocks": BLOCKS}, {"reasoning": "Hm."}):
        assert turn("deepseek", **given) == {"role": "assistant", "content": "a", "reasoning_content": "Hm."}
        assert turn("groq", **given) == {"role": "assistant", "content": "a", "reasoning": "Hm."}
        assert turn("mistral", **given)["content"][0]["thinking"] == [{"type": "text", "text": "Hm."}]


def test_thinking_in_the_vendors_own_form_stays_as_it_came() -> None:
    assert turn("deepseek", reasoning_content="")["reasoning_content"] == ""
    assert turn("deepseek", reasoning_content="mine", reasoning_details=DETAILS) == {
        "role": "assistant",
        "content": "a",
        "reasoning_content": "mine",
    }
    assert turn("openrouter", reasoning="Hm.", reasoning_details=DETAILS) == {
        "role": "assistant",
        "content": "a",
        "reasoning": "Hm.",
        "reasoning_details": DETAILS,
    }
    assert turn("openrouter", thinking_blocks=BLOCKS)["reasoning_details"] == DETAILS
    others = [{**DETAILS[0], "provider": "google"}]
    assert turn("openrouter", reasoning_details=others) == {"role": "assistant", "content": "a", "reasoning": "Hm."}
    assert turn("custom", reasoning_content="mine")["reasoning_content"] == "mine"


@pytest.mark.parametrize("provider", ["openai", "github"])
def test_openai_is_told_what_was_said_and_called_alone(provider: str) -> None:
    """Trap 52: another provider's thinking is of no use to it."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    signed = {**call, "extra_content": {"google": {"thought_signature": "c2ln"}}}
    given = {"reasoning_content": "Hm.", "reasoning_details": DETAILS, "provider_annotations": [{"name": "x"}]}

    assert turn(provider, tool_calls=[signed], **given) == {"role": "assistant", "content": "a", "tool_calls": [call]}


def test_a_tools_name_is_no_participants() -> None:
    """Trap 82."""
    message = {"role": "tool", "tool_call_id": "c", "name": "f", "content": "r"}
    body = {"model": "m", "messages": [message]}

    assert get_provider("mistral").spell(body)["messages"] == [message]


def test_another_providers_signature_proves_nothing() -> None:
    """Trap 52."""
    ours = [{**DETAILS[0], "provider": "anthropic"}]

    assert turn("mistral", reasoning_details=ours)["content"][0] == {
        "type": "thinking",
        "thinking": [{"type": "text", "text": "Hm."}],
    }
