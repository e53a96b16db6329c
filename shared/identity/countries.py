"""From which countries an owner's credentials are used: a new one, after others, is an alert. Threat I9.

The country stands in a header of whoever the operator put before the gateway and named in `REALMULTILLM_COUNTRY_HEADER`; without that
setting no header is believed (threat H1).
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from shared.errors import StorageUnavailable
from shared.storage import layout
from shared.storage.alerts import add_alert
from shared.storage.table import Change, Table

MOST_KEPT: Final = 10_000
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)


class Countries:
    """Remembers what it has seen: one look into the table for each owner and country in a process."""

    def __init__(self, table: Table, *, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now
        self._seen: set[tuple[str, str]] = set()

    async def note(self, owner: str, country: str) -> None:
        """A credential of the owner was used from there. Never fails: the request matters more."""
        if not _COUNTRY.fullmatch(country) or (owner, country) in self._seen:
            return
        with suppress(StorageUnavailable):
            key = layout.countries(owner)
            item = await self._table.get(key, consistent=True)
            before = item.get("seen") if item else None
            known = before if isinstance(before, frozenset) else frozenset[str]()
            if known and country not in known:  # the alert first: whoever is interrupted here raises it again
                details = {"country": country, "before": " ".join(sorted(known))}
                await add_alert(self._table, "new_country", owner, now=self._now(), details=details, about=country)
            if country not in known:
                await self._table.update(key, Change(include={"seen": frozenset({country})}))
            if len(self._seen) >= MOST_KEPT:
                self._seen.clear()
            self._seen.add((owner, country))
