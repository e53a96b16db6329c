"""What a provider reports, held against what could be."""

from decimal import Decimal

import pytest

from shared.chat.events import Usage
from shared.gateway.books.credible import BELIEVED, MOST_USD, THEIR_OWN_WORDS, Ceiling

CEILING = Ceiling(input=20_000, output=20_000, thought=40_000)
MOST_INPUT = 10 * (20_000 + THEIR_OWN_WORDS)


@pytest.mark.parametrize(
    ("usage", "believed"),
    [
        (Usage(input=0, output=0), True),
        (Usage(), True),
        (Usage(input=MOST_INPUT, output=200_000), True),
        (Usage(input=MOST_INPUT + 1, output=5), False),
        (Usage(input=7, output=200_001), False),
        (Usage(input=7, output=400_500, reasoning=400_000), True),
        (Usage(input=7, output=400_001, reasoning=400_001), False),
        (Usage(input=7, cached=MOST_INPUT + 1), False),
        (Usage(input=7, cache_write=MOST_INPUT + 1), False),
        (Usage(input=7, raw={"prompt_tokens": 7, "completion_tokens": -1}), False),
        (Usage(input=7, raw={"prompt_tokens": 7, "cost": -0.1}), False),
        (Usage(input=7, cost=MOST_USD), True),
        (Usage(input=7, cost=MOST_USD + Decimal("1e-9")), False),
        (Usage(input=7, cost=Decimal(repr(1e300))), False),
        (Usage(input=7, cost=Decimal(repr(1.2345678901234567e-12))), True),
        (Usage(input=7, cost=Decimal(repr(1e-300))), False),
        (Usage(input=7, cost=Decimal(0)), True),
        (Usage(input=7, raw={"prompt_tokens": 7, "details": {"audio": -1}, "cost": None, "tier": "x"}), True),
    ],
)
def test_what_could_be_is_believed_and_what_could_not_is_not(usage: Usage, *, believed: bool) -> None:
    """Fault 18. Thinking may be beyond the bound that the caller set (trap 66)."""
    assert CEILING.holds(usage) == believed


def test_what_is_merely_high_is_the_providers_to_say() -> None:
    """Files, tools and words of its own are nothing that we count."""
    assert Ceiling(2, 16, 0).holds(Usage(input=BELIEVED, output=BELIEVED))
    assert not Ceiling(2, 16, 0).holds(Usage(input=BELIEVED + 1, output=5))


def test_of_what_the_provider_reads_itself_nothing_is_known() -> None:
    assert Ceiling(None, 50, 4000).holds(Usage(input=10**6, output=5))
    assert not Ceiling(None, 50, 4000).holds(Usage(input=10**6, output=BELIEVED + 1))
