"""When to try again, and how long to wait first. Pure but for the dice. faults.md, first table; traps 31-33."""

import random
from collections.abc import Callable

from shared.errors import BadResponse, NameNotResolved, RealMultiLLMError, Throttled

ATTEMPTS = 2
"""At one target."""
MOST_ATTEMPTS = 3
"""At all targets of one chat."""
LONGEST_WAIT = 2.0
"""Seconds; a provider that wants more is believed, and the caller is told."""
FIRST_BACKOFF = 0.25
NAME_BACKOFF = 0.1


def attempts_here(asked: int, later: int) -> int:
    """How often a target may be asked after `asked` attempts elsewhere: a second time takes no turn of the `later` targets."""
    return max(1, min(ATTEMPTS, MOST_ATTEMPTS - asked - later))


def wait_before_retry(
    error: RealMultiLLMError,
    tried: int,
    *,
    remaining: float,
    most: int = ATTEMPTS,
    dice: Callable[[], float] = random.random,
) -> float | None:
    """Seconds until the next attempt, None if there is none. `tried` attempts of at `most` so many have failed, `remaining` seconds are left."""
    if not error.worth_retrying or tried >= most:
        return None
    wait = _wait(error, tried, dice)
    return wait if wait <= min(LONGEST_WAIT, remaining) else None


def _wait(error: RealMultiLLMError, tried: int, dice: Callable[[], float]) -> float:
    """What the provider asked for, else full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/."""
    if error.retry_after is not None:
        return error.retry_after
    if isinstance(error, NameNotResolved | BadResponse):
        return NAME_BACKOFF
    longest = FIRST_BACKOFF * 2.0**tried
    return longest / 2 + dice() * longest / 2 if isinstance(error, Throttled) else dice() * longest
