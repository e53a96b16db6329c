"""What is asked in the words of Responses."""

from dataclasses import replace
from typing import Any

import pytest

from shared.chat.collect import collect
from shared.chat.request import (
    ChatRequest,
    Media,
    Message,
    Original,
    Reasoning,
    Refusal,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from shared.dialects.responses import DIALECT
from shared.errors import UnsupportedParameter
from tests.fakes.streams import fixture, hear

PLAIN = ChatRequest("gpt-4.1", (Message("user", (Text("Hi"),)),))


def body(**wishes: Any) -> dict[str, Any]:
    return DIALECT.write(replace(PLAIN, **wishes), None).body


def items(*turns: Message) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = body(messages=turns)["input"]
    return written


def test_what_the_caller_left_out_is_left_out_and_nothing_is_stored() -> None:
    written = DIALECT.write(PLAIN, 4096)

    assert (written.path, written.query, dict(written.headers)) == ("/responses", "", {})
    assert written.body == {"model": "gpt-4.1", "input": [{"role": "user", "content": "Hi"}], "store": False}


def test_wishes_have_their_own_words() -> None:
    """Trap 59: the largest output has the one name that all models know."""
    written = body(
        max_tokens=99,
        temperature=0.0,
        top_p=0.5,
        parallel_tool_calls=False,
        user="u",
        service_tier="flex",
        metadata={"a": "b"},
        stream=True,
    )

    assert written.items() >= {"max_output_tokens": 99, "temperature": 0.0, "top_p": 0.5, "stream": True}.items()
    assert (written["parallel_tool_calls"], written["user"], written["service_tier"]) == (False, "u", "flex")
    assert (written["metadata"], "stream_options" in written) == ({"a": "b"}, False)


@pytest.mark.parametrize(
    ("field", "value", "parameter"),
    [
        ("n", 2, "options.n"),
        ("stop", ("x",), "options.stop"),
        ("seed", 0, "options.seed"),
        ("frequency_penalty", 0.5, "options.frequencyPenalty"),
        ("presence_penalty", 0.5, "options.presencePenalty"),
        ("top_k", 3, "options.topK"),
        ("reasoning_budget", 1024, "options.reasoningBudget"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, value: Any, parameter: str) -> None:
    """Traps 81, 87."""
    with pytest.raises(UnsupportedParameter) as refusal:
        body(**{field: value})

    assert refusal.value.parameter == parameter


@pytest.mark.parametrize(
    ("model", "effort", "samples"),
    [
        ("gpt-4.1", None, True),
        ("gpt-5-chat-latest", None, True),
        ("gpt-5.2", None, True),
        ("gpt-5.2", "none", True),
        ("gpt-5.2", "low", False),
        ("gpt-6-sol", None, True),
        ("gpt-6.1-sol", "max", False),
        ("gpt-5.2-pro", None, False),
        ("gpt-5.1-codex-mini", None, False),
        ("gpt-5", None, False),
        ("openai/o3-pro", None, False),
        ("codex-mini-latest", None, False),
        ("openai.gpt-oss-20b", "low", True),
    ],
)
def test_reasoning_models_sample_as_they_like(model: str, effort: str | None, *, samples: bool) -> None:
    """Trap 59."""
    usual = body(model=model, reasoning_effort=effort, temperature=1.0, top_p=1, logprobs=False)

    assert ("temperature" in usual, "top_p" in usual) == (samples, samples)
    if samples:
        assert body(model=model, reasoning_effort=effort, temperature=0.5)["temperature"] == 0.5
        return
    with pytest.raises(UnsupportedParameter) as refusal:
        body(model=model, reasoning_effort=effort, temperature=0.5)
    assert refusal.value.parameter == "options.temperature"


def test_what_is_done_anyway_is_no_wish() -> None:
    assert body(n=1, frequency_penalty=0, presence_penalty=0, logprobs=False) == body()


def test_turns_keep_their_order_and_their_parts() -> None:
    """Traps 41, 58: every system message stays where it was; calls and results find each other by `call_id`."""
    written = items(
        Message("system", (Text("Be brief."),)),
        Message(
            "user", (Text("Look"), Media("image", "image/png", "AAAA", detail="low"), Media("image", url="https://x/y"))
        ),
        Message("assistant", (Text("One"), Text("two"), ToolCall("c1", "now", ""), Text("three"))),
        Message("tool", (ToolResult("c1", (Text("noon"),)),)),
        Message("system", (Text("Be briefer."),)),
        Message("assistant", (Refusal("No."),)),
    )

    assert written == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Look"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
                {"type": "input_image", "image_url": "https://x/y", "detail": "auto"},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "output_text", "text": "One"}, {"type": "output_text", "text": "two"}],
        },
        {"type": "function_call", "call_id": "c1", "name": "now", "arguments": "{}"},
        {"role": "assistant", "content": "three"},
        {"type": "function_call_output", "call_id": "c1", "output": "noon"},
        {"role": "system", "content": "Be briefer."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    ]


