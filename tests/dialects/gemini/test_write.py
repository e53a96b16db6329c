"""Requests in Gemini's words."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.chat.request import (
    ChatRequest,
    Media,
    Message,
    Reasoning,
    ResponseFormat,
    Text,
    ToolCall,
    ToolChoice,
)
from shared.dialects.gemini import DIALECT
from shared.errors import InvalidRequest, UnsupportedParameter
from tests.fakes.requests import (
    HELLO,
    NOW,
    PDF,
    PICTURE,
    PIXEL,
    SCHEMA,
    TWO_CALLS,
    WEATHER,
    result,
    rich_requests,
    user,
    validator,
)

OLD = replace(HELLO, model="gemini-2.5-flash")
NEW = replace(HELLO, model="gemini-3-flash-preview")


def write(request: ChatRequest = OLD, **changes: Any) -> dict[str, Any]:
    return DIALECT.write(replace(request, **changes), None).body


def asked(*messages: Message, request: ChatRequest = OLD) -> Any:
    return write(request, messages=messages)["contents"]


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3-flash-preview"])
@pytest.mark.parametrize("provider", ["google", "google-vertex"])
def test_the_official_types_take_what_is_written(shared_material: Path, provider: str, model: str) -> None:
    validate = validator(shared_material)
    sounds = replace(
        HELLO,
        model=model,
        messages=(user(Media("audio", "audio/wav", "UklGRg=="), Media("video", url="gs://b/a.mp4")),),
    )
    more = replace(
        HELLO, model=model, n=2, seed=7, logprobs=True, top_logprobs=3, frequency_penalty=0.1, presence_penalty=0.2
    )

    for request in (
        *rich_requests(model),
        sounds,
        more,
        replace(HELLO, model=model, response_format=ResponseFormat("json_object")),
    ):
        body = json.loads(json.dumps(DIALECT.write(request, None).body))
        assert validate(provider, "generateContent", body).errors == []


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash"),
        ("tunedModels/mine", "/v1beta/tunedModels/mine"),
        ("../../secret?x#y", "/v1beta/models/..%2F..%2Fsecret%3Fx%23y"),
        ("%2e%2e", "/v1beta/models/%252e%252e"),
        ("..", "/v1beta/models/.."),
    ],
)
def test_the_path_names_the_model_and_nothing_else(model: str, path: str) -> None:
    """Threat E7."""
    plain, stream = (DIALECT.write(replace(OLD, model=model, stream=stream), None) for stream in (False, True))

    assert (plain.path, plain.query) == (f"{path}:generateContent", "")
    assert (stream.path, stream.query) == (f"{path}:streamGenerateContent", "alt=sse")


def test_the_least_body() -> None:
    assert write() == {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}


def test_all_system_messages_are_merged_and_turns_of_one_role_too() -> None:
    """Trap 58."""
    body = write(
        messages=(
            Message("system", (Text("Be kind."),)),
            user("a"),
            Message("system", (Text("Rhyme."),)),
            user("b", ""),
        )
    )

    assert body["systemInstruction"] == {"parts": [{"text": "Be kind."}, {"text": "Rhyme."}]}
    assert body["contents"] == [{"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}]


def test_contents_are_never_empty() -> None:
    assert asked(Message("system", (Text("Write a poem."),))) == [
        {"role": "user", "parts": [{"text": "Write a poem."}]}
    ]
    with pytest.raises(InvalidRequest):
        asked(user(""))


def test_results_stand_in_the_order_of_their_calls_and_have_their_names() -> None:
    """Traps 41, 42 (`$ref` stays text), 82."""
    contents = asked(*TWO_CALLS)

    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert contents[2]["parts"] == [
        {"functionResponse": {"id": "a", "name": "weather", "response": {"output": '{"$ref": "rain"}'}}},
        {"inlineData": {"mimeType": "image/png", "data": PIXEL}},
        {"functionResponse": {"id": "b", "name": "now", "response": {"output": "noon"}}},
    ]


def test_a_failed_call_is_told_as_one_and_an_orphan_result_refused() -> None:
    """Trap 85."""
    failed = asked(*TWO_CALLS[:2], result("a", Text("no"), is_error=True))

    assert failed[2]["parts"][0]["functionResponse"]["response"] == {"error": "no"}
    with pytest.raises(InvalidRequest):
        asked(user("a"), result("nobody", Text("x")))


def test_ids_that_the_gateway_made_stay_at_home() -> None:
    """Trap 82: Gemini, which gave none, then goes by name and order."""
    ours = "call_01JZXYZXYZXYZXYZXYZXYZXYZA"
    contents = asked(user("a"), Message("assistant", (ToolCall(ours, "now"),)), result(ours, Text("noon")))

    assert contents[1]["parts"] == [{"functionCall": {"name": "now", "args": {}}}]
    assert contents[2]["parts"] == [{"functionResponse": {"name": "now", "response": {"output": "noon"}}}]


def test_signatures_go_back_on_the_part_they_came_on() -> None:
    """Trap 48."""
    assert asked(*TWO_CALLS)[1]["parts"] == [
        {"text": "Two cities.", "thought": True},
        {"text": "I look.", "thoughtSignature": "EqQBCkYI"},
        {"functionCall": {"id": "a", "name": "weather", "args": {"city": "Łódź"}}, "thoughtSignature": "Cg9z"},
        {"functionCall": {"id": "b", "name": "now", "args": {}}},
    ]


def test_a_signature_after_the_last_text_stands_on_an_empty_one() -> None:
    """Trap 48."""
    parts = asked(user("a"), Message("assistant", (Text("Hi"), Reasoning(signature="Eg=="))))[1]["parts"]

    assert parts == [{"text": "Hi"}, {"text": "", "thoughtSignature": "Eg=="}]


def test_unsigned_calls_are_marked_for_models_that_insist() -> None:
    """Trap 48: a history of another model's calls is not refused."""
    history = (user("a"), Message("assistant", (ToolCall("a", "now"), ToolCall("b", "now"))), result("a"), result("b"))
    first, second = asked(*history, request=NEW)[1]["parts"]

    assert first["thoughtSignature"] == "skip_thought_signature_validator"
    assert "thoughtSignature" not in second
    assert "thoughtSignature" not in asked(*history)[1]["parts"][0]


