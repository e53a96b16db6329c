"""Bodies of `/v1/messages`: what is wished in them, what only kin can do, and what nobody could."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from shared.chat.request import (
    CachePoint,
    ChatRequest,
    KinOnly,
    Media,
    Message,
    Reasoning,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from shared.dialects.anthropic import DIALECT
from shared.dialects.anthropic.caller import CALLER, read_count
from shared.dialects.signed import mark, signed_id
from shared.errors import InvalidRequest
from tests.fakes.recordings import exchanges

ASKED = {"role": "user", "content": "Hi"}
CALL = {"type": "tool_use", "id": "a", "name": "f", "input": {"x": [1]}}
RESULT = {"type": "tool_result", "tool_use_id": "a", "content": "1"}
KEPT = {"cache_control": {"type": "ephemeral"}}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def encoded(*messages: Any, **fields: Any) -> bytes:
    body = {"model": "m", "max_tokens": 9, "messages": list(messages) or [ASKED], **fields}
    return json.dumps({name: value for name, value in body.items() if value != "absent"}).encode()


def read(*messages: Any, headers: dict[str, str] | None = None, **fields: Any) -> ChatRequest:
    return CALLER.read(encoded(*messages, **fields), headers or {}).chat


def said(*content: Any) -> tuple[Any, ...]:
    """The parts of a user's message with that content."""
    return read({"role": "user", "content": list(content)}).messages[0].parts


def only_kin(*messages: Any, **fields: Any) -> dict[str, bool]:
    """Path → whether it is harmless."""
    return {own.parameter: own.harmless for own in read(*messages, **fields).kin_only}


def refused(*messages: Any, **fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read(*messages, **fields)
    return caught.value


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def test_the_least_body() -> None:
    chat = read()

    assert (chat.model, chat.max_tokens, chat.stream) == ("m", 9, False)
    assert chat.messages == (Message("user", (Text("Hi"),)),)
    assert chat.kin_only == ()
    assert CALLER.read(encoded(), {}).provider is None


def test_all_fields_that_others_understand() -> None:
    """Trap 87."""
    chat = read(
        system=[{"type": "text", "text": "Rhyme."}, {"type": "text", "text": "Briefly.", **KEPT}],
        stop_sequences=["END"],
        temperature=0.5,
        top_p=1,
        top_k=40,
        stream=True,
        tools=[{"name": "f", "description": "F.", "input_schema": SCHEMA, "strict": True, "type": "custom", **KEPT}],
        tool_choice={"type": "any", "disable_parallel_tool_use": True},
        output_config={"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
        metadata={"user_id": "u"},
        service_tier="standard_only",
    )

    assert chat.messages[0] == Message("system", (Text("Rhyme."), Text("Briefly.", CachePoint())))
    assert (chat.stop, chat.temperature, chat.top_p, chat.top_k, chat.stream) == (("END",), 0.5, 1, 40, True)
    assert chat.tools == (Tool("f", "F.", SCHEMA, strict=True, cache=CachePoint()),)
    assert (chat.tool_choice, chat.parallel_tool_calls) == (ToolChoice("required"), False)
    assert chat.response_format == ResponseFormat("json_schema", schema=SCHEMA, strict=True)
    assert (chat.reasoning_effort, chat.user, chat.service_tier) == ("low", "u", "default")
    assert chat.kin_only == ()


@pytest.mark.parametrize(
    ("choice", "mode"),
    [
        ({"type": "auto"}, ToolChoice("auto")),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "tool", "name": "f"}, ToolChoice("tool", "f")),
    ],
)
def test_a_choice_of_tools(choice: Any, mode: ToolChoice) -> None:
    """Trap 87. Without tools there is nothing to choose."""
    chat = read(tool_choice=choice, tools=[{"name": "f", "input_schema": {}}])

    assert (chat.tool_choice, chat.parallel_tool_calls) == (mode, None)
    assert read(tool_choice={"type": "auto"}).tool_choice is None


@pytest.mark.parametrize(
    ("fields", "budget", "effort"),
    [
        ({}, None, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, 1024, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 5000}}, 5000, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 32000, "display": "omitted"}}, 32000, "high"),
        ({"thinking": {"type": "adaptive"}}, None, "high"),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, None, "max"),
        ({"thinking": {"type": "disabled"}}, None, None),
    ],
)
def test_how_much_to_think(fields: Any, budget: int | None, effort: str | None) -> None:
    chat = read(**fields)

    assert (chat.reasoning_budget, chat.reasoning_effort) == (budget, effort)


