"""Breakers as one process sees them: the state of each place is kept two seconds, and what happens there is counted in batches.

A place is shared by all who ask there, or one tenant's own. A shared one opens only where it failed several tenants, so nobody opens it for the others
with a bad key or a bad request (threat I11). Where the table does not answer, everybody is let through.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from shared.errors import StorageUnavailable
from shared.health.incidents import Incidents
from shared.observability import BreakerOpened, logger
from shared.storage import breakers as kept
from shared.storage.breakers import Circuit, Counts
from shared.storage.table import Table

WINDOW: Final = 60
"""Seconds in which failures are counted together."""
FEWEST_FAILURES: Final = 20
FEWEST_TENANTS: Final = 3
FIRST_REST: Final = 10.0
"""Seconds; doubled with every probe that fails."""
LONGEST_REST: Final = 300.0
PROBE_LEASE: Final = 30.0
"""Seconds that whoever probes has the place to itself."""
STATE_KEPT: Final = 2.0
BATCH: Final = 1.0
"""Seconds between two writings of what was counted, where something failed."""
IDLE_BATCH: Final = 10.0
"""The same where nothing did."""
OPENED: Final = "llm_breaker_open_total"
"""The line that says that a breaker opened, once for each time, by whichever process was first; and the metric that counts them."""
_MOST_NAMED: Final = 8
"""Tenants that one batch names: more say nothing more."""
_MOST_PLACES: Final = 4096
_SOON: Final = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where is asked. `shared`: by everybody; else it is one tenant's own address, which nobody else hears of."""

    name: str
    shared: bool
    provider: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Whether one may ask. `probe`: the name under which one asks for all; `wait`: seconds until it is worth coming back, None to go ahead."""

    wait: float | None = None
    probe: str | None = None


@dataclass(slots=True)
class _Seen:
    circuit: Circuit
    at: float


class Breakers:
    """All places that this process asks."""

    def __init__(
        self, table: Table, name: str, *, now: Callable[[], float] = time.time, incidents: Incidents | None = None
    ) -> None:
        """`name` tells this process from others; `incidents` hears of what this one opens."""
        self._table = table
        self._name = name
        self._now = now
        self._incidents = incidents or Incidents()
        self._seen: dict[str, _Seen] = {}
        self._pending: dict[tuple[Place, int, int], Counts] = {}
        self._written = 0.0
        self._probes = 0

    async def enter(self, place: Place) -> Entry:
        """Ask to ask."""
        circuit = await self.state(place)
        now = self._milliseconds()
        due = circuit.open_until if circuit.state == "open" else circuit.probe_until
        if circuit.state == "closed":
            return Entry()
        if due > now:
            return Entry(wait=_seconds(due - now) if circuit.state == "open" else _SOON)
        return await self._probe(place, now)

    async def state(self, place: Place) -> Circuit:
        """As it was two seconds ago at the most."""
        seen, now = self._seen.get(place.name), self._now()
        if seen is not None and 0 <= now - seen.at < STATE_KEPT:
            return seen.circuit
        try:
            circuit = await kept.find_circuit(self._table, place.name)
        except StorageUnavailable:
            circuit = Circuit()
        self._keep(place, circuit)
        return circuit

    async def answered(self, place: Place, probe: str | None) -> None:
        """It speaks. Whoever probes has found it well."""
        if probe is None:
            return
        with suppress(StorageUnavailable):
            await kept.close_circuit(self._table, place.name, probe)
        self._seen.pop(place.name, None)

    async def failed(self, place: Place, probe: str | None) -> None:
        """It does not. Whoever probes has found it as it was, and the next one comes after twice the time."""
        if probe is None:
            return
        with suppress(StorageUnavailable):
            trips = (await kept.find_circuit(self._table, place.name)).trips
            until = self._milliseconds() + round(rest(trips + 1) * 1000)
            await kept.reopen_circuit(self._table, place.name, probe, until)
        self._seen.pop(place.name, None)

    async def undecided(self, place: Place, probe: str | None) -> None:
        """The answer says nothing of how it fares: somebody else may probe at once."""
        if probe is None:
            return
        with suppress(StorageUnavailable):
            await kept.give_back_probe(self._table, place.name, probe, self._milliseconds())
        self._seen.pop(place.name, None)

    def count_answer(self, place: Place, milliseconds: int) -> None:
        """One attempt was answered, so many milliseconds until the first word."""
        self._count(place, Counts(answered=1, milliseconds=milliseconds))

    def count_failure(self, place: Place, tenant: str) -> None:
        """One attempt failed, and whom."""
        self._count(place, Counts(failed=1, tenants=frozenset({_short(tenant)})))

    async def write(self) -> None:
        """Write what was counted, if it is time; and open what has failed too much."""
        if not self._pending or self._now() - self._written < self._patience():
            return
        self._written = self._now()
        batch, self._pending = self._pending, {}
        for (place, epoch, window), counts in batch.items():
            with suppress(StorageUnavailable):
                await self._write(place, epoch, window, counts)

    async def lately(self, place: Place) -> Counts:
        """What was counted by all processes in this window and the one before."""
        epoch, window = (await self.state(place)).epoch, self._window()
        now = await kept.find_counts(self._table, place.name, epoch, window)
        before = await kept.find_counts(self._table, place.name, epoch, window - 1)
        return _sum(now, before)

    async def _probe(self, place: Place, now: int) -> Entry:
        self._probes += 1
        probe = f"{self._name}.{self._probes}"
        try:
            mine = await kept.take_probe(self._table, place.name, probe, now, now + round(PROBE_LEASE * 1000))
        except StorageUnavailable:
            return Entry()
        self._seen.pop(place.name, None)
        return Entry(probe=probe) if mine else Entry(wait=_SOON)

    def _count(self, place: Place, counts: Counts) -> None:
        seen = self._seen.get(place.name)
        at = (place, seen.circuit.epoch if seen else 0, self._window())
        self._pending[at] = _sum(self._pending.get(at, Counts()), counts)

    async def _write(self, place: Place, epoch: int, window: int, counts: Counts) -> None:
        named = replace(counts, tenants=frozenset(sorted(counts.tenants)[:_MOST_NAMED]))
        expires = (window + 3) * WINDOW
        total = await kept.add_counts(self._table, place.name, epoch, window, named, expires_at=expires)
        if not counts.failed or not is_too_bad(total, place):
            return
        circuit = await self.state(place)
        if circuit.state != "closed" or circuit.epoch != epoch:
            return
        until = self._milliseconds() + round(FIRST_REST * 1000)
        first = await kept.open_circuit(self._table, place.name, circuit, until)
        self._seen.pop(place.name, None)
        if first:
            logger().warning(OPENED, extra={"place": place.name, "failed": total.failed, "answered": total.answered})
        if first and place.shared:  # one tenant's own address wakes no operator (threat I11)
            self._incidents.note(BreakerOpened(place.provider))

    def _keep(self, place: Place, circuit: Circuit) -> None:
        if len(self._seen) >= _MOST_PLACES:
            self._seen.pop(next(iter(self._seen)))
        self._seen[place.name] = _Seen(circuit, self._now())

    def _patience(self) -> float:
        return BATCH if any(counts.failed for counts in self._pending.values()) else IDLE_BATCH

    def _window(self) -> int:
        return int(self._now()) // WINDOW

    def _milliseconds(self) -> int:
        return int(self._now() * 1000)


def is_too_bad(counts: Counts, place: Place) -> bool:
    """Enough failures, half of all at least, and of several tenants where several ask."""
    tenants = FEWEST_TENANTS if place.shared else 1
    enough = counts.failed >= FEWEST_FAILURES and len(counts.tenants) >= tenants
    return enough and counts.failed >= counts.answered


def rest(trips: int) -> float:
    """Seconds that a place is left alone when it was opened for the so manyeth time."""
    return min(LONGEST_REST, FIRST_REST * 2.0 ** (trips - 1))


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        one.answered + other.answered,
        one.failed + other.failed,
        one.milliseconds + other.milliseconds,
        one.tenants | other.tenants,
    )


def _short(tenant: str) -> str:
    """Enough to tell tenants apart, and nobody's name."""
    return blake2b(tenant.encode(), digest_size=8).hexdigest()


def _seconds(milliseconds: int) -> float:
    return max(_SOON, milliseconds / 1000)