@pytest.mark.parametrize(
    ("media", "part"),
    [
        (PICTURE, {"inlineData": {"mimeType": "image/png", "data": PIXEL}}),
        (PDF, {"inlineData": {"mimeType": "application/pdf", "data": PDF.data}}),
        (Media("audio", "audio/mp3", "SUQz"), {"inlineData": {"mimeType": "audio/mp3", "data": "SUQz"}}),
        (Media("video", url="https://youtu.be/x"), {"fileData": {"fileUri": "https://youtu.be/x"}}),
        (
            Media("file", "application/pdf", url="gs://b/a.pdf"),
            {"fileData": {"fileUri": "gs://b/a.pdf", "mimeType": "application/pdf"}},
        ),
        (
            Media("file", url="https://generativelanguage.googleapis.com/v1beta/files/x"),
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x"}},
        ),
    ],
)
def test_media_are_inline_unless_google_holds_them(media: Media, part: dict[str, Any]) -> None:
    assert asked(user(media)) == [{"role": "user", "parts": [part]}]


@pytest.mark.parametrize(
    "media",
    [
        Media("image", url="https://a.example/b.png"),
        Media("image", url="https://youtu.be.evil.example/x"),
        Media("image", url="https://generativelanguage.googleapis.com.evil.example/x"),
        Media("image", data=PIXEL),
    ],
)
def test_what_gemini_would_have_to_fetch_is_refused_by_name(media: Media) -> None:
    """Trap 51: the gateway puts the bytes in before."""
    assert not DIALECT.fetches
    with pytest.raises(InvalidRequest) as caught:
        asked(user("Look:", media))

    assert caught.value.parameter == "messages[0].content[1]"


