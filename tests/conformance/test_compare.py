from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.compare import first_difference
from tests.conformance.heard import Call, Choice, Heard

USAGE = {
    "inputTokens": 5,
    "outputTokens": 2,
    "totalTokens": 7,
    "cachedTokens": None,
    "cacheWriteTokens": None,
    "reasoningTokens": None,
}
EXPECTED: dict[str, Any] = {
    "text": "Hi",
    "reasoning": "hm",
    "refusal": None,
    "tool_calls": [{"id": "t", "name": "f", "arguments": {"x": 1}, "arguments_raw": '{"x": 1}'}],
    "finish_reason": "tool_calls",
    "finish_reason_raw": "tool_use",
    "usage": {"input": 5, "output": 2, "cached": 0, "cache_write": 0, "reasoning": None, "total": 7},
    "error": None,
}


def heard() -> Heard:
    choice = Choice("Hi", "hm", "", {0: Call("t", "f", '{"x":1}')}, "tool_calls", "tool_use")
    return Heard({0: choice}, {**USAGE, "estimated": False})


def test_the_same_is_no_difference() -> None:
    assert first_difference(EXPECTED, heard()) is None


def failed(code: str, status: int) -> Heard:
    return Heard(error={"code": code, "message": "", "details": {"providerStatus": status}}, status=502)


SPOILERS: dict[str, Callable[[Heard], object]] = {
    "text": lambda one: setattr(one.choice(0), "text", "Hi!"),
    "reasoning": lambda one: setattr(one.choice(0), "reasoning", ""),
    "refusal": lambda one: setattr(one.choice(0), "refusal", "no"),
    "tool call 0 id": lambda one: setattr(one.choice(0).calls[0], "id", "u"),
    "tool call 0 name": lambda one: setattr(one.choice(0).calls[0], "name", "g"),
    "tool call 0 arguments": lambda one: setattr(one.choice(0).calls[0], "arguments", '{"x":'),
    "tool call 1": lambda one: one.choice(0).calls.update({1: Call("v", "f", "{}")}),
    "tool call 0": lambda one: one.choice(0).calls.clear(),
    "finish reason": lambda one: setattr(one.choice(0), "finish", "stop"),
    "finish reason as it came": lambda one: setattr(one.choice(0), "finish_raw", "stop"),
    "choices": lambda one: one.choice(1),
    "usage output": lambda one: setattr(one, "usage", {**USAGE, "outputTokens": 3}),
    "usage cached": lambda one: setattr(one, "usage", {**USAGE, "cachedTokens": 1}),
    "usage reasoning": lambda one: setattr(one, "usage", {**USAGE, "reasoningTokens": 0}),
    "usage estimated": lambda one: setattr(one, "usage", {**USAGE, "estimated": True}),
    "error": lambda one: setattr(one, "error", {"code": "stream_truncated", "message": "cut"}),
}


@pytest.mark.parametrize("field", SPOILERS)
def test_every_difference_is_told_by_its_field(field: str) -> None:
    other = heard()
    SPOILERS[field](other)

    assert str(first_difference(EXPECTED, other)).startswith(f"{field}: ")


def test_no_usage_is_expected_to_be_an_estimate_or_nothing() -> None:
    expected = {**EXPECTED, "usage": None}
    estimated = heard()
    estimated.usage = {**USAGE, "estimated": True}

    assert first_difference(expected, estimated) is None
    assert str(first_difference(expected, heard())).startswith("usage: expected none")


def test_what_is_not_asserted_is_not_compared() -> None:
    assert (
        first_difference({**EXPECTED, "text": None, "finish_reason": None, "finish_reason_raw": None}, heard()) is None
    )


def test_an_error_is_compared_by_its_class() -> None:
    expected = {**EXPECTED, "error": {"class": "rate_limit", "status": 429, "in_stream": False}}

    assert first_difference(expected, failed("throttled", 429)) is None
    assert str(first_difference(expected, failed("upstream_error", 500))).startswith("error class: expected rate_limit")
    assert str(first_difference(expected, heard())).startswith("error: expected rate_limit")


def test_an_error_that_is_expected_within_an_answer_may_come_before_its_first_word_but_not_from_us() -> None:
    expected = {**EXPECTED, "error": {"class": "in_stream", "status": None, "in_stream": True}}
    early = Heard(error={"code": "upstream_error", "message": "", "details": {"provider": "openai"}}, status=502)
    ours = Heard(error={"code": "internal_error", "message": "", "details": {}}, status=500)

    assert first_difference(expected, early) is None
    assert str(first_difference(expected, ours)).startswith("error class: ")


def test_a_call_of_which_the_client_made_little_is_compared_by_what_it_is() -> None:
    """No arguments are `{}`, no name is none, and an id may be a number."""
    expected = {**EXPECTED, "tool_calls": [{"id": 7, "name": None, "arguments": None, "arguments_raw": None}]}
    other = heard()
    other.choice(0).calls[0] = Call("7", "", "{}")

    assert first_difference(expected, other) is None


def test_arguments_of_a_call_that_was_cut_off_are_those_before_the_cut() -> None:
    """Clients that give objects close what the limit left open; whole calls must be whole."""
    cut = {"id": "t", "name": "f", "arguments": {"x": [1, 'a"}']}, "arguments_raw": None}
    other = heard()
    other.choice(0).calls[0].arguments = '{"x":[1,"a\\"}"], "y":"unfin'
    other.choice(0).finish, other.choice(0).finish_raw = "length", "max_tokens"
    limited = {**EXPECTED, "tool_calls": [cut], "finish_reason": "length", "finish_reason_raw": "max_tokens"}

    assert first_difference(limited, other) is None
    assert str(first_difference({**limited, "finish_reason": "tool_calls"}, other)).startswith("tool call 0 arguments")


def test_a_client_may_be_asked_for_the_first_of_several_choices_alone() -> None:
    two = heard()
    two.choice(1).text = "another"

    assert first_difference({**EXPECTED, "choices": 2}, two) is None
    assert first_difference(EXPECTED, two) == "choices: expected 1, heard 2"


def test_choices_are_compared_in_their_order_whatever_their_numbers() -> None:
    other = heard()
    other.choices = {1: other.choices[0]}

    assert first_difference(EXPECTED, other) is None


def test_what_was_said_before_an_error_within_a_stream_counts() -> None:
    expected = {**EXPECTED, "error": {"class": "in_stream", "status": None, "in_stream": True}}
    broken = heard()
    broken.error = {"code": "upstream_error", "message": "", "details": {"provider": "openai"}}

    assert first_difference(expected, broken) is None
    broken.choice(0).text = "H"
    assert str(first_difference(expected, broken)).startswith("text: ")
