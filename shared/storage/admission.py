"""Who may go on, and who is under way: each scope is one item, and to be let in is one conditional write of it, exact under any concurrency.

What is taken is given back exactly once: whoever removes the hold gives back. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from shared.errors import StorageUnavailable
from shared.records.limits import MICROS_A_DOLLAR, Left, Limits, Refusal, Scope, period_end, period_name
from shared.storage import layout
from shared.storage.held import Held, to_text
from shared.storage.holdings import note_holding
from shared.storage.quota import (
    MOST_OPEN,
    SECOND,
    USED_AT,
    Claim,
    attempt,
    find_refusal,
    left,
    number,
    rates,
    stale,
)
from shared.storage.table import Change, ConditionFailed, Item, Key, Present, Table

_MOST_TRIES: Final = 4
_RETRY_AFTER: Final = 1.0
_SPREAD: Final = 8
"""Parts of a scope that nothing limits, or whose limits are so large that one item would be too hot: a partition takes some 1000 writes a second."""
_OPEN_IN_ONE: Final = 16
"""Open at once in this process, after which a scope that nothing limits goes on in another item: small items are cheap to write."""
_WORTH_SPREADING: Final = Limits(
    requests_per_minute=6000, tokens_per_minute=8_000_000, max_concurrent=512, budget_usd=Decimal(800)
)
_NOTED_FOR: Final = 300.0
"""Seconds for which this process remembers that the sweeper knows of an item."""
_DENIED_FOR: Final = 5.0
"""Seconds, at most, for which this process refuses by itself what the table refused: a flood costs no writes. Threat I10."""
_MOST_KEPT: Final = 10_000


class Refused(Exception):
    """A limit said no."""

    def __init__(self, scope: Scope, refusal: Refusal) -> None:
        super().__init__(f"{refusal.policy} of a {scope.kind}")
        self.scope = scope
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Hold:
    """What was taken: enough to give it back. `taken_at` and the steps are nanoseconds; a step of 0 is of no limit."""

    scope: Scope
    shard: int
    name: str
    period: str
    micros: int = 0
    tokens: int = 0
    taken_at: int = 0
    request_step: int = 0
    token_step: int = 0
    stale: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()

    @property
    def key(self) -> Key:
        """Where it lies."""
        return layout.admission(self.scope.kind, self.scope.id, self.shard)


@dataclass(frozen=True, slots=True)
class Used:
    """What a request really used. `requests` is 0 where it was not carried out at all."""

    micros: int = 0
    tokens: int = 0
    requests: int = 1


class Admissions:
    """Takes holds and gives them back. What this process remembers saves writes, and is never needed to be right."""

    def __init__(self, table: Table, *, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now
        self._part = random.randrange(_SPREAD)  # noqa: S311 - spreads load, guards nothing
        self._open: dict[Scope, int] = {}
        self._seen: dict[Key, Item] = {}
        self._noted: dict[Key, float] = {}
        self._denied: dict[tuple[Scope, Limits], Refusal] = {}

    async def take(self, scope: Scope, limits: Limits, claim: Claim) -> Hold:
        """A place in that scope.

        Raises:
            Refused: one of its limits is reached.
            StorageUnavailable: the table does not answer, or too many write at once. Nobody is let in then.
        """
        self._recall(scope, limits, claim)
        refusals = list[Refusal]()
        for shard, part in self._parts(scope, limits):
            try:
                hold = await self._take(scope, shard, part, claim)
            except Refused as refused:
                refusals.append(refused.refusal)
            else:
                self._open[scope] = self._open.get(scope, 0) + 1
                return hold
        refusal = _together(refusals)
        self._remember(scope, limits, refusal)
        raise Refused(scope, refusal)

    async def lower(self, hold: Hold, limits: Limits, claim: Claim) -> Hold:
        """The same place, of which less is reserved now; what the claim tells takes the place of what was told.

        Raises:
            StorageUnavailable: the table does not answer, or somebody ended the hold.
        """
        now, over = self._nanoseconds(), hold.tokens - claim.tokens
        adds = {f"c_{hold.period}": claim.micros - hold.micros} if claim.micros != hold.micros else {}
        if hold.token_step and (back := max(0, over * hold.token_step - max(0, now - hold.taken_at))):
            adds["tat_t"] = -back
        held = Held(claim.micros, claim.tokens, claim.expires_at, hold.period, claim.owner, claim.told)
        change = Change(set={hold.name: to_text(held)}, increase=adds)
        try:
            item = await self._table.update(hold.key, change, when=Present(hold.name))
        except ConditionFailed as failed:
            raise StorageUnavailable("the request's place is gone: try again", retry_after=_RETRY_AFTER) from failed
        part = limits if limits.is_empty else _share(limits, hold.shard, parts_of(hold.scope, limits))
        return replace(hold, micros=claim.micros, tokens=claim.tokens, left=left(part, claim, item, now))

    async def settle(self, hold: Hold, used: Used) -> bool:
        """Give back what was not used; False when somebody else did already.

        Raises:
            StorageUnavailable: the table does not answer. Doing it again does no harm.
        """
        self._ended(hold.scope)
        return await end_hold(self._table, hold, used, now=self._nanoseconds())

    async def undo(self, holds: Sequence[Hold]) -> None:
        """Give all back, the last taken first: nothing was done with them."""
        for hold in reversed(holds):
            await self.settle(hold, Used(requests=0))

    def _nanoseconds(self) -> int:
        return int(self._now() * SECOND)

    async def _take(self, scope: Scope, shard: int, limits: Limits, claim: Claim) -> Hold:
        key = layout.admission(scope.kind, scope.id, shard)
        now, item = self._nanoseconds(), self._seen.get(key)
        if refusal := find_refusal(limits, claim, None, now):
            raise Refused(scope, await self._as_it_is(key, limits, claim, refusal, now=now))
        await self._note(key, scope, shard)
        for _ in range(_MOST_TRIES):
            change, when = attempt(limits, claim, item, now)
            try:
                item = await self._table.update(key, change, when=when)
            except ConditionFailed as failed:
                item = failed.item
                if item is None or claim.name not in item:  # else it is ours already, and only the answer was lost
                    now = self._nanoseconds()
                    if refusal := find_refusal(limits, claim, item, now):
                        raise Refused(scope, refusal) from failed
                    continue
            self._saw(key, item)
            return _hold(scope, shard, limits, claim, item, now=now)
        raise StorageUnavailable("too many ask for the same at once: try again", retry_after=_RETRY_AFTER)

    async def _as_it_is(self, key: Key, limits: Limits, claim: Claim, refusal: Refusal, *, now: int) -> Refusal:
        """What no item would let in, with what is left in this one. Of nothing there is nothing left."""
        if not refusal.limit:
            return refusal
        return find_refusal(limits, claim, await self._table.get(key), now) or refusal

    def _parts(self, scope: Scope, limits: Limits) -> Iterator[tuple[int, Limits]]:
        """The items to try, and what of the limits each has. The first one is this process's own."""
        if limits.is_empty:
            overflow = self._open.get(scope, 0) // _OPEN_IN_ONE
            yield from ((self._part + _SPREAD * (overflow + more), limits) for more in range(2))
            return
        parts = parts_of(scope, limits)
        for number_ in range(parts):
            part = (self._part + number_) % parts
            yield part, _share(limits, part, parts)

    async def _note(self, key: Key, scope: Scope, shard: int) -> None:
        """So that the sweeper looks there, should this process die."""
        now = self._now()
        if self._noted.get(key, 0.0) <= now:
            await note_holding(self._table, scope, shard, now=now)
            _keep(self._noted, key, now + _NOTED_FOR)

    def _saw(self, key: Key, item: Item) -> None:
        """Whether its rates were idle: the next guess of the right condition."""
        _keep(self._seen, key, {name: value for name, value in item.items() if name.startswith("tat_")})

    def _ended(self, scope: Scope) -> None:
        still = self._open.get(scope, 1) - 1
        if still > 0:
            self._open[scope] = still
        else:
            self._open.pop(scope, None)

    def _recall(self, scope: Scope, limits: Limits, claim: Claim) -> None:  # noqa: ARG002 - one costs one
        refusal = self._denied.get((scope, limits))
        if refusal is None or refusal.resets_at is None:
            return
        if self._now() < refusal.resets_at:
            raise Refused(scope, refusal)
        del self._denied[scope, limits]

    def _remember(self, scope: Scope, limits: Limits, refusal: Refusal) -> None:
        """Only what no settlement elsewhere makes untrue: requests a minute. Changed limits are others, so they are asked of the table."""
        soon = refusal.resets_at is not None and refusal.resets_at - self._now() <= _DENIED_FOR
        if refusal.policy == "requests" and soon:
            _keep(self._denied, (scope, limits), refusal)