def test_results_are_told_by_id_each_as_its_own_item_with_pictures_if_any() -> None:
    """Traps 39, 82."""
    picture = Media("image", "image/png", "AAAA")
    calls = Message("assistant", (ToolCall("a", "now"), ToolCall("b", "look")))
    results = Message("tool", (ToolResult("b", (Text("Here"), picture)), ToolResult("a", ())))

    assert items(calls, results)[2:] == [
        {
            "type": "function_call_output",
            "call_id": "b",
            "output": [
                {"type": "input_text", "text": "Here"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"},
            ],
        },
        {"type": "function_call_output", "call_id": "a", "output": ""},
    ]


def test_documents_go_as_they_are_or_by_url() -> None:
    parts = (
        Media("file", "application/pdf", "JVBE", name="a.pdf"),
        Media("file", "application/pdf", "JVBE"),
        Media("file", "text/plain", "aGk="),
        Media("file", url="https://x/a.pdf"),
    )

    assert items(Message("user", parts))[0]["content"] == [
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
        {"type": "input_file", "filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBE"},
        {"type": "input_file", "filename": "document", "file_data": "data:text/plain;base64,aGk="},
        {"type": "input_file", "file_url": "https://x/a.pdf"},
    ]


@pytest.mark.parametrize(
    ("message", "parameter"),
    [
        (Message("user", (Media("audio", "audio/wav", "AAAA"),)), "messages[1].content"),
        (Message("user", (Media("video", url="https://x/y"),)), "messages[1].content"),
        (Message("assistant", (Media("image", url="https://x/y"),)), "messages[1].content"),
        (Message("user", (ToolCall("c", "now"),)), "messages[1].content"),
        (Message("user", (Text("Hi"),), name="Ann"), "messages[1].name"),
    ],
)
def test_what_a_message_cannot_hold_is_refused_by_name(message: Message, parameter: str) -> None:
    """Trap 81."""
    with pytest.raises(UnsupportedParameter) as refusal:
        items(Message("user", (Text("Hi"),)), message)

    assert refusal.value.parameter == parameter


def test_a_tool_is_strict_only_when_that_was_asked_for() -> None:
    """Left out it would be strict, and its schema rewritten."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}

    assert body(tools=(Tool("f", "does", schema, strict=True), Tool("g")))["tools"] == [
        {"type": "function", "name": "f", "description": "does", "parameters": schema, "strict": True},
        {"type": "function", "name": "g", "parameters": {"type": "object", "properties": {}}, "strict": False},
    ]


@pytest.mark.parametrize("mode", ["auto", "none", "required"])
def test_which_tool_to_call_crosses(mode: Any) -> None:
    """Trap 87."""
    assert body(tool_choice=ToolChoice(mode))["tool_choice"] == mode
    assert body(tool_choice=ToolChoice("tool", "f"))["tool_choice"] == {"type": "function", "name": "f"}


def test_the_form_of_the_answer_is_one_of_its_text() -> None:
    schema = ResponseFormat("json_schema", schema={"type": "object"}, strict=True)

    assert body(response_format=ResponseFormat("json_object"), verbosity="low")["text"] == {
        "format": {"type": "json_object"},
        "verbosity": "low",
    }
    assert body(response_format=schema)["text"] == {
        "format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": True}
    }


def test_logprobs_are_asked_for_by_name() -> None:
    assert body(logprobs=True)["include"] == ["message.output_text.logprobs"]
    assert body(logprobs=True, top_logprobs=3).items() >= {"top_logprobs": 3}.items()


@pytest.mark.parametrize(
    ("model", "effort", "thinks"),
    [
        ("gpt-5.5", None, True),
        ("o3-pro", None, True),
        ("openai/gpt-5-nano", None, True),
        ("openai.gpt-oss-20b", None, True),
        ("grok-4.3", None, True),
        ("gpt-6-luna", None, True),
        ("codex-mini-latest", None, True),
        ("gpt-5-chat-latest", None, False),
        ("gpt-4o", None, False),
        ("my-deployment", None, False),
        ("my-deployment", "low", True),
        ("gpt-5.5", "none", False),
    ],
)
def test_encrypted_thinking_is_asked_of_those_who_think(model: str, effort: str | None, *, thinks: bool) -> None:
    """Trap 61: nothing is stored, so thinking travels with the caller. Others answer such a wish with 400."""
    assert body(model=model, reasoning_effort=effort).get("include") == (
        ["reasoning.encrypted_content"] if thinks else None
    )


def test_whoever_asks_for_thinking_is_told_of_it() -> None:
    assert body(reasoning_effort="high")["reasoning"] == {"effort": "high", "summary": "auto"}
    assert body(reasoning_effort="none")["reasoning"] == {"effort": "none"}


def test_thinking_of_ours_goes_back_byte_exact_before_its_calls() -> None:
    """Trap 61, and 41: the item with its id and all its texts."""
    choice = collect(hear(DIALECT.stream(), [fixture("responses/tools_and_thinking.sse")])).choices[0]
    (block,) = choice.reasoning_blocks
    assert block.signature is not None

    written = items(Message("assistant", (block, Text(choice.text), *choice.tool_calls)))

    assert [item.get("type", "message") for item in written] == [
        *["reasoning", "message", "function_call", "function_call"]
    ]
    assert written[0] == {
        "type": "reasoning",
        "id": "rs_1",
        "encrypted_content": "gAAAAAB/+=",
        "summary": [
            {"type": "summary_text", "text": "Zwei Städte,"},
            {"type": "summary_text", "text": " zwei Aufrufe."},
        ],
    }
    assert body(messages=(Message("assistant", (block,)),))["include"] == ["reasoning.encrypted_content"]


@pytest.mark.parametrize(
    "thinking",
    [
        Reasoning("Hm"),
        Reasoning("Hm", "EqQBCkYI+/="),
        Reasoning(redacted='{"type":"reasoning.encrypted"}'),
        Reasoning("Hm", 'other:{"id":"x"}'),
        Reasoning("Hm", 'responses:{"id":'),
    ],
)
def test_thinking_of_others_is_left_out(thinking: Reasoning) -> None:
    """Trap 61."""
    assert items(Message("assistant", (thinking, Text("Hi")))) == [{"role": "assistant", "content": "Hi"}]


def kin(body: dict[str, Any], **filled: Any) -> dict[str, Any]:
    """As the gateway does it: what a bare request would say, then the caller's own words, then the last touch."""
    assert DIALECT.kin is not None
    request = replace(PLAIN, model="gpt-5.5", original=Original("responses", body, filled=filled))
    bare = DIALECT.write(ChatRequest("gpt-5.5", (), **filled), None).body
    return dict(DIALECT.kin({**bare, **body, "model": "gpt-5.5"}, request))


def test_the_body_of_kin_goes_out_as_it_came() -> None:
    """Whether the provider stores it and what it includes is the caller's to say: items that were stored are found by their id alone."""
    plain = {"model": "openai/gpt-5.5", "input": "Hi"}
    asked = {**plain, "store": False, "include": ["web_search_call.action.sources"], "tools": [{"type": "web_search"}]}

    assert kin(plain) == {"model": "gpt-5.5", "input": "Hi"}
    assert kin(asked) == {**asked, "model": "gpt-5.5"}
    assert kin(plain, temperature=0.5) == {"model": "gpt-5.5", "input": "Hi", "temperature": 0.5}
