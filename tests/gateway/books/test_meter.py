"""What was used, as far as anybody knows."""

from shared.chat.events import Finish, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from shared.chat.request import ChatRequest, Message, Text
from shared.gateway.books.meter import Meter

REQUEST = ChatRequest("m", (Message("user", (Text("x" * 40),)),))


def test_the_last_usage_holds_and_none_is_summed() -> None:
    """Trap 20."""
    meter = Meter(REQUEST)
    for output in (1, 5, 9):
        meter.hear(Usage(input=10, output=output))

    assert meter.usage() == Usage(input=10, output=9)


def test_no_usage_is_estimated_and_says_so() -> None:
    """Trap 22."""
    meter = Meter(REQUEST)
    for event in (TextDelta("a" * 20), ReasoningDelta("b" * 10), ToolCallDelta(0, "c" * 10)):
        meter.hear(event)

    assert meter.usage() == Usage(input=10, output=10, total=20, estimated=True)


def test_a_reported_zero_is_a_value() -> None:
    meter = Meter(REQUEST)
    meter.hear(TextDelta("words"))
    meter.hear(Usage(input=0, output=0, total=0))

    assert not meter.usage().estimated


def test_the_first_finish_of_each_choice_holds() -> None:
    meter = Meter(REQUEST)
    for event in (Finish("length", "MAX_TOKENS", 1), Finish("stop", "stop"), Finish("tool_calls", "tool_calls")):
        meter.hear(event)

    assert meter.finishes() == ((0, "stop", "stop"), (1, "length", "MAX_TOKENS"))


def test_an_answer_without_a_reason_is_not_turned_into_stop() -> None:
    """Traps 24 and 46."""
    assert Meter(REQUEST).finishes() == ((0, "other", None),)