def test_a_schema_is_strict_where_everybody_can_hold_to_it() -> None:
    """Optional properties are Anthropic's: OpenAI refuses them in a strict schema."""
    loose = {**SCHEMA, "required": []}

    assert read(output_format={"type": "json_schema", "schema": SCHEMA}).response_format == ResponseFormat(
        "json_schema", schema=SCHEMA, strict=True
    )
    for schema in (loose, {"type": "array", "items": loose}, {"$defs": {"a": loose}}, {"anyOf": [SCHEMA, loose]}):
        form = read(output_config={"format": {"type": "json_schema", "schema": schema}}).response_format
        assert form == ResponseFormat("json_schema", schema=schema)


def test_pictures_and_documents() -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}

    assert said(
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}, **KEPT},
        {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}},
        {"type": "document", "source": pdf, "title": "A", "context": "Of 2026.", "citations": {"enabled": False}},
        {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hi."}, "title": "B"},
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "Ho."}]}},
        {"type": "document", "source": {"type": "content", "content": "Hm."}},
    ) == (
        Media("image", "image/png", "iVBO", cache=CachePoint()),
        Media("image", url="https://a/b.png"),
        Text("Of 2026."),
        Media("file", "application/pdf", "JVBERi0=", name="A"),
        Media("file", "application/pdf", url="https://a/b.pdf"),
        Text("B"),
        Text("Hi."),
        Text("Ho."),
        Text("Hm."),
    )


def test_results_are_a_turn_of_their_own_before_the_rest() -> None:
    """Traps 39, 82: in any order, with what the user says after them."""
    calls = assistant({"type": "text", "text": "I look."}, CALL, {**CALL, "id": "b", "input": {}})
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}
    results = user(
        {"type": "text", "text": "So?"},
        {**RESULT, "tool_use_id": "b", "content": [{"type": "text", "text": "2"}, picture], "is_error": True},
        {"type": "tool_result", "tool_use_id": "a", **KEPT},
    )

    assert read(ASKED, calls, results).messages[1:] == (
        Message("assistant", (Text("I look."), ToolCall("a", "f", '{"x":[1]}'), ToolCall("b", "f", "{}"))),
        Message(
            "tool",
            (
                ToolResult("b", (Text("2"), Media("image", "image/png", "iVBO")), is_error=True),
                ToolResult("a", (), cache=CachePoint()),
            ),
        ),
        Message("user", (Text("So?"),)),
    )


def test_turns_of_one_role_are_one_turn() -> None:
    """Trap 39: clients send the results of parallel calls one by one."""
    messages = [
        ASKED,
        assistant(CALL),
        assistant({**CALL, "id": "b"}),
        user(RESULT),
        user({**RESULT, "tool_use_id": "b"}),
    ]

    read_ = read(*messages).messages

    assert [message.role for message in read_] == ["user", "assistant", "tool"]
    assert len(read_[2].parts) == 2


def test_thinking_comes_back_under_its_makers_name() -> None:
    """Traps 48, 52: what is not marked is a Claude's; what nobody signed has no proof."""
    turn = assistant(
        {"type": "thinking", "thinking": "Hm", "signature": "EqQB"},
        {"type": "thinking", "thinking": "So", "signature": mark("google", "c2ln")},
        {"type": "thinking", "thinking": "Aha", "signature": ""},
        {"type": "redacted_thinking", "data": "EmwK"},
        {**CALL, "id": signed_id("a", "google", "c2lo")},
    )
    chat = read(ASKED, turn, user({**RESULT, "tool_use_id": signed_id("a", "google", "c2lo")}))

    assert chat.messages[2].parts == (ToolResult("a", (Text("1"),)),)
    assert chat.messages[1].parts == (
        Reasoning("Hm", mark("anthropic", "EqQB")),
        Reasoning("So", mark("google", "c2ln")),
        Reasoning("Aha"),
        Reasoning(redacted=mark("anthropic", "EmwK")),
        ToolCall("a", "f", '{"x":[1]}', mark("google", "c2lo")),
    )