def parts_of(scope: Scope, limits: Limits) -> int:
    """In how many items a scope lies. One, where that is exact and enough; several share limits that are shared by many or very large."""
    at_once = -(-limits.max_concurrent // MOST_OPEN) if limits.max_concurrent else 1
    if scope.kind in {"token", "user"}:
        return at_once
    pairs = ((getattr(limits, name), getattr(_WORTH_SPREADING, name)) for name in _AMOUNTS)
    spread = _SPREAD if all(given is None or given >= worth for given, worth in pairs) else 1
    return max(at_once, spread)


_AMOUNTS: Final = ("requests_per_minute", "tokens_per_minute", "max_concurrent", "budget_usd")


def _share(limits: Limits, part: int, parts: int) -> Limits:
    """What one part has of each limit; together they have all of it and no more."""
    if parts == 1:
        return limits
    budget = limits.budget_micros
    return replace(
        limits,
        requests_per_minute=_split(limits.requests_per_minute, part, parts),
        tokens_per_minute=_split(limits.tokens_per_minute, part, parts),
        max_concurrent=_split(limits.max_concurrent, part, parts),
        budget_usd=None if budget is None else Decimal(_split(budget, part, parts) or 0) / MICROS_A_DOLLAR,
    )


def _split(limit: int | None, part: int, parts: int) -> int | None:
    return None if limit is None else limit // parts + (part < limit % parts)


def _together(refusals: Sequence[Refusal]) -> Refusal:
    """Of several parts: what waits shortest, with the limits summed."""
    first = min(refusals, key=_waiting)
    same = [refusal for refusal in refusals if refusal.policy == first.policy]
    return replace(first, limit=sum(each.limit for each in same), remaining=sum(each.remaining for each in same))


def _waiting(refusal: Refusal) -> float:
    """Until when; for ever where that does not help."""
    return float("inf") if refusal.too_large or refusal.resets_at is None else refusal.resets_at


def _hold(scope: Scope, shard: int, limits: Limits, claim: Claim, item: Item, *, now: int) -> Hold:
    steps = {rate.policy: rate.step for rate in rates(limits, claim)}
    period = period_name(limits.period, now / SECOND)
    return Hold(
        scope,
        shard,
        claim.name,
        period,
        claim.micros,
        claim.tokens,
        now,
        steps.get("requests", 0),
        steps.get("tokens", 0),
        stale(item, period),
        left(limits, claim, item, now),
    )


async def end_hold(table: Table, hold: Hold, used: Used, *, now: int) -> bool:
    """Remove the hold and give back what it had over; False when it is gone already.

    Of a rate, what time has given back since is not given back twice: `max(0, over - elapsed)` is never more than the reservation still weighs.
    """
    adds = {"n_open": -1}
    if used.micros != hold.micros:
        adds[f"c_{hold.period}"] = used.micros - hold.micros
    if used.micros:
        adds[f"s_{hold.period}"] = used.micros
    elapsed = max(0, now - hold.taken_at)
    for name, step, over in (
        ("tat_r", hold.request_step, 1 - used.requests),
        ("tat_t", hold.token_step, hold.tokens - used.tokens),
    ):
        if step and (back := max(0, over * step - elapsed) if over > 0 else over * step):
            adds[name] = -back
    change = Change(increase=adds, remove=(hold.name, *hold.stale))
    try:
        await table.update(hold.key, change, when=Present(hold.name))
    except ConditionFailed:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Use:
    """What a scope used of a period's budget, in micro-dollars: `committed` is what was spent and what is held. `last`: epoch seconds."""

    spent: int
    committed: int
    last: int | None


async def use_of(table: Table, scope: Scope, period: str) -> Use:
    """As far as it is known: an item that nobody uses is forgotten after 40 days."""
    listing = layout.admissions(scope.kind, scope.id)
    items = (await table.query(listing.pk, prefix=listing.prefix, limit=1000)).items
    return Use(
        sum(number(item, f"s_{period}") for item in items),
        sum(number(item, f"c_{period}") for item in items),
        max((number(item, USED_AT) for item in items if USED_AT in item), default=None),
    )


async def budget_left(table: Table, scope: Scope, limits: Limits, *, now: float) -> Left:
    """What of a scope's budget is neither spent nor held."""
    budget = limits.budget_micros or 0
    used = await use_of(table, scope, period_name(limits.period, now))
    return Left("budget", budget, max(0, budget - used.committed), period_end(limits.period, now))


async def spent(table: Table, scope: Scope, period: str) -> int:
    """What a scope has spent in that period, in micro-dollars."""
    return (await use_of(table, scope, period)).spent


async def forget_scope(table: Table, scope: Scope) -> None:
    """Nothing is known of it any more: it is deleted itself. What is under way there is settled in the ledger alone."""
    listing = layout.admissions(scope.kind, scope.id)
    while items := (await table.query(listing.pk, prefix=listing.prefix)).items:
        for item in items:
            await table.delete(Key(str(item["pk"]), str(item["sk"])))


def _keep[Name, Value](kept: dict[Name, Value], name: Name, value: Value) -> None:
    """Newest last; the oldest goes when there are too many."""
    kept.pop(name, None)
    while len(kept) >= _MOST_KEPT:
        del kept[next(iter(kept))]
    kept[name] = value
