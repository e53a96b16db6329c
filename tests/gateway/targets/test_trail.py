"""Who was asked, and what the caller is told when nobody answers."""

import time
from typing import cast

import pytest

from shared.chat.receipt import Attempt
from shared.errors import (
    CircuitOpen,
    CredentialRejected,
    DeadlineReached,
    InvalidRequest,
    KeyCoolingDown,
    ProviderError,
    ProviderFailed,
    ProviderTimeout,
    RealMultiLLMError,
    RequestRefused,
    StreamStalled,
    Throttled,
    UnsupportedParameter,
)
from shared.gateway.targets.course import Course
from shared.gateway.targets.trail import Trail
from tests.gateway.asking.test_relay import TARGET


def trail(*, after_timeout: bool = False, seconds: float = 60) -> Trail:
    course = Course((TARGET, TARGET, TARGET), after_timeout=after_timeout)
    return Trail(course, time.monotonic() + seconds)


def asked(of: Trail, error: RealMultiLLMError) -> bool:
    """One attempt failed so."""
    of.attempts.append(Attempt("openai", "m", error.code, 1))
    return of.goes_on(TARGET, error)


@pytest.mark.parametrize(
    "error", [RequestRefused("no"), CredentialRejected("no"), DeadlineReached("no"), InvalidRequest("no")]
)
def test_nobody_is_asked_after_what_the_caller_must_mend(error: RealMultiLLMError) -> None:
    assert not asked(trail(), error)


@pytest.mark.parametrize("error", [ProviderTimeout("no"), StreamStalled("no")])
def test_silence_goes_on_only_where_the_owner_wants_it(error: RealMultiLLMError) -> None:
    assert not asked(trail(), error)
    assert asked(trail(after_timeout=True), error)


def test_three_attempts_are_all() -> None:
    """faults.md, invariant (d)."""
    of = trail()

    assert [asked(of, ProviderFailed("no")) for _ in range(3)] == [True, True, False]


def test_nobody_is_asked_after_the_deadline() -> None:
    assert not asked(trail(seconds=0), ProviderFailed("no"))


def test_the_last_failure_of_who_was_asked_is_told() -> None:
    of, last = trail(), ProviderFailed("second")
    asked(of, Throttled("first", retry_after=30))
    asked(of, last)
    of.goes_on(TARGET, CircuitOpen("open", retry_after=1))

    assert of.told() is last
    assert last.headers["x-realmultillm-attempts"] == "2"
    assert last.headers["x-realmultillm-tried"] == "openai/m throttled, openai/m upstream_error, openai/m circuit_open"


def test_where_nobody_was_asked_the_rest_that_is_over_first_is_told() -> None:
    of, sooner = trail(), CircuitOpen("open", retry_after=5)
    of.goes_on(TARGET, KeyCoolingDown("rests", retry_after=60))
    of.goes_on(TARGET, sooner)
    of.goes_on(TARGET, UnsupportedParameter("cannot", parameter="seed"))

    assert of.told() is sooner
    assert [attempt.asked for attempt in of.whole()] == [False, False, False]


def test_where_all_refuse_a_parameter_the_first_refusal_is_told() -> None:
    of, first = trail(), UnsupportedParameter("cannot", parameter="seed")
    of.goes_on(TARGET, first)
    of.goes_on(TARGET, UnsupportedParameter("cannot either", parameter="n"))

    assert of.told() is first


def test_what_is_told_of_a_failure_is_in_order() -> None:
    of = trail()
    of.goes_on(TARGET, CircuitOpen("open", retry_after=5))
    asked(of, ProviderFailed("no"))
    of.goes_on(TARGET, KeyCoolingDown("rests", retry_after=60))

    assert [attempt.outcome for attempt in of.whole()] == ["circuit_open", "upstream_error", "key_cooling_down"]
    assert "x-realmultillm-tried" in cast("ProviderError", of.told()).headers
