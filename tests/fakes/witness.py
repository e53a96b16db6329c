"""In which order admissions really happened, and a plain model that says whether each verdict was right at its instant.

A table counts each write of an admission in the item itself, so that what it answers tells after which write it judged, whichever engine
and however many processes. The model knows sums alone: it shares no line with what it judges. Its clock stands still.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from shared.records.limits import Limits
from shared.storage.admission import Refused, Used
from shared.storage.quota import Claim
from shared.storage.table import Change, Condition, ConditionFailed, Item, Key, Page, Table

_WRITES = "writes"
_MOST_OPEN = 256


@dataclass(frozen=True, slots=True)
class Seen:
    """A hold was taken or ended by the write of that number, or was not taken in the item as it was after that many writes."""

    key: Key
    number: int
    what: Literal["took", "ended", "failed"]
    request_id: str


class Witness:
    """A table that writes down what happens to admissions. Several may share one list."""

    def __init__(self, table: Table, seen: list[Seen]) -> None:
        self._table = table
        self._seen = seen

    async def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        return await self._table.get(key, consistent=consistent)

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        await self._table.put(item, when=when)

    async def update(self, key: Key, change: Change, *, when: Condition | None = None) -> Item:
        if not key.pk.startswith("ADMIT#"):
            return await self._table.update(key, change, when=when)
        counted = replace(change, increase={**change.increase, _WRITES: 1})
        taken = [name.removeprefix("h_") for name in change.set if name.startswith("h_")]
        ended = [name.removeprefix("h_") for name in change.remove if name.startswith("h_")]
        try:
            item = await self._table.update(key, counted, when=when)
        except ConditionFailed as failed:
            self._seen += [Seen(key, _number(failed.item), "failed", one) for one in taken]
            raise
        self._seen += [Seen(key, _number(item), "took", one) for one in taken]
        self._seen += [Seen(key, _number(item), "ended", one) for one in ended]
        return item

    async def delete(self, key: Key, *, when: Condition | None = None) -> Item | None:
        return await self._table.delete(key, when=when)

    async def query(
        self, pk: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        return await self._table.query(pk, prefix=prefix, after=after, limit=limit, newest_first=newest_first)

    async def scrub(self, *, thoroughly: bool) -> bool:
        return await self._table.scrub(thoroughly=thoroughly)

    async def close(self) -> None:
        await self._table.close()


def _number(item: Item | None) -> int:
    return int(str((item or {}).get(_WRITES, 0)))


@dataclass(slots=True)
class Room:
    """What is taken of one scope's limits, as sums. Amounts as in `Claim`."""

    limits: Limits
    open: dict[str, Claim] = field(default_factory=dict)
    requests: int = 0
    tokens: int = 0
    committed: int = 0
    spent: int = 0

    def lacks(self, claim: Claim) -> set[str]:
        """The limits that have no room for it now."""
        budget = self.limits.budget_micros
        room: dict[str, tuple[int, int | None]] = {
            "requests": (self.requests + 1, self.limits.requests_per_minute),
            "tokens": (self.tokens + claim.tokens, self.limits.tokens_per_minute),
            "budget": (self.committed + claim.micros, budget),
            "concurrent": (len(self.open) + 1, min(_MOST_OPEN, self.limits.max_concurrent or _MOST_OPEN)),
        }
        return {policy for policy, (would_be, most) in room.items() if most is not None and would_be > most}

    def take(self, claim: Claim) -> None:
        assert claim.request_id not in self.open
        self.open[claim.request_id] = claim
        self.requests, self.tokens = self.requests + 1, self.tokens + claim.tokens
        self.committed += claim.micros

    def end(self, request_id: str, used: Used) -> None:
        claim = self.open.pop(request_id)
        self.requests += used.requests - 1
        self.tokens += used.tokens - claim.tokens
        self.committed += used.micros - claim.micros
        self.spent += used.micros


def wrong_verdicts(
    seen: Sequence[Seen],
    limited: Mapping[tuple[str, str], Limits],
    claims: Mapping[str, Claim],
    used: Mapping[str, Used],
    refusals: Mapping[str, Refused],
) -> Iterator[tuple[Any, ...]]:
    """What the model would have said otherwise. `limited`: by kind and id of the scope; the others by request. Nothing, where every verdict was right.

    A refusal without an attempt is a process's memory of one that the table gave it, of requests a minute.
    """
    judged = set[str]()
    for key in {each.key for each in seen}:
        _, kind, scope = key.pk.split("#")
        here = [each for each in seen if each.key == key]
        rooms = [Room(limited[kind, scope])]
        yield from _replayed(rooms, [each for each in here if each.what != "failed"], claims, used)
        last = {each.request_id: each.number for each in here if each.what == "failed"}
        for request_id, number in last.items():
            no = refusals.get(request_id)
            if no is not None and (no.scope.kind, no.scope.id) == (kind, scope):
                judged.add(request_id)
                if no.refusal.policy not in rooms[number].lacks(claims[request_id]):
                    yield "refused though there was room", request_id, no.refusal, rooms[number]
    remembered = {no.refusal for request_id, no in refusals.items() if request_id in judged}
    for request_id, no in refusals.items():
        alone = Room(limited[no.scope.kind, no.scope.id]).lacks(claims[request_id])
        if request_id not in judged and not alone and no.refusal not in remembered:
            yield "refused without being asked", request_id, no.refusal


def _replayed(
    rooms: list[Room], writes: Sequence[Seen], claims: Mapping[str, Claim], used: Mapping[str, Used]
) -> Iterator[tuple[Any, ...]]:
    """Adds the room that there was after each write of one item; what was let in without any."""
    written = sorted(writes, key=lambda each: each.number)
    if [each.number for each in written] != list(range(1, len(written) + 1)):
        yield "not every write was seen", written
    for each in written:
        room = replace(rooms[-1], open=dict(rooms[-1].open))
        if each.what == "ended":
            room.end(each.request_id, used.get(each.request_id, Used(requests=0)))
        else:
            if lacks := room.lacks(claims[each.request_id]):
                yield "let in without room", each, lacks
            room.take(claims[each.request_id])
        rooms.append(room)
