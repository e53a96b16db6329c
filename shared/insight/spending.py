"""What was spent of a budget, as the doors tell it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from shared.records.limits import MICROS_A_DOLLAR, Limits, Scope, period_name
from shared.storage.admission import use_of
from shared.storage.table import Table


@dataclass(frozen=True, slots=True)
class Spending:
    """In the present period, in US dollars. `remaining`: what may still be spent, None without a budget. `last`: epoch seconds of the last request."""

    spent: Decimal
    remaining: Decimal | None
    last: int | None


async def spending_of(table: Table, scopes: Iterable[tuple[Scope, Limits]], *, now: float) -> list[Spending]:
    """One for each of them."""
    return await asyncio.gather(*(_spending(table, scope, limits, now) for scope, limits in scopes))


async def _spending(table: Table, scope: Scope, limits: Limits, now: float) -> Spending:
    use = await use_of(table, scope, period_name(limits.period, now))
    budget = limits.budget_micros
    left = None if budget is None else max(0, budget - use.committed)
    return Spending(_dollars(use.spent), None if left is None else _dollars(left), use.last)


def _dollars(micros: int) -> Decimal:
    return Decimal(micros) / MICROS_A_DOLLAR
