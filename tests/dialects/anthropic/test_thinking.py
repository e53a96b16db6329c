"""How much Claude may think."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.request import ChatRequest, Message, Reasoning
from shared.dialects.anthropic.thinking import Room, decides_itself, make_room
from tests.fakes.requests import HELLO, TWO_CALLS, user

OLD = replace(HELLO, model="claude-sonnet-4-5")
NEW = replace(HELLO, model="claude-opus-4-7")


def room(request: ChatRequest = OLD, largest: int | None = None, **changes: Any) -> Room:
    return make_room(replace(request, **changes), largest)


def enabled(budget: int) -> dict[str, Any]:
    return {"type": "enabled", "budget_tokens": budget}


@pytest.mark.parametrize(
    "model",
    [
        "claude-instant-1", "claude-2.1", "claude-3-7-sonnet-latest", "claude-opus-4", "claude-opus-4-0", "claude-opus-4-20250514",
        "claude-opus-4-1@20250805", "claude-sonnet-4-5", "claude-haiku-4-5-20251001", "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "anthropic/claude-opus-4.5", "kimi-k2", "glm-5",
    ],
)  # fmt: skip
def test_models_of_the_budget(model: str) -> None:
    assert not decides_itself(model)


@pytest.mark.parametrize(
    "model",
    [
        "claude-opus-4-6",
        "claude-sonnet-4-6-20260101",
        "anthropic/claude-opus-4.7",
        "claude-opus-4-10",
        "claude-opus-5",
        "claude-fable-5",
    ],
)
def test_models_that_decide_themselves(model: str) -> None:
    assert decides_itself(model)


def test_without_a_wish_nothing_is_said() -> None:
    assert room() == Room(8192)


@pytest.mark.parametrize("off", [{"reasoning_effort": "none"}, {"reasoning_budget": 0}])
def test_no_thinking_is_wished_for_aloud_only_where_it_is_the_default(off: dict[str, Any]) -> None:
    assert room(**off) == Room(8192)
    assert room(NEW, **off) == Room(8192, {"type": "disabled"})


@pytest.mark.parametrize(
    ("wanted", "largest", "expected"),
    [
        (None, None, Room(8192 + 4000, enabled(4000))),
        (None, 64000, Room(64000, enabled(4000))),
        (5000, None, Room(5000, enabled(4000))),
        (4000, None, Room(8000, enabled(4000))),
        (100, None, Room(4100, enabled(4000))),
        (3000, 4096, Room(4096, enabled(4000))),
        (None, 3000, Room(3000, enabled(2999))),
    ],
)
def test_a_budget_is_smaller_than_the_room(wanted: int | None, largest: int | None, expected: Room) -> None:
    """Trap 54."""
    assert room(reasoning_budget=4000, max_tokens=wanted, largest=largest) == expected


@pytest.mark.parametrize(
    ("effort", "wanted", "expected"),
    [
        ("minimal", None, Room(9216, enabled(1024))),
        ("high", 20000, Room(20000, enabled(16384))),
        ("high", 10000, Room(10000, enabled(5000))),
        ("medium", 500, Room(1524, enabled(1024))),
    ],
)
def test_an_effort_is_a_budget_within_what_the_caller_wants(effort: str, wanted: int | None, expected: Room) -> None:
    assert room(reasoning_effort=effort, max_tokens=wanted) == expected


@given(st.integers(1, 200_000), st.none() | st.integers(1, 200_000), st.none() | st.integers(1025, 200_000))
def test_whatever_is_wanted_the_budget_fits(budget: int, wanted: int | None, largest: int | None) -> None:
    """Trap 54."""
    made = room(reasoning_budget=budget, max_tokens=wanted, largest=largest)

    assert made.thinking is not None
    assert made.thinking["budget_tokens"] < made.max_tokens


def test_later_models_are_given_an_effort() -> None:
    adaptive = {"type": "adaptive", "display": "summarized"}

    assert room(NEW, reasoning_effort="xhigh") == Room(8192, adaptive, "xhigh")
    assert room(NEW, reasoning_effort="minimal") == Room(8192, adaptive, "low")


def test_thinking_is_off_when_the_calls_lack_theirs() -> None:
    """Trap 84."""
    forgotten = replace(
        TWO_CALLS[1], parts=tuple(part for part in TWO_CALLS[1].parts if not isinstance(part, Reasoning))
    )
    unsigned = replace(forgotten, parts=(Reasoning("Two cities."), *forgotten.parts))

    for history in ((TWO_CALLS[0], forgotten, *TWO_CALLS[2:]), (TWO_CALLS[0], unsigned, *TWO_CALLS[2:])):
        assert room(messages=history, reasoning_budget=2000).thinking is None
        assert room(messages=history, reasoning_effort="low").thinking is None


@pytest.mark.parametrize("history", [TWO_CALLS, (*TWO_CALLS, user("And?")), (user("a"), Message("assistant", ()))])
def test_thinking_stays_on_when_they_have_it_or_there_are_none(history: tuple[Message, ...]) -> None:
    """Trap 84."""
    assert room(messages=history, reasoning_budget=2000).thinking == enabled(2000)
