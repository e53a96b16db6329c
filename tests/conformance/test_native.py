from pathlib import Path

import pytest

from shared.dialects.native.read import read_request
from shared.dialects.signatures import mark
from shared.wire.json import write
from tests.conformance.corpus import CHAT_APIS, read_corpus
from tests.conformance.native import NotUnderstood, native_request, without


def test_openai_keeps_what_our_api_can_say() -> None:
    recorded = {
        "messages": [
            {"role": "developer", "content": "be brief"},
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}}],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "a", "content": "1"},
        ],
        "max_completion_tokens": 9,
        "tools": [{"type": "function", "function": {"name": "f", "strict": True}}, {"type": "openrouter:web_search"}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "safe_prompt": True,
    }

    asked = native_request("chat", recorded, "m")

    assert [message["role"] for message in asked["messages"]] == ["developer", "user", "assistant", "tool"]
    assert asked["messages"][1]["content"][0]["image_url"]["detail"] == "low"
    assert asked["options"] == {
        "maxTokens": 9,
        "tools": [{"type": "function", "function": {"name": "f", "strict": True}}],
        "toolChoice": {"type": "function", "function": {"name": "f"}},
    }


def test_responses_items_are_turns_again() -> None:
    thinking = {"type": "reasoning", "id": "rs_1", "encrypted_content": "gA==", "summary": [{"text": "hm"}]}
    recorded = {
        "instructions": "be brief",
        "input": [
            {
                "role": "user",
                "content": [{"type": "input_text", "text": "2+3?"}, {"type": "input_file", "file_id": "f"}],
            },
            thinking,
            {"type": "function_call", "call_id": "t", "name": "add", "arguments": ""},
            {"type": "function_call_output", "call_id": "t", "output": "5"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "5"}]},
        ],
        "tools": [{"type": "web_search"}, {"type": "function", "name": "add", "strict": False}],
        "tool_choice": {"type": "function", "name": "add"},
        "text": {"format": {"type": "json_object"}},
        "reasoning": {"effort": "low", "summary": "auto"},
        "previous_response_id": "resp_1",
    }

    asked = native_request("responses", recorded, "m")

    assert asked["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "2+3?"}]},
        {
            "role": "assistant",
            "reasoning_details": [{"text": "hm", "signature": mark("responses", thinking)}],
            "tool_calls": [{"id": "t", "type": "function", "function": {"name": "add", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "t", "content": "5"},
        {"role": "assistant", "content": "5"},
    ]
    assert asked["options"] == {
        "reasoningEffort": "low",
        "tools": [{"type": "function", "function": {"name": "add", "strict": False}}],
        "toolChoice": {"type": "function", "function": {"name": "add"}},
        "responseFormat": {"type": "json_object"},
    }


def test_anthropic_thinking_and_results_come_across() -> None:
    recorded = {
        "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "2+3?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                    {"type": "redacted_thinking", "data": "eA=="},
                    {"type": "tool_use", "id": "t", "name": "add", "input": {"a": 2}},
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t", "content": "5", "is_error": True}],
            },
        ],
        "max_tokens": 10,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tool_choice": {"type": "any"},
    }

    asked = native_request("messages", recorded, "m")

    assert asked["messages"][0] == {"role": "system", "content": "be brief"}
    assert asked["messages"][2]["reasoning_details"] == [{"text": "hm", "signature": "c2ln"}, {"redacted": "eA=="}]
    assert asked["messages"][3] == {"role": "tool", "tool_call_id": "t", "content": "5", "is_error": True}
    assert asked["options"] == {"maxTokens": 10, "reasoningBudget": 1024}


def test_gemini_calls_are_numbered_and_results_find_theirs_by_name() -> None:
    recorded = {
        "contents": [
            {"role": "user", "parts": [{"text": "go"}]},
            {
                "role": "model",
                "parts": [
                    {"function_call": {"name": "a", "args": {"x": 1}}, "thought_signature": "c2ln"},
                    {"functionCall": {"name": "b"}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"name": "b", "response": {"r": 2}}},
                    {"function_response": {"name": "a"}},
                ],
            },
        ],
        "generation_config": {
            "max_output_tokens": 5,
            "response_schema": {"type": "OBJECT", "properties": {"type": {"type": "STRING"}}},
        },
        "safetySettings": [],
    }

    asked = native_request("generateContent", recorded, "m")

    calls, results = asked["messages"][1]["tool_calls"], asked["messages"][2:]
    assert calls[0]["signature"] == "c2ln"
    assert [result["tool_call_id"] for result in results] == [calls[1]["id"], calls[0]["id"]]
    assert asked["options"]["responseFormat"]["json_schema"]["schema"] == {
        "type": "object",
        "properties": {"type": {"type": "string"}},
    }