def test_kin_get_the_body_and_the_headers_as_they_came() -> None:
    """Trap 52."""
    body = encoded(future={"a": [1]})
    headers = {"anthropic-beta": "files-api", "anthropic-version": "2023-06-01", "x-api-key": "sk-rml-x"}

    chat = CALLER.read(body, headers).chat

    assert chat.original is not None
    assert (chat.original.dialect, chat.original.body) == ("anthropic", json.loads(body))
    assert chat.original.headers == {"anthropic-beta": "files-api", "anthropic-version": "2023-06-01"}
    assert chat.kin_only == (KinOnly("future"), KinOnly("anthropic-beta", harmless=True))


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"container": "c"}, "container"),
        ({"mcp_servers": [{"type": "url", "url": "https://a"}]}, "mcp_servers"),
        ({"inference_geo": "eu"}, "inference_geo"),
        ({"thinking": {"type": "between_tools"}}, "thinking.type"),
        ({"output_config": {"task_budget": {"type": "tokens", "total": 9}}}, "output_config.task_budget"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"name": "f", "input_schema": {}, "defer_loading": True}]}, "tools[0].defer_loading"),
        ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management"),
        ({"max_tokens": 0}, "max_tokens"),
    ],
)
def test_what_changes_the_answer_is_for_kin_alone(fields: Any, parameter: str) -> None:
    """Traps 81, 87: refused by name for everybody else."""
    assert only_kin(**fields) == {parameter: False}


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ({"type": "search_result", "source": "a", "title": "b", "content": []}, "type"),
        ({"type": "container_upload", "file_id": "f"}, "type"),
        ({"type": "from_the_future"}, "type"),
        ({"type": "image", "source": {"type": "file", "file_id": "f"}}, "source.type"),
        ({"type": "document", "source": {"type": "file", "file_id": "f"}}, "source.type"),
        (
            {"type": "document", "source": {"type": "text", "data": "Hi"}, "citations": {"enabled": True}},
            "citations",
        ),
        ({"type": "text", "text": "Hi", "from_the_future": 1}, "from_the_future"),
    ],
)
def test_blocks_that_only_kin_understand(block: Any, path: str) -> None:
    """Traps 81, 87."""
    assert only_kin(user({"type": "text", "text": "Hi"}, block)) == {f"messages[0].content[1].{path}": False}


@pytest.mark.parametrize(
    "fields",
    [
        {"cache_control": {"type": "ephemeral"}},
        {"metadata": {"user_id": "u" * 65}},
        {"thinking": {"type": "disabled"}},
        {"speed": "fast"},
        {"anthropic_version": "bedrock-2023-05-31"},
        {"diagnostics": {"previous_message_id": "msg_1"}},
        {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}},
        {"tools": [{"name": "f", "input_schema": {}, "eager_input_streaming": True}]},
    ],
)
def test_what_cannot_change_the_answer_is_only_told(fields: Any) -> None:
    assert list(only_kin(**fields).values()) == [True]


@pytest.mark.parametrize(
    "fields",
    [
        {"container": None, "mcp_servers": [], "betas": None, "future": {}},
        {"service_tier": "auto", "stop_sequences": [], "system": "", "stream": False},
        {"metadata": {}, "output_config": {"effort": None}},
        {"tools": [{"name": "f", "input_schema": {}, "defer_loading": False, "allowed_callers": ["direct"]}]},
    ],
)
def test_what_happens_anyway_is_not_worth_a_word(fields: Any) -> None:
    assert only_kin(**fields) == {}


def test_an_earlier_citation_is_only_a_proof() -> None:
    cited = {"type": "text", "text": "So.", "citations": [{"type": "char_location", "cited_text": "s"}]}

    assert only_kin(ASKED, assistant(cited), ASKED) == {"messages[1].content[0].citations": True}


def test_a_prefill_is_for_kin_alone() -> None:
    """Trap 57: others would not go on from it, and are asked without it when the caller asks for dropping."""
    chat = read(ASKED, {"role": "assistant", "content": "{"})

    assert chat.kin_only == (KinOnly("messages[1]"),)
    assert chat.messages == (Message("user", (Text("Hi"),)),)
    assert only_kin(ASKED, {"role": "assistant", "content": ""}) == {}


