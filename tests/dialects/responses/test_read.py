"""A plain response: https://platform.openai.com/docs/api-reference/responses/object."""

import json
from typing import Any

import pytest

from shared.chat.collect import collect
from shared.chat.events import Annotation, Finish
from shared.chat.request import ToolCall
from shared.dialects.responses import DIALECT
from shared.errors import BadResponse, ProviderError, ProviderFailed, RequestRefused


def read(*output: Any, **fields: Any) -> Any:
    response = {"id": "r", "model": "m", "created_at": 12.0, "status": "completed", "output": list(output), **fields}
    return collect(DIALECT.read(json.dumps(response).encode()))


def message(*content: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(content)}


def test_all_messages_are_one_text() -> None:
    answer = read(message({"type": "output_text", "text": "One, "}), message({"type": "output_text", "text": "two"}))

    assert (answer.id, answer.model, answer.created, answer.choices[0].text) == ("r", "m", 12, "One, two")
    assert answer.choices[0].finish == Finish("stop", "completed")


def test_an_answer_that_says_nothing_is_one() -> None:
    """Trap 60."""
    answer = read(status="incomplete", incomplete_details={"reason": "max_output_tokens"})

    assert (answer.choices[0].text, answer.choices[0].finish) == ("", Finish("length", "max_output_tokens"))


def test_what_has_the_wrong_form_reads_as_absent() -> None:
    answer = read(
        None,
        {"type": "message", "content": "Hi"},
        message(None, {"type": "output_text", "text": 7}, {"type": "output_hologram", "x": 1}),
        {"type": "function_call", "call_id": "c", "name": "now", "arguments": {"a": 1}},
        {"type": "image_generation_call", "result": None},
        {"type": "reasoning", "summary": None},
        {"x": 1},
        usage=[],
        created_at="now",
    )

    choice = answer.choices[0]
    assert (choice.text, choice.reasoning_blocks, answer.usage, answer.created) == ("Hi", (), None, None)
    assert choice.tool_calls == (ToolCall("c", "now", '{"a":1}'),)
    assert [note.name for note in choice.annotations] == ["output_hologram", "image_generation_call", "item"]


def test_tools_of_the_provider_are_no_calls() -> None:
    search = {"type": "mcp_call", "id": "mcp_1", "name": "ask", "arguments": "{}", "output": "42"}

    choice = read(search).choices[0]

    assert (choice.tool_calls, choice.annotations) == ((), (Annotation("mcp_call", search),))
    assert choice.finish == Finish("stop", "completed")


def test_filters_of_azure_are_kept() -> None:
    """Trap 17."""
    filters = [{"blocked": False, "source_type": "prompt"}]

    assert read(content_filters=filters, service_tier="default").choices[0].annotations == (
        Annotation("service_tier", "default"),
        Annotation("content_filters", filters),
    )


def test_what_the_provider_says_that_it_costs_is_kept() -> None:
    """Trap 66."""
    usage = read(usage={"input_tokens": 10, "output_tokens": 5, "cost_in_usd_ticks": 12345}).usage

    assert (str(usage.cost), usage.total) == ("0.0000012345", 15)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error": {"message": "Broken", "type": "server_error"}}', ProviderFailed),
        (b'{"output": [], "status": "failed", "error": {"code": "server_error", "message": "Broken"}}', ProviderFailed),
        (b'{"output": [], "status": "failed", "error": {"code": "invalid_prompt", "message": "No"}}', RequestRefused),
        (b'{"choices": []}', BadResponse),
        (b"<html>", BadResponse),
        (b"", BadResponse),
    ],
)
def test_a_200_without_an_answer_is_an_error(body: bytes, kind: type[ProviderError]) -> None:
    """Trap 13."""
    with pytest.raises(kind):
        DIALECT.read(body)
