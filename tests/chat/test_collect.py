"""The answer whole."""

from shared.chat.collect import Choice, collect
from shared.chat.events import (
    Annotation,
    Finish,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from shared.chat.request import Reasoning, ToolCall


def test_nothing_heard_is_one_empty_choice_without_finish() -> None:
    answer = collect([])

    assert (answer.id, answer.choices, answer.usage) == (None, (Choice(0),), None)


def test_pieces_are_joined_per_choice_and_choices_come_in_order() -> None:
    answer = collect(
        [
            Start("a", "m", 7),
            TextDelta("two", 1),
            TextDelta("on"),
            TextDelta("e"),
            RefusalDelta("no", 1),
            Finish("stop", "stop"),
            Finish("length", "length", 1),
        ]
    )

    assert (answer.id, answer.model, answer.created) == ("a", "m", 7)
    assert [(choice.index, choice.text, choice.refusal) for choice in answer.choices] == [
        (0, "one", ""),
        (1, "two", "no"),
    ]
    assert answer.choices[1].finish == Finish("length", "length", 1)


def test_the_last_usage_holds_and_the_first_finish() -> None:
    """Trap 20: usage is cumulative and never summed. Trap 84: a finish may come twice."""
    answer = collect([Usage(1, 1), Finish("stop"), Usage(1, 9), Finish("length")])

    assert answer.usage == Usage(1, 9)
    assert answer.choices[0].finish == Finish("stop")


def test_interleaved_calls_keep_their_own_arguments() -> None:
    answer = collect(
        [
            ToolCallStart(0, "a", "f"),
            ToolCallStart(1, None, "g", signature="s"),
            ToolCallDelta(1, '{"x":'),
            ToolCallDelta(0, "{}"),
            ToolCallDelta(1, "1}"),
        ]
    )

    assert answer.choices[0].tool_calls == (ToolCall("a", "f", "{}"), ToolCall("", "g", '{"x":1}', "s"))


def test_thinking_is_cut_into_blocks_where_signatures_and_encrypted_data_say_so() -> None:
    answer = collect(
        [
            ReasoningDelta("I "),
            ReasoningDelta("think"),
            ReasoningSignature("sig"),
            ReasoningSignature(redacted="xxx"),
            ReasoningDelta("more"),
        ]
    )

    assert answer.choices[0].reasoning == "I thinkmore"
    assert answer.choices[0].reasoning_blocks == (
        Reasoning("I think", "sig"),
        Reasoning(redacted="xxx"),
        Reasoning("more"),
    )


def test_media_and_annotations_are_kept_as_they_came() -> None:
    picture, note = MediaOutput("image/png", "aGk="), Annotation("citations", ["https://example.com"])

    choice = collect([picture, note]).choices[0]

    assert (choice.media, choice.annotations) == ((picture,), (note,))