def test_a_pause_of_servers_tools_is_for_kin_alone() -> None:
    """They go on from there themselves; nothing in it is checked, for nobody else gets it."""
    paused = assistant({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, CALL)

    assert only_kin(ASKED, paused) == {"messages[1].content[0].type": False}


def test_instructions_may_come_in_between() -> None:
    """Trap 58."""
    messages = read(ASKED, {"role": "system", "content": "Briefly."}, ASKED, system="Rhyme.").messages

    assert [message.role for message in messages] == ["system", "user", "system", "user"]


def test_an_instruction_for_one_turn_passes_with_it() -> None:
    """Agents send it in every later request too, and no model shall see it then."""
    once = {"role": "system", "content": "Now briefly.", "clear_at": "next_user_message"}
    always = {"role": "system", "content": "Rhyme.", "clear_at": "never"}

    chat = read(ASKED, once, always, assistant(CALL), user(RESULT), once)

    assert [message.role for message in chat.messages] == ["user", "system", "assistant", "tool", "system"]
    assert chat.kin_only == ()
    assert only_kin(ASKED, {"role": "system", "output_config": {"effort": "low"}}) == {
        "messages[1].output_config": False
    }


def test_an_agent_can_work_with_anybody() -> None:
    """What Claude Code says besides its conversation is nothing that others would have to refuse."""
    cached = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    fields = {
        "system": [{"type": "text", "text": "You are an agent.", **cached}],
        "tools": [{"name": "Bash", "input_schema": SCHEMA, "eager_input_streaming": True, **cached}],
        "thinking": {"type": "adaptive", "display": "omitted"},
        "output_config": {"effort": "medium"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "metadata": {"user_id": json.dumps({"device_id": "d" * 64, "session_id": "s" * 36})},
        "diagnostics": {"previous_message_id": None},
        "max_tokens": 128000,
        "stream": True,
    }
    text = {"type": "text", "text": "Go on.", **cached}

    told = only_kin(ASKED, assistant(CALL), user(RESULT, text), headers={"anthropic-beta": "claude-code"}, **fields)

    assert set(told.values()) == {True}


@pytest.mark.parametrize("name", ["create", "continue"])
def test_threads_held_by_the_server_are_refused_so_that_clients_fall_back(name: str) -> None:
    """Trap 88: whatever else the request says or, as the next turn of a thread, leaves out."""
    error = refused(thread={"type": name, "previous_message_id": "msg_1"}, max_tokens="absent", messages=[])

    told = CALLER.describe(error, "req_1")

    assert CALLER.status(error) == 400
    assert told["error"]["type"] == "invalid_request_error"
    assert told["error"]["details"]["error_code"] == "thread_unsupported_request"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "absent"}, "model: Field required"),
        ({"model": " "}, "model: Field required"),
        ({"max_tokens": "absent"}, "max_tokens: Field required"),
        ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
        ({"max_tokens": True}, "max_tokens: Input should be a valid integer"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": "absent"}, "messages: Field required"),
        ({"messages": "Hi"}, "messages: Input should be a valid list"),
        ({"messages": ["Hi"]}, "messages.0: Input should be a valid dictionary"),
        ({"temperature": "hot"}, "temperature: Input should be a valid number"),
        ({"stream": "yes"}, "stream: Input should be a valid boolean"),
        ({"stop_sequences": "END"}, "stop_sequences: Input should be a valid list"),
        ({"stop_sequences": [1]}, "stop_sequences.0: Input should be a valid string"),
        ({"stop_sequences": [" "]}, "stop_sequences.0: each stop sequence must contain non-whitespace"),
        ({"service_tier": "gold"}, "service_tier: Input should be 'auto' or 'standard_only'"),
        ({"tools": [{"name": "f"}]}, "tools.0.input_schema: Field required"),
        ({"tool_choice": {"type": "x"}}, "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name: Field required"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens: Field required"),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, "thinking.budget_tokens: Input should be greater"),
        ({"system": [{"type": "image"}]}, "system.0.type: a `image` block cannot stand here"),
    ],
)
def test_what_is_wrong_is_named_as_anthropic_names_it(fields: Any, message: str) -> None:
    """Trap 85."""
    assert refused(**fields).message.startswith(message)


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([{"role": "tool", "content": "Hi"}], 'messages.0.role: Unexpected role "tool"'),
        ([{"role": "user"}], "messages.0.content: Field required"),
        ([{"role": "user", "content": []}], "messages.0.content: user messages must have non-empty content"),
        ([{"role": "user", "content": 1}], "messages.0.content: Input should be a valid string or a list"),
        ([user("Hi")], "messages.0.content.0: Input should be a valid dictionary"),
        ([user({"type": "text"})], "messages.0.content.0.text: Field required"),
        ([user({"text": "Hi"})], "messages.0.content.0.type: Field required"),
        ([user(CALL)], "messages.0.content.0.type: a `tool_use` block cannot stand here"),
        ([user({"type": "image"})], "messages.0.content.0.source: Field required"),
        (
            [user({"type": "text", "text": "a", "cache_control": {"type": "x"}})],
            "messages.0.content.0.cache_control.type",
        ),
        ([ASKED, assistant({"type": "thinking", "thinking": "Hm"})], "messages.1.content.0.signature: Field required"),
    ],
)
def test_what_is_wrong_in_a_message(messages: list[Any], message: str) -> None:
    """Trap 85."""
    assert refused(*messages).message.startswith(message)


