"""A caller's own body towards Anthropic: as it came, but for what Anthropic would refuse."""

import copy
from typing import Any

import pytest

from shared.chat.request import ChatRequest, Original
from shared.dialects.anthropic import DIALECT
from shared.dialects.signed import mark, signed_id
from shared.errors import ProviderError

CALL = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
THOUGHT = {"type": "thinking", "thinking": "Hm", "signature": "EqQBCkYI"}
RESULT: dict[str, Any] = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "1"}]}
ASKED = {"role": "user", "content": "Hi"}


def sent(*messages: Any, **fields: Any) -> dict[str, Any]:
    body = {"model": "claude", "max_tokens": 9, "messages": list(messages), **fields}
    before = copy.deepcopy(body)
    assert DIALECT.kin is not None
    written = DIALECT.kin(dict(body), ChatRequest("claude", (), original=Original("anthropic", body)))
    assert body == before
    return written


def answered(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def test_what_anthropic_takes_goes_out_as_it_came() -> None:
    """Traps 52, 56, 57: signatures to the byte, breakpoints with their ttl, and a prefill, which the model itself takes or refuses."""
    thought = [THOUGHT, {"type": "redacted_thinking", "data": "EmwKAhgB"}, CALL]
    text = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}, "new": 1}
    messages = [{"role": "user", "content": [text]}, answered(*thought), RESULT, {"role": "assistant", "content": "{"}]

    assert sent(*messages, future=[1])["messages"] == messages
    assert sent(*messages, future=[1])["future"] == [1]


def test_thinking_that_others_signed_is_left_out() -> None:
    """Traps 52, 61: Anthropic would refuse the request for a signature that is not its own."""
    foreign = [
        {"type": "thinking", "thinking": "Hm", "signature": mark("deepseek", None)},
        {"type": "redacted_thinking", "data": mark("openrouter", "gAA")},
    ]

    assert sent(ASKED, answered(*foreign, CALL), RESULT)["messages"] == [ASKED, answered(CALL), RESULT]
    assert sent(ASKED, answered(*foreign), ASKED)["messages"] == [ASKED, ASKED]


def test_calls_have_their_own_ids_again() -> None:
    """Trap 41: what Google signed is nothing to Anthropic."""
    seen = signed_id("a", "google", "c2ln")
    called, result = {**CALL, "id": seen}, {**RESULT["content"][0], "tool_use_id": seen}

    assert sent(ASKED, answered(called), {"role": "user", "content": [result]})["messages"] == [
        ASKED,
        answered(CALL),
        RESULT,
    ]


def test_texts_that_say_nothing_are_left_out() -> None:
    """Trap 53. A user who says nothing at all is told so by the provider."""
    empty = {"type": "text", "text": " \n"}

    assert sent(ASKED, answered(empty, CALL), RESULT)["messages"][1] == answered(CALL)
    assert sent({"role": "user", "content": [empty]})["messages"] == [{"role": "user", "content": []}]


def test_a_turn_that_goes_on_without_its_thinking_does_not_think() -> None:
    """Trap 84."""
    thinking = {"type": "enabled", "budget_tokens": 1024}
    edits = [{"type": "clear_thinking_20251015", "keep": "all"}, {"type": "clear_tool_uses_20250919"}]

    body = sent(ASKED, answered(CALL), RESULT, thinking=thinking, context_management={"edits": edits})

    assert body["thinking"] == {"type": "disabled"}
    assert body["context_management"] == {"edits": edits[1:]}


@pytest.mark.parametrize(
    ("thinking", "messages"),
    [
        ({"type": "enabled", "budget_tokens": 1024}, [ASKED, answered(THOUGHT, CALL), RESULT]),
        ({"type": "enabled", "budget_tokens": 1024}, [ASKED, answered(CALL), RESULT, answered("Hi"), ASKED]),
        ({"type": "enabled", "budget_tokens": 1024}, [RESULT]),
        ({"type": "adaptive"}, [ASKED, answered(CALL), RESULT]),
    ],
)
def test_every_other_turn_thinks_as_the_caller_says(thinking: Any, messages: list[Any]) -> None:
    """Trap 84: only what would be refused is changed."""
    assert sent(*messages, thinking=thinking)["thinking"] == thinking


def test_kin_hear_a_failing_stream_in_the_providers_own_words() -> None:
    """Trap 26."""
    reader = DIALECT.stream(verbatim=True)
    error = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded","details":{"x":1}}}'

    with pytest.raises(ProviderError, match="Overloaded") as caught:
        reader.feed(b"event: error\ndata: " + error + b"\n\n")

    assert caught.value.verbatim is not None
    assert caught.value.verbatim["error"]["details"] == {"x": 1}
