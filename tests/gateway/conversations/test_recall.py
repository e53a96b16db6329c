"""What of a conversation fits into a model's window."""

import pytest

from shared.chat.request import Message, Text, ToolCall, ToolResult
from shared.gateway.conversations.recall import fit


def user(text: str) -> Message:
    return Message("user", (Text(text),))


def answer(text: str) -> Message:
    return Message("assistant", (Text(text),))


WORD = "x" * 40
"""Ten tokens."""
TURNS = [user(WORD), answer(WORD), user(WORD), answer(WORD), user(WORD), answer(WORD)]
CALLING = [
    user(WORD),
    Message("assistant", (ToolCall("c1", "look", "{}"),)),
    Message("tool", (ToolResult("c1", (Text(WORD),)),)),
    answer(WORD),
]


@pytest.mark.parametrize(("room", "left"), [(None, 6), (60, 6), (59, 4), (40, 4), (39, 2), (20, 2), (19, 0), (0, 0)])
def test_the_oldest_turns_go_first_and_none_is_cut(room: int | None, left: int) -> None:
    assert list(fit(TURNS, room)) == TURNS[len(TURNS) - left :]


def test_a_tools_result_keeps_its_call() -> None:
    """Trap 85: an orphan result is refused by every provider."""
    for room in range(80):
        fitting = fit([*TURNS, *CALLING], room)
        assert not fitting or fitting[0].role == "user"


def test_what_is_left_of_a_turn_without_its_question_is_left_out() -> None:
    assert list(fit([answer(WORD), user(WORD), answer(WORD)], None)) == [user(WORD), answer(WORD)]


def test_nothing_said_is_no_context() -> None:
    assert fit([], None) == fit([], 0) == ()
