"""How a chat ended and who paid for it: the last thing that is said, once, on every path."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from shared.chat.events import FinishReason, Usage


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars, exact, or None with the reason why nobody can tell."""

    usd: Decimal | None
    source: Literal["provider", "custom", "table", "documented"] | None = None
    """`documented`: a page of the provider's says that it takes nothing; chats have no such cost."""
    version: str | None = None
    """Of the price table."""
    reason: str | None = None
    listed: "Cost | None" = None
    """By the price table, where `custom` is the caller's own price; None: the same."""

    @property
    def at_least_listed(self) -> Decimal | None:
        """The dearer of both, for budgets that are not the caller's to lift; None: nobody can tell one of them."""
        if self.listed is None or self.usd is None:
            return self.usd
        return None if self.listed.usd is None else max(self.usd, self.listed.usd)


def in_dollars(usd: Decimal) -> str:
    """Every digit there is, without an exponent; nothing is `0`."""
    return f"{usd:f}" if usd else "0"


OWN_PRICE: Final = "custom"
"""The source of a cost that goes by the owner's own price."""

NOTHING: Final = Cost(Decimal(0), "documented")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one target: `outcome` is `answered` or the code of the error."""

    provider: str
    model: str
    outcome: str
    milliseconds: int
    asked: bool = True
    """The provider heard of it; else the target was passed over, and `outcome` says why."""

    def told(self) -> str:
        """In a line of its own."""
        return f"{self.provider}/{self.model} {self.outcome}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Whose key paid, for what, after which attempts."""

    key: Literal["own", "shared"]
    fingerprint: str
    provider: str
    model: str
    attempts: tuple[Attempt, ...]
    cost: Cost
    dropped: tuple[str, ...] = ()
    """Parameters that the provider cannot do and that were left out: hints, or because the caller asked for that."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The conversation that a chat belongs to. `kept`: what was asked and answered lies in it. `left_out`: kept messages that had no room in the context."""

    id: str
    kept: bool
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a chat that went well. `finishes` has every choice's reason and the provider's own word for it."""

    finishes: tuple[tuple[int, FinishReason, str | None], ...]
    usage: Usage
    receipt: Receipt
    conversation: Kept | None = None
