"""Limits drawn at random, 200 callers who all ask at once, and what each of them does: it is let in everywhere or nowhere, then writes its row, then settles."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.records.ledger import LedgerRow
from shared.records.limits import Limits, Scope
from shared.storage.admission import Admissions, Hold, Refused, Used
from shared.storage.ledger import add_row
from shared.storage.quota import Claim
from shared.storage.table import Table
from tests.storage.conftest import Clock

CALLERS = 200
KINDS = ("requests", "tokens", "budget", "concurrent")
SCOPES = (Scope("token", "t1"), Scope("user", "alice"), Scope("organisation", "organisation"))


@dataclass(frozen=True, slots=True)
class Policy:
    """`begins` and `ends`, for each caller: after so many verdicts and settlements it asks, and gives back what it has.

    `before`: one for each process, that it takes and undoes before; none where processes begin knowing nothing.
    `allowed`: how many may go on, where that is known before: all ask for the same, and nothing comes back before all were judged.
    """

    limited: Sequence[tuple[Scope, Limits]]
    before: Sequence[Claim]
    claims: Sequence[Claim]
    used: Mapping[str, Used]
    begins: Sequence[int]
    ends: Sequence[int]
    allowed: int | None


def policy(number: int) -> Policy:
    """The first twelve bind in one limit, the others in several; of each four the claims are alike, of the next four mixed. Every third has three scopes."""
    drawn = random.Random(number)
    alike = number // 4 % 2 == 0
    claims = [_claim(drawn, of=0 if alike else at, number=number, at=at) for at in range(CALLERS)]
    scopes = SCOPES if number % 3 == 2 else SCOPES[number % 2 :][:1]
    most = drawn.randint(6, 30)
    limited, allowed = [], CALLERS
    for scope in scopes:
        binding = [KINDS[number % 4]] if number < 12 else drawn.sample(KINDS, drawn.randint(2, 4))
        counts = {kind: max(1, most + drawn.randint(-3, 3)) for kind in binding}
        if number != _UNLIMITED or scope != SCOPES[0]:
            limited.append((scope, _limits(drawn, claims, counts)))
            allowed = min(allowed, *counts.values())
        else:
            limited.append((scope, Limits()))
    waits = alike and any(limits.max_concurrent != _LOOSE for _, limits in limited)
    return Policy(
        limited,
        [Claim(f"b{number:02}{at}", "alice", 1_900_000_000) for at in range(_PROCESSES if number % 8 else 0)],
        claims,
        {claim.request_id: _used(drawn, claim, exact=alike and not waits) for claim in claims},
        begins=[
            0 if alike or at < _HALF else drawn.choice([drawn.randint(0, _HALF), _HALF + 1]) for at in range(CALLERS)
        ],
        ends=[CALLERS if waits else drawn.randint(0, _HALF) for _ in claims],
        allowed=allowed if alike else None,
    )


_HALF = CALLERS // 2
_PROCESSES = 8
_LOOSE = 250
_UNLIMITED = 20
"""The policy whose token nothing limits: its holds lie in several items."""


def _claim(drawn: random.Random, *, of: int, number: int, at: int) -> Claim:
    """Those `of` one number are alike."""
    size = random.Random(1000 * number + of)
    return Claim(f"r{number:02}{at:03}", "alice", 1_900_000_000, size.randint(1, 900), size.randint(1, 40_000))


def _used(drawn: random.Random, claim: Claim, *, exact: bool) -> Used:
    """Less than was reserved, as a rule."""
    if exact:
        return Used(claim.micros, claim.tokens)
    part = drawn.choice([0.0, 0.3, 0.6, 0.9, 1.0, 1.2])
    return Used(int(claim.micros * part), int(claim.tokens * part))


def _limits(drawn: random.Random, claims: Sequence[Claim], counts: Mapping[str, int]) -> Limits:
    """Room for so many claims of the middle size and for all but one unit of another at most, by kind; for all of them where a kind is not named."""

    def amount(kind: str, sizes: list[int]) -> int:
        middle = sorted(sizes)[CALLERS // 2]
        more = drawn.choice([0, middle - 1, drawn.randrange(middle)])
        return counts[kind] * middle + more if kind in counts else 2 * sum(sizes)

    return Limits(
        requests_per_minute=counts.get("requests", _LOOSE),
        tokens_per_minute=amount("tokens", [claim.tokens for claim in claims]),
        max_concurrent=counts.get("concurrent", _LOOSE),
        budget_usd=Decimal(amount("budget", [claim.micros for claim in claims])) / 1_000_000,
        budget_period=drawn.choice(["day", "week", "month", "total"]),
    )


class _Turns:
    """Lets somebody go on when so much has happened."""

    def __init__(self) -> None:
        self._happened = 0
        self._reached = [asyncio.Event() for _ in range(2 * CALLERS + 1)]
        self._reached[0].set()

    async def after(self, many: int) -> None:
        await self._reached[many].wait()

    def take_turn(self) -> None:
        self._happened += 1
        self._reached[self._happened].set()


async def ask_all(drawn: Policy, tables: Sequence[Table], clock: Clock) -> dict[str, Refused]:
    """All callers at once, from eight processes' memories over these tables; who was refused, by request, once all have settled."""
    turns, refusals = _Turns(), dict[str, Refused]()
    memories = [(table, Admissions(table, now=clock)) for _ in range(_PROCESSES // len(tables)) for table in tables]
    for (_, admissions), claim in zip(memories, drawn.before, strict=False):
        await admissions.undo([await admissions.take(scope, limits, claim) for scope, limits in drawn.limited])

    async def one(at: int, table: Table, admissions: Admissions) -> None:
        claim, held = drawn.claims[at], list[Hold]()
        await turns.after(drawn.begins[at])
        try:
            for scope, limits in drawn.limited:
                held.append(await admissions.take(scope, limits, claim))
        except Refused as no:
            refusals[claim.request_id] = no
            turns.take_turn()
            await admissions.undo(held)
            return
        turns.take_turn()
        await turns.after(drawn.ends[at])
        used = drawn.used[claim.request_id]
        assert await add_row(table, row_of(claim, used, clock()))
        for hold in held:
            assert await admissions.settle(hold, used)
        turns.take_turn()

    await asyncio.gather(*(one(at, *memories[at % _PROCESSES]) for at in range(CALLERS)))
    return refusals


def row_of(claim: Claim, used: Used, now: float) -> LedgerRow:
    """Its row in the ledger."""
    more: dict[str, Any] = {"provider": "openai", "model": "hello", "token_id": "t1"}
    return LedgerRow(
        request_id=claim.request_id,
        owner=claim.owner,
        started_at=now,
        outcome="done",
        charged_micros=used.micros,
        **more,
    )
