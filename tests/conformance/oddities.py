"""Recordings whose expectation cannot be met, each with the reason. Rules about the wire, for it also runs on recordings we do not have.

Whoever adds one explains it in docs/conformance.md as the provider's own oddity.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.conformance.corpus import Exchange


@dataclass(frozen=True, slots=True)
class Oddity:
    """`applies` to which exchanges and differences, and why that is as it should be."""

    reason: str
    applies: Callable[[Exchange, str], bool]


def find_oddity(exchange: Exchange, difference: str) -> Oddity | None:
    """The documented reason for a difference, if there is one."""
    return next((oddity for oddity in ODDITIES if oddity.applies(exchange, difference)), None)


def _is_cut_off(exchange: Exchange, difference: str) -> bool:
    return (
        exchange.is_stream
        and exchange.expected["finish_reason_raw"] is None
        and difference.startswith("error: expected none, heard stream_truncated")
    )


def _says_nothing(exchange: Exchange, difference: str) -> bool:
    said = ("text", "reasoning", "refusal", "tool_calls", "finish_reason_raw", "more_choices")
    return not any(exchange.expected.get(name) for name in said) and difference.startswith(
        "error: expected none, heard"
    )


def _failed_in_its_last_word(exchange: Exchange, difference: str) -> bool:
    word = exchange.expected["finish_reason_raw"]
    return word in {"error", "ERROR"} and difference.startswith("error: expected none, heard")


def _counts_below_zero(exchange: Exchange, difference: str) -> bool:
    counts = [count for count in (exchange.expected["usage"] or {}).values() if isinstance(count, int)]
    return min(counts, default=0) < 0 and difference.startswith("usage ")


def _has_scattered_calls(exchange: Exchange, difference: str) -> bool:
    calls = exchange.expected["tool_calls"]
    return exchange.is_stream and difference.startswith("tool call") and any(map(_is_scattered, calls))


def _is_scattered(call: Mapping[str, Any]) -> bool:
    """A call of nothing but arguments, or arguments that are those of several calls."""
    if not call["name"] and not call["id"]:
        return True
    text = call.get("arguments_raw") or ""
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return False
    return bool(text[end:].strip())


def _answers_no_call(exchange: Exchange, difference: str) -> bool:
    return exchange.api == "messages" and "messages.2.content: unexpected `tool_use_id`" in difference


ODDITIES: tuple[Oddity, ...] = (
    Oddity("the recorded stream was cut off; we say so, where the client ends in silence (trap 12)", _is_cut_off),
    Oddity("a 200 without an answer is an error, where the client gives an empty object (trap 13)", _says_nothing),
    Oddity("the provider says that it failed with the finish reason `error` (trap 27)", _failed_in_its_last_word),
    Oddity("a count of tokens below zero is none, where the client hands it on", _counts_below_zero),
    Oddity("a tool result that answers no call is refused, where a provider once took it (trap 85)", _answers_no_call),
    Oddity("calls without an index of their own, which the client mixes up (traps 35, 36)", _has_scattered_calls),
)