def test_tools_are_declared_with_plain_json_schemas() -> None:
    """Trap 49."""
    assert write(tools=(WEATHER, NOW))["tools"] == [
        {
            "functionDeclarations": [
                {"name": "weather", "description": "The weather of a city.", "parametersJsonSchema": SCHEMA},
                {"name": "now"},
            ]
        }
    ]


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("tool", "now"), {"mode": "ANY", "allowedFunctionNames": ["now"]}),
    ],
)
def test_the_choice_of_tools_crosses(choice: ToolChoice, config: dict[str, Any]) -> None:
    """Trap 87."""
    assert write(tools=(NOW,), tool_choice=choice)["toolConfig"] == {"functionCallingConfig": config}
    assert "toolConfig" not in write(tool_choice=choice)


@pytest.mark.parametrize("choice", [ToolChoice("required"), ToolChoice("tool", "weather")])
def test_where_a_call_is_forced_no_form_is_asked_for(choice: ToolChoice) -> None:
    """Models before Gemini 3 call no tools while they answer in JSON; instructor asks for both at once."""
    form = ResponseFormat("json_schema", schema=SCHEMA)

    forced = write(tools=(WEATHER,), tool_choice=choice, response_format=form)
    free = write(tools=(WEATHER,), tool_choice=ToolChoice("auto"), response_format=form)

    assert "generationConfig" not in forced
    assert free["generationConfig"]["responseMimeType"] == "application/json"


def test_options_have_their_places() -> None:
    """Traps 81, 87."""
    body = write(
        max_tokens=5, temperature=0.5, top_p=0.9, top_k=40, stop=("END",), n=2, seed=7, frequency_penalty=0.1,
        presence_penalty=0.2, logprobs=True, top_logprobs=3, service_tier="flex",
    )  # fmt: skip

    assert body["generationConfig"] == {
        "maxOutputTokens": 5, "temperature": 0.5, "topP": 0.9, "topK": 40, "stopSequences": ["END"], "candidateCount": 2,
        "seed": 7, "frequencyPenalty": 0.1, "presencePenalty": 0.2, "responseLogprobs": True, "logprobs": 3,
    }  # fmt: skip
    assert body["serviceTier"] == "flex"


@pytest.mark.parametrize(
    ("format_", "config"),
    [
        (
            ResponseFormat("json_schema", "a", SCHEMA),
            {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
        ),
        (ResponseFormat("json_object"), {"responseMimeType": "application/json"}),
    ],
)
def test_the_form_of_the_answer_crosses(format_: ResponseFormat, config: dict[str, Any]) -> None:
    """Trap 49."""
    assert write(response_format=format_)["generationConfig"] == config


@pytest.mark.parametrize(
    ("request_", "wish", "config"),
    [
        (OLD, {"reasoning_effort": "none"}, {"thinkingBudget": 0}),
        (OLD, {"reasoning_effort": "medium"}, {"thinkingBudget": 8192, "includeThoughts": True}),
        (OLD, {"reasoning_budget": 500}, {"thinkingBudget": 500, "includeThoughts": True}),
        (OLD, {"reasoning_budget": 0}, {"thinkingBudget": 0}),
        (NEW, {"reasoning_effort": "low"}, {"thinkingLevel": "low", "includeThoughts": True}),
        (NEW, {"reasoning_effort": "max"}, {"thinkingLevel": "high", "includeThoughts": True}),
        (NEW, {"reasoning_budget": 500}, {"thinkingBudget": 500, "includeThoughts": True}),
        (
            replace(NEW, model="models/gemini-flash-latest"),
            {"reasoning_effort": "high"},
            {"thinkingLevel": "high", "includeThoughts": True},
        ),
    ],
)
def test_thinking_is_a_budget_or_a_level_by_the_models_age(
    request_: ChatRequest, wish: dict[str, Any], config: Any
) -> None:
    assert write(request_, **wish)["generationConfig"] == {"thinkingConfig": config}


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"reasoning_effort": "heroic"}, "options.reasoningEffort"),
        ({"service_tier": "scale"}, "options.serviceTier"),
    ],
)
def test_what_gemini_cannot_do_is_refused_by_name(changes: dict[str, Any], parameter: str) -> None:
    """Trap 81."""
    with pytest.raises(UnsupportedParameter, match="Gemini") as caught:
        write(**changes)

    assert caught.value.parameter == parameter