def test_what_recordings_mix_up_is_put_in_order() -> None:
    call = {"id": "right", "function": {"name": "f", "arguments": "{}"}}
    recorded = {
        "messages": [
            {"role": "assistant", "tool_calls": [call, {**call, "id": "unanswered"}]},
            {"role": "tool", "tool_call_id": "wrong", "content": "1"},
            {"role": "user", "content": "and?"},
            {"role": "tool", "tool_call_id": "nobody's", "content": "2"},
        ]
    }

    asked = native_request("chat", recorded, "m")["messages"]

    assert [call["id"] for call in asked[0]["tool_calls"]] == ["right"]
    assert asked[1]["tool_call_id"] == "right"
    assert asked[3] == {"role": "user", "content": "2"}


def test_nothing_recorded_is_a_hello_and_nonsense_is_told() -> None:
    assert native_request("chat", None, "m")["messages"] == [{"role": "user", "content": "hello"}]
    with pytest.raises(NotUnderstood):
        native_request("chat", {"messages": [7]}, "m")


def test_a_refused_parameter_is_left_out_by_its_name() -> None:
    asked = {
        "messages": [{"role": "user", "content": [{"type": "file", "file": {}}, {"type": "text", "text": "see"}]}],
        "options": {"n": 2},
    }

    assert without(asked, "options.n") == {**asked, "options": {}}
    assert without(asked, "messages[0].content") == {
        **asked,
        "messages": [{"role": "user", "content": "(left out)\nsee"}],
    }
    assert without(asked, "options.seed") is None


def test_every_recorded_request_becomes_one_that_our_api_takes(shared_material: Path) -> None:
    """Those that a provider refused may be anything."""
    exchanges = [exchange for exchange in read_corpus(shared_material / "provider-traffic") if not exchange.failed]
    for exchange in exchanges:
        asked = native_request(exchange.api, exchange.request, exchange.model)
        read_request(write(asked), stream=exchange.is_stream)

    assert {exchange.api for exchange in exchanges} == set(CHAT_APIS)


def test_numbers_and_labels_are_as_our_api_has_them() -> None:
    """Found by mutating recorded requests."""
    recorded = {"messages": [], "top_k": -1, "seed": 4.0, "temperature": 1.0, "metadata": {"a": 1, "b": "c"}}
    gemini = {"generationConfig": {"topK": 40.0, "topP": 1.0}}

    told = native_request("chat", recorded, "m")["options"]

    assert told == {"seed": 4, "temperature": 1.0, "metadata": {"a": "1", "b": "c"}}
    assert isinstance(told["seed"], int)
    assert native_request("generateContent", gemini, "m")["options"] == {"topK": 40, "topP": 1.0}


def test_together_counts_alternatives() -> None:
    assert native_request("chat", {"logprobs": 2}, "m")["options"] == {"logprobs": True, "topLogprobs": 2}


def test_a_sound_that_lies_at_google_is_a_file_there() -> None:
    uri = "https://generativelanguage.googleapis.com/v1beta/files/x"
    recorded = {"contents": [{"role": "user", "parts": [{"fileData": {"fileUri": uri, "mimeType": "audio/mp3"}}]}]}

    assert native_request("generateContent", recorded, "m")["messages"][0]["content"] == [
        {"type": "file", "file": {"url": uri}}
    ]


def test_an_option_is_left_out_whatever_of_it_was_refused() -> None:
    request = {"model": "m", "messages": [], "options": {"tools": [{}], "seed": 1}}

    assert without(request, "options.tools[0].function.name") == {**request, "options": {"seed": 1}}
    assert without(request, "options.metadata[...]") is None
