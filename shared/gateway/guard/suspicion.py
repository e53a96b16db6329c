"""What looks suspicious, noticed as it happens: an alert is written down, and no request ever fails or waits for its telling."""

from contextlib import suppress
from typing import Final

from shared.errors import StorageUnavailable
from shared.storage import layout
from shared.storage.alerts import add_alert
from shared.storage.table import Change, Table

WINDOW: Final = 600
"""Seconds."""
MANY_REFUSED: Final = 10
"""Keys of one owner that providers refused within a window."""


async def note_refused_key(table: Table, owner: str, provider: str, now: float) -> None:
    """A provider refused a key of this owner."""
    window = int(now) // WINDOW
    change = Change(increase={"tries": 1}, set={"expires_at": (window + 1) * WINDOW})
    with suppress(StorageUnavailable):
        counted = await table.update(layout.attempts(f"refused {owner}", window), change)
        if counted["tries"] == MANY_REFUSED:
            details = {"provider": provider, "refused": str(MANY_REFUSED), "seconds": str(WINDOW)}
            await add_alert(table, "refused_keys", owner, now=now, details=details)
