"""What a limit means to one item of the table, pure: the change that takes a place, the condition under which it may, and the verdict when it may not.

An item has `tat_r` and `tat_t` (GCRA's theoretical arrival times of requests and tokens, nanoseconds), `n_open` (how many are under way),
`used_at` (epoch seconds of the last one), for each period of the budget `c_<period>` (committed: spent and held, micro-dollars) and
`s_<period>` (spent), and `h_<request id>` for each hold.
Rates and concurrency do not begin anew when the budget does, and a hold is settled in the period it was taken from.
GCRA: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm. Conditions of DynamoDB know no arithmetic, so each bound is worked out before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, cast

from shared.records.limits import Left, Limits, Refusal, period_end, period_name
from shared.storage.held import Held, Told, to_text
from shared.storage.table import Absent, AllOf, AnyOf, Between, Change, Compare, Condition, Item, Value

USED_AT: Final = "used_at"
SECOND: Final = 1_000_000_000
_MINUTE: Final = 60 * SECOND
MOST_OPEN: Final = 256
"""Holds in one item: each is some 100 bytes that every write to it pays for."""
_PERIODS_KEPT: Final = 3
"""Of the past, for clocks that differ and holds that are still open."""
_DAY: Final = 86_400
_DAYS_KEPT: Final = 40
"""Days without use after which an item whose budgets are all of the past is forgotten: longer than any period. The same all day, so that an index by it rests."""
_BUSY: Final = 1.0
"""Seconds after which one of those under way may have ended."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one request asks of every scope.

    `expires_at`: epoch seconds from which on whoever took it counts as dead. `told`: what the sweeper then writes of it, kept with the first
    scope alone.
    """

    request_id: str
    owner: str
    expires_at: int
    tokens: int = 0
    micros: int = 0
    told: Told | None = None

    @property
    def name(self) -> str:
        """The attribute of its hold."""
        return hold_name(self.request_id)


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate, and what is asked of it. A minute's worth may come at once."""

    policy: Literal["requests", "tokens"]
    limit: int
    cost: int

    @property
    def attribute(self) -> str:
        """Where its time lies."""
        return f"tat_{self.policy[0]}"

    @property
    def step(self) -> int:
        """Nanoseconds that one takes to come back."""
        return max(1, _MINUTE // max(1, self.limit))

    @property
    def increase(self) -> int:
        """Nanoseconds that the cost takes."""
        return self.cost * self.step

    @property
    def window(self) -> int:
        """All of it, in nanoseconds: exactly `limit` steps, so that the burst is exact whatever the rounding of one."""
        return self.limit * self.step

    def remaining(self, item: Item | None, now: int) -> int:
        """Whole ones that may come now."""
        return max(0, now + self.window - max(number(item, self.attribute), now)) // self.step


def rates(limits: Limits, claim: Claim) -> Iterator[Rate]:
    """Those that are limited."""
    if limits.requests_per_minute is not None:
        yield Rate("requests", limits.requests_per_minute, 1)
    if limits.tokens_per_minute is not None:
        yield Rate("tokens", limits.tokens_per_minute, claim.tokens)


def hold_name(request_id: str) -> str:
    """The attribute of a request's hold."""
    return f"h_{request_id}"


def number(item: Item | None, name: str) -> int:
    """A number of the item, 0 where it is not there."""
    return cast("int", item.get(name, 0)) if item else 0


def attempt(limits: Limits, claim: Claim, item: Item | None, now: int) -> tuple[Change, Condition]:
    """The change that takes a place in an item like this one, and when it may. `now` in nanoseconds."""
    period = period_name(limits.period, now / SECOND)
    held = Held(claim.micros, claim.tokens, claim.expires_at, period, claim.owner, claim.told)
    sets: dict[str, Value] = {claim.name: to_text(held), USED_AT: now // SECOND}
    adds = {"n_open": 1, **({f"c_{period}": claim.micros} if claim.micros else {})}
    conditions: list[Condition] = [Absent(claim.name), _at_most("n_open", most_open(limits) - 1)]
    for rate in rates(limits, claim):
        name = rate.attribute
        if number(item, name) < now:
            sets[name] = now + rate.increase
            conditions.append(AnyOf((Absent(name), Compare(name, "<", now))))
        else:
            adds[name] = rate.increase
            conditions.append(Between(name, now, now + rate.window - rate.increase))
    if (budget := limits.budget_micros) is not None:
        conditions.append(_at_most(f"c_{period}", budget - claim.micros))
    removed = ("expires_at",) if limits.period == "total" and not limits.is_empty else ()
    if not removed:
        sets["expires_at"] = (now // SECOND // _DAY + _DAYS_KEPT) * _DAY
    return Change(set=sets, increase=adds, remove=removed), AllOf(tuple(conditions))


def most_open(limits: Limits) -> int:
    """How many may be under way in one item."""
    return MOST_OPEN if limits.max_concurrent is None else min(limits.max_concurrent, MOST_OPEN)


def _at_most(name: str, most: int) -> Condition:
    return AnyOf((Absent(name), Compare(name, "<=", most)))


def find_refusal(limits: Limits, claim: Claim, item: Item | None, now: int) -> Refusal | None:
    """Which limit stands against it, the one that no waiting helps first; None: none does. `now` in nanoseconds."""
    return (
        _budget_refusal(limits, claim, item, now)
        or _open_refusal(limits, item, now)
        or _rate_refusal(limits, claim, item, now)
    )


def _budget_refusal(limits: Limits, claim: Claim, item: Item | None, now: int) -> Refusal | None:
    budget, seconds = limits.budget_micros, now / SECOND
    if budget is None:
        return None
    left = budget - number(item, f"c_{period_name(limits.period, seconds)}")
    if budget > 0 and claim.micros <= left:
        return None
    if budget == 0:
        return Refusal("budget", 0, 0, None, too_large=True)
    too_large = claim.micros > budget
    return Refusal("budget", budget, max(0, left), period_end(limits.period, seconds), too_large)


def _open_refusal(limits: Limits, item: Item | None, now: int) -> Refusal | None:
    most = most_open(limits)
    if number(item, "n_open") < most:
        return None
    return Refusal("concurrent", most, 0, now / SECOND + _BUSY)


def _rate_refusal(limits: Limits, claim: Claim, item: Item | None, now: int) -> Refusal | None:
    found = None
    for rate in rates(limits, claim):
        remaining = rate.remaining(item, now)
        if rate.cost > rate.limit:
            whole = max(number(item, rate.attribute), now) / SECOND
            return Refusal(rate.policy, rate.limit, remaining, whole, too_large=True)
        at = number(item, rate.attribute) - (rate.window - rate.increase)
        if at > now and (found is None or found.resets_at is None or at / SECOND > found.resets_at):
            found = Refusal(rate.policy, rate.limit, remaining, at / SECOND)
    return found


def left(limits: Limits, claim: Claim, item: Item, now: int) -> tuple[Left, ...]:
    """What each limit still allows in that item."""
    seconds = now / SECOND
    found = [
        Left(rate.policy, rate.limit, rate.remaining(item, now), max(number(item, rate.attribute), now) / SECOND)
        for rate in rates(limits, claim)
    ]
    if limits.max_concurrent is not None:
        most = most_open(limits)
        found.append(Left("concurrent", most, max(0, most - number(item, "n_open")), None))
    if (budget := limits.budget_micros) is not None:
        spent = number(item, f"c_{period_name(limits.period, seconds)}")
        found.append(Left("budget", budget, max(0, budget - spent), period_end(limits.period, seconds)))
    return tuple(found)


def stale(item: Item, period: str) -> tuple[str, ...]:
    """Sums of periods that are long over; nothing is settled in them any more. `total` is never over."""
    dated = sorted({name[2:] for name in item if name[:2] in {"c_", "s_"}} - {period, "total"}, reverse=True)
    return tuple(name for name in item if name[:2] in {"c_", "s_"} and name[2:] in dated[_PERIODS_KEPT:])