def test_a_refusal_has_the_path_of_its_field() -> None:
    assert refused(user({"type": "text"})).parameter == "messages[0].content[0].text"


def test_results_and_calls_belong_together() -> None:
    """Traps 82, 85: an orphan result, and a call that nobody answered, are 400."""
    assert "unexpected `tool_use_id`" in refused(ASKED, assistant(), user(RESULT)).message
    assert "unexpected `tool_use_id`" in refused(ASKED, assistant(CALL), user(RESULT, RESULT)).message
    assert refused(ASKED, assistant(CALL), ASKED).parameter == "messages[1]"
    assert refused(ASKED, assistant(CALL)).parameter == "messages[1]"


def test_a_result_under_a_wrong_id_is_the_providers_to_judge() -> None:
    """Trap 82: recorded Claudes took it; nobody else does."""
    wrong = user({"type": "text", "text": "So?"}, {**RESULT, "tool_use_id": "b"})

    assert only_kin(ASKED, assistant(CALL), wrong) == {"messages[2].content[1].tool_use_id": False}


def test_the_fifth_breakpoint_is_refused_by_name() -> None:
    """Trap 56: counted over tools, system and messages, as the provider does."""
    kept = [{"type": "text", "text": "Hi", **KEPT}]
    tool = {"name": "f", "input_schema": {}, **KEPT}
    inside = {**RESULT, "content": kept}
    four: dict[str, Any] = {"tools": [tool], "system": kept}

    chat = read(ASKED, assistant(CALL), user(inside), {"role": "assistant", "content": kept}, **four)

    assert chat.tools[0].cache == CachePoint()
    assert (
        refused(user(*kept), assistant(CALL), user(inside), user(*kept), **four).parameter
        == "messages[3].content[0].cache_control"
    )


def test_too_many_pictures_are_refused() -> None:
    picture = {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}

    assert "501 images" in refused(user(*[picture] * 501)).message


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", base64.b64encode(b"x")])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        CALLER.read(body, {})


@pytest.mark.vectors
def test_every_recorded_request_is_read_and_goes_to_kin_as_it_came(shared_material: Path) -> None:
    """Promise 4, Trap 52: but for texts that say nothing."""
    assert DIALECT.kin is not None
    read_ = 0
    for exchange in exchanges(shared_material, "anthropic", "messages"):
        body = exchange.request.get("json")
        if exchange.response["status"] != 200 or not body:
            continue
        chat = CALLER.read(json.dumps(body).encode(), exchange.request["headers"]).chat
        assert chat.messages
        assert DIALECT.kin(dict(body), chat) == body
        read_ += 1
    assert read_ > 100


def test_tokens_are_counted_of_the_same_request_without_a_length() -> None:
    chat = read_count(encoded(max_tokens="absent", system="Rhyme."), {}).chat

    assert (chat.max_tokens, len(chat.messages)) == (None, 2)
    with pytest.raises(InvalidRequest):
        read_count(encoded(messages=[]), {})
