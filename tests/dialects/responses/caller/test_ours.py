"""What comes back to us, and to nobody else."""

import json
from typing import Any

import pytest

from shared.chat.collect import collect
from shared.chat.events import (
    ChatEvent,
    ReasoningDelta,
    ReasoningSignature,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from shared.chat.receipt import Cost, Done, Receipt
from shared.chat.request import ChatRequest, Reasoning, Text, ToolCall
from shared.dialects.caller import About
from shared.dialects.responses import DIALECT
from shared.dialects.responses.caller import CALLER
from shared.dialects.responses.caller.ours import for_kin, keep, seal
from shared.dialects.signed import mark, signed_by
from shared.errors import InvalidRequest

ABOUT = About("01K", 5, "anthropic", "claude")
DONE = Done(((0, "tool_calls", None),), Usage(1, 2), Receipt("own", "f", "anthropic", "claude", (), Cost(None)))
EVENTS: list[ChatEvent] = [
    Start("msg_1", "claude"),
    ReasoningDelta("hm"),
    ReasoningSignature("SIG+/=="),
    ReasoningSignature(redacted="RED+/=="),
    TextDelta("Let me see."),
    ToolCallStart(0, "toolu_1", "weather", signature="GEM+/=="),
    ToolCallDelta(0, "{}"),
]
VERCEL = {"user-agent": "ai/6.0.326 ai-sdk/provider-utils/4.0.66 runtime/node.js/v20"}
ASKED = {"role": "user", "content": "weather?"}
BROKEN: list[Any] = ["no item"]


def output(headers: dict[str, str] | None = None, **fields: Any) -> list[dict[str, Any]]:
    """What a caller sees of the answer."""
    body = {"model": "anthropic/claude", "input": [ASKED], **fields}
    chat = CALLER.read(json.dumps(body).encode(), headers or {}).chat
    items: list[dict[str, Any]] = json.loads(CALLER.answer(collect(EVENTS), DONE, chat, ABOUT))["output"]
    return items


def reread(items: list[dict[str, Any]]) -> ChatRequest:
    return CALLER.read(json.dumps({"model": "m", "input": [ASKED, *items]}).encode(), {}).chat


def result(items: list[dict[str, Any]]) -> dict[str, Any]:
    (call_id,) = [item["call_id"] for item in items if item["type"] == "function_call"]
    return {"type": "function_call_output", "call_id": call_id, "output": "rain"}


SAID = (
    Reasoning("hm", "SIG+/=="),
    Reasoning(redacted="RED+/=="),
    Text("Let me see."),
    ToolCall("toolu_1", "weather", "{}", "GEM+/=="),
)


def test_what_was_signed_comes_back_to_the_byte() -> None:
    """Traps 48, 52."""
    items = output()
    chat = signed_by(reread([*items, result(items)]), "anthropic")

    assert chat.messages[1].parts == SAID


def test_nobody_else_sees_what_was_signed() -> None:
    """Traps 48, 61."""
    items = output()
    chat = signed_by(reread([*items, result(items)]), "google")

    assert chat.messages[1].parts == (Reasoning("hm"), Text("Let me see."), ToolCall("toolu_1", "weather", "{}"))


def test_thinking_that_nobody_signed_comes_back_too() -> None:
    item = {"type": "reasoning", "summary": [{"text": "hm"}], "encrypted_content": seal("deepseek", {})}

    assert reread([item]).messages[1].parts == (Reasoning("hm"),)


def test_proofs_are_marked_until_it_is_known_who_is_asked() -> None:
    item = {"type": "reasoning", "summary": [], "encrypted_content": seal("anthropic", {"signature": "S"})}

    assert reread([item]).messages[1].parts == (Reasoning("", mark("anthropic", "S")),)


@pytest.mark.parametrize("content", ["realmultillm:anthropic:AAA", "realmultillm:anthropic:W10=", "realmultillm:"])
def test_a_broken_seal_is_refused_by_name(content: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        reread([{"type": "reasoning", "summary": [], "encrypted_content": content}])

    assert caught.value.parameter == "input[1].encrypted_content"


def test_a_client_that_names_items_finds_them_again() -> None:
    """Vercel's provider, unless it was told `store: false`."""
    items = output(VERCEL)
    named = [{"type": "item_reference", "id": item["id"]} for item in items]
    chat = signed_by(reread([*named, result(items)]), "anthropic")

    assert [item["type"] for item in items] == ["reasoning", "reasoning", "message", "function_call", "reasoning"]
    assert chat.messages[1].parts == SAID
    assert chat.kin_only == ()


def test_the_same_items_whole_and_by_name_are_the_same() -> None:
    items = output(VERCEL)
    named = [{"type": "item_reference", "id": item["id"]} for item in items]

    assert reread([*items, result(items)]).messages == reread([*named, result(items)]).messages


def test_a_client_that_sends_items_gets_no_more_than_there_is() -> None:
    assert len(output(VERCEL, store=False)) == 4
    assert len(output({"user-agent": "OpenAI/Python 3.57.0"})) == 4


def test_an_item_of_ours_that_nobody_sent_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidRequest, match="store: false") as caught:
        reread([{"type": "item_reference", "id": output()[0]["id"]}])

    assert caught.value.parameter == "input[1].id"


@pytest.mark.parametrize("id_", ["rs_rmlkept_", "rs_rmlkept_AAAA", keep([{"id": "msg_1"}]), keep(BROKEN)])
def test_a_broken_id_is_refused_by_name(id_: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        reread([{"type": "item_reference", "id": id_}])

    assert caught.value.parameter == "input[1].id"


def test_nothing_of_ours_goes_out_to_kin() -> None:
    """Trap 61: OpenAI would look for such items, or fail to decrypt them."""
    items = output(VERCEL)
    named = [{"type": "item_reference", "id": item["id"]} for item in items]
    call = {"type": "function_call", "status": "completed", "arguments": "{}", "call_id": "toolu_1", "name": "weather"}
    content = [{"type": "output_text", "annotations": [], "logprobs": [], "text": "Let me see."}]
    message = {"type": "message", "status": "completed", "role": "assistant", "content": content}

    expected = [ASKED, message, call, {**OUTPUT, "call_id": "toolu_1"}]
    assert for_kin([ASKED, *items, result(items)]) == expected
    assert for_kin([ASKED, *named, result(items)]) == expected


OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "rain"}


def test_what_is_the_provider_s_own_goes_out_as_it_came() -> None:
    theirs = [
        ASKED,
        {"type": "item_reference", "id": "rs_0a"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "message", "id": "msg_1", "role": "assistant", "content": "a"},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {**OUTPUT, "call_id": "call_1"},
    ]

    assert for_kin(theirs) == theirs


def test_a_body_for_kin_is_neither_stored_nor_not_unless_it_says_so() -> None:
    chat = reread([*output(), result(output())])
    assert DIALECT.kin is not None
    assert chat.original is not None
    body = DIALECT.kin({"store": False, "include": ["x"], **chat.original.body}, chat)

    assert set(body) == {"model", "input"}
    assert [item.get("type") for item in body["input"]] == [None, "message", "function_call", "function_call_output"]
