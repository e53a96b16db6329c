"""Whether what a provider reports can be: a bill of ten times what a request could need at all is not believed. Pure. faults.md, usage huge.

Ten times is a wide margin on purpose: a provider's tokens are not our bytes, and a number that is merely high is the provider's to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from shared.chat.events import Usage

MARGIN: Final = 10
BELIEVED: Final = 100_000
"""Tokens that are believed whatever we count: a provider may add files, tools and words of its own that we do not see."""
THEIR_OWN_WORDS: Final = 1024
"""Tokens that a provider puts around ours: Anthropic's system prompt for tools has up to 735.
https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview#pricing (2026-11)"""


MOST_USD: Final = Decimal(10_000)
"""US dollars of one request: the dearest models take some hundreds for all that fits in them."""
MOST_PLACES: Final = 30
"""Decimal places of a cost. A double that a provider prints has 25 for a hundred-millionth of a dollar; the table has 38 digits, and sums them."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Tokens that one request could need at most. `input` None: the provider reads what we do not see, as files or an earlier answer."""

    input: int | None
    output: int
    thought: int
    """What a model can think at most. Some count that beyond the bound that the caller set (xAI, trap 66)."""

    def holds(self, usage: Usage) -> bool:
        """Not a total is negative or past ten times the ceiling, nor what is a part of one; and the cost may be one."""
        thought = usage.reasoning or 0
        read = max(usage.input or 0, usage.cached or 0, usage.cache_write or 0)
        return not (
            _has_negative(usage.raw)
            or not _may_cost(usage.cost)
            or (self.input is not None and read > _most(self.input + THEIR_OWN_WORDS))
            or (usage.output or 0) - thought > _most(self.output)
            or thought > _most(self.thought)
        )


def _most(ceiling: int) -> int:
    return max(BELIEVED, MARGIN * ceiling)


def _may_cost(usd: Decimal | None) -> bool:
    if usd is None:
        return True
    exponent = usd.normalize().as_tuple().exponent
    return 0 <= usd <= MOST_USD and isinstance(exponent, int) and -exponent <= MOST_PLACES


def _has_negative(raw: Mapping[str, Any]) -> bool:
    """Of the totals. Dialects read a negative count as none; here it speaks against the whole object. Of a finer one they do that alone."""
    return any(isinstance(count, int | float) and count < 0 for count in raw.values())
