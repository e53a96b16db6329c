"""Counters added up by what the reader asks for. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from shared.records.usage import Counts, DayUsage, total

By = Literal["day", "provider", "model", "token"]
BY: Final[tuple[By, ...]] = ("day", "provider", "model", "token")


@dataclass(frozen=True, slots=True)
class Group:
    """What was used of one day, provider, model or token, or of several of them together; None where it is not grouped by that, or no token was used."""

    day: str | None
    provider: str | None
    model: str | None
    token: str | None
    counts: Counts

    @property
    def place(self) -> str:
        """Where it stands among the others; names, escaped, and no secret."""
        return "/".join(quote(part or "", safe="") for part in (self.day, self.provider, self.model, self.token))


def grouped(rows: Iterable[DayUsage], by: Sequence[By]) -> list[Group]:
    """One group for each combination that was used, by day, then provider, model and token."""
    found: dict[tuple[str | None, ...], list[Counts]] = {}
    for row in rows:
        names: dict[By, str | None] = {
            "day": row.day.isoformat(),
            "provider": row.provider,
            "model": row.model,
            "token": row.token_id,
        }
        found.setdefault(tuple(names[each] if each in by else None for each in BY), []).append(row.counts)
    groups = [
        Group(day, provider, model, token, total(counts)) for (day, provider, model, token), counts in found.items()
    ]
    return sorted(groups, key=lambda group: group.place)


def page_of(groups: Sequence[Group], after: str | None, limit: int) -> tuple[list[Group], str | None]:
    """The groups behind that place, and where the next page begins; None at the end."""
    rest = [group for group in groups if after is None or group.place > after]
    return list(rest[:limit]), rest[limit - 1].place if len(rest) > limit else None
