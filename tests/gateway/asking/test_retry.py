"""When a failed attempt is tried again: faults.md, first table."""

import pytest

from shared.errors import (
    BadResponse,
    CredentialRejected,
    NameNotResolved,
    ProviderFailed,
    ProviderTimeout,
    RealMultiLLMError,
    RequestRefused,
    StreamTruncated,
    Throttled,
    TlsFailed,
    Unreachable,
)
from shared.gateway.asking.retry import attempts_here, wait_before_retry

HALF = 0.5


def wait(error: RealMultiLLMError, tried: int = 1, remaining: float = 100.0) -> float | None:
    return wait_before_retry(error, tried, remaining=remaining, dice=lambda: HALF)


@pytest.mark.parametrize("kind", [Unreachable, NameNotResolved, ProviderFailed, Throttled, BadResponse])
def test_what_may_pass_is_tried_once_more(kind: type[RealMultiLLMError]) -> None:
    assert wait(kind("down")) is not None
    assert wait(kind("down"), tried=2) is None


@pytest.mark.parametrize("kind", [CredentialRejected, RequestRefused, ProviderTimeout, TlsFailed, StreamTruncated])
def test_what_will_not_pass_or_may_have_been_billed_is_not(kind: type[RealMultiLLMError]) -> None:
    assert wait(kind("no")) is None


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 0.0), (1.5, 1.5), (2.0, 2.0), (2.1, None), (3600.0, None)])
def test_retry_after_is_honoured_when_it_is_short(asked: float, waited: float | None) -> None:
    """Traps 31 and 32: a longer one is the caller's to know."""
    assert wait(Throttled("slow down", retry_after=asked)) == waited


def test_no_retry_outlives_the_deadline() -> None:
    assert wait(Throttled("slow down", retry_after=1.5), remaining=1.0) is None


def test_backoff_is_jittered() -> None:
    waits = {wait_before_retry(ProviderFailed("down"), 1, remaining=100.0) for _ in range(20)}

    assert len(waits) > 1


@pytest.mark.parametrize(
    ("asked", "later", "most"),
    [(0, 0, 2), (0, 1, 2), (0, 2, 1), (1, 1, 1), (1, 0, 2), (2, 0, 1), (2, 5, 1)],
)
def test_a_second_attempt_takes_no_turn_of_a_later_target(asked: int, later: int, most: int) -> None:
    """Two at each, three in all."""
    assert attempts_here(asked, later) == most
