"""What excuses a difference, and what does not."""

from typing import Any

import pytest

from tests.conformance.corpus import Exchange
from tests.conformance.drive import Outcome
from tests.conformance.oddities import find_oddity

SILENT: dict[str, Any] = {"text": "", "reasoning": "", "refusal": None, "tool_calls": [], "finish_reason_raw": None}
SILENT["usage"] = None
TRUNCATED = "error: expected none, heard stream_truncated: 'cut' {}"
REFUSED = "error: expected none, heard throttled: 'slow' {}"
CALL = {"id": "a", "name": "f", "arguments": {"x": 1}, "arguments_raw": '{"x":1}'}


def exchange(*, is_stream: bool = True, **expected: Any) -> Exchange:
    return Exchange(
        id="x-1",
        provider="openai",
        vendor="openai",
        api="chat",
        model="m",
        is_stream=is_stream,
        failed=False,
        request=None,
        expected={**SILENT, **expected},
    )


@pytest.mark.parametrize(
    ("recorded", "difference", "is_odd"),
    [
        (exchange(text="Hel"), TRUNCATED, True),
        (exchange(text="Hel", finish_reason_raw="stop"), TRUNCATED, False),
        (exchange(text="Hel", is_stream=False), TRUNCATED, False),
        (exchange(text="Hel"), "text: at 0 expected 'H', heard ''", False),
        (exchange(), REFUSED, True),
        (exchange(text="Hel"), REFUSED, False),
        (exchange(text="Hel", finish_reason_raw="error"), REFUSED, True),
        (exchange(usage={"input": 0, "output": -9, "reasoning": None}), "usage output: expected -9, heard None", True),
        (exchange(usage={"input": 9, "output": 9, "reasoning": None}), "usage output: expected 9, heard None", False),
        (exchange(tool_calls=[CALL]), "tool call 0 id: expected a, heard b", False),
        (exchange(tool_calls=[{**CALL, "id": None, "name": ""}]), "tool call 1: expected None", True),
        (exchange(tool_calls=[{**CALL, "arguments": None, "arguments_raw": "{} {}"}]), "tool call 1: expected", True),
        (exchange(tool_calls=[{**CALL, "arguments": None, "arguments_raw": '{"x'}]), "tool call 1: expected", False),
    ],
)
def test_only_what_the_wire_explains_is_excused(recorded: Exchange, difference: str, *, is_odd: bool) -> None:
    """Traps 12, 13, 27, 35, 36."""
    assert (find_oddity(recorded, difference) is not None) == is_odd


def test_a_difference_without_a_reason_is_told_before_one_with_a_reason() -> None:
    recorded = exchange(text="Hel")
    outcome = Outcome(recorded)

    outcome.tell(TRUNCATED, find_oddity(recorded, TRUNCATED))
    assert outcome.as_expected
    outcome.tell("text: wrong")
    outcome.tell("text: wrong again")

    assert (outcome.difference, outcome.as_expected) == ("text: wrong", False)
