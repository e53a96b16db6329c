"""Alerts in the table, and which of them are still to be told. To raise one is to write it down; telling is somebody else's time."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from shared.records.alert import Alert, AlertKind
from shared.storage import layout
from shared.storage.policies import find_policies
from shared.storage.table import Absent, Change, Compare, ConditionFailed, Item, Key, Present, Table

HOUR: Final = 3600
KEPT: Final = 180 * 24 * HOUR
"""Seconds until an alert is forgotten."""


async def add_alert(
    table: Table,
    kind: AlertKind,
    subject: str,
    *,
    now: float,
    details: Mapping[str, str] | None = None,
    about: str = "",
) -> bool:
    """Write it down, unless there is one of that kind, subject and `about` within this hour. Whether it was written now."""
    hour = int(now) // HOUR
    key, expires_at = layout.alert(hour, kind, f"{subject} {about}".rstrip()), int(now) + KEPT
    is_told = (await find_policies(table)).webhook is not None
    alert = Alert(
        id=key.sk,
        kind=kind,
        subject=subject,
        at=int(now),
        details=dict(details or {}),
        telling="waiting" if is_told else "nobody",
    )
    item: Item = {"pk": key.pk, "sk": key.sk, **asdict(alert), "expires_at": expires_at}
    try:
        await table.put(item, when=Absent("pk"))
    except ConditionFailed:
        return False
    if is_told:
        waiting = layout.waiting_alert(key.sk)
        entry: Item = {"pk": waiting.pk, "sk": waiting.sk, "due": int(now), "tries": 0, "expires_at": expires_at}
        await table.put(entry)
    return True


async def list_alerts(table: Table, *, after: str | None = None, limit: int = 50) -> tuple[list[Alert], str | None]:
    """The newest first, and the id that the next page begins behind."""
    page = await table.query(layout.alerts().pk, after=after, limit=limit, newest_first=True)
    return [_record(dict(item)) for item in page.items], page.after


async def due_alerts(table: Table, now: float, *, limit: int = 20) -> list[tuple[str, int, int]]:
    """Ids of those to be told now, when each was due, and how often it was tried."""
    page = await table.query(layout.waiting_alerts().pk, limit=limit * 5)
    entries: list[Any] = list(page.items)
    return [(item["sk"], item["due"], item["tries"]) for item in entries if item["due"] <= now][:limit]


async def claim_alert(table: Table, alert_id: str, *, due: int, until: int) -> Alert | None:
    """The alert, for whoever tells it until then; None if somebody else is at it, or it is gone."""
    waiting = layout.waiting_alert(alert_id)
    try:
        mine = Change(set={"due": until}, increase={"tries": 1})
        await table.update(waiting, mine, when=Compare("due", "=", due))
    except ConditionFailed:
        return None
    item = await table.get(Key(layout.alerts().pk, alert_id), consistent=True)
    if item is None:
        await table.delete(waiting)
        return None
    return _record(dict(item))


async def settle_alert(table: Table, alert: Alert) -> None:
    """It was told, or it never will be, as the alert says."""
    await _note(table, alert)
    await table.delete(layout.waiting_alert(alert.id))


async def postpone_alert(table: Table, alert: Alert, due: int) -> None:
    """It is tried again then, and says why it was not heard."""
    await _note(table, alert)
    with suppress(ConditionFailed):  # forgotten meanwhile
        await table.update(layout.waiting_alert(alert.id), Change(set={"due": due}), when=Present("pk"))


async def _note(table: Table, alert: Alert) -> None:
    told = Change(set={"telling": alert.telling, "tries": alert.tries, "failure": alert.failure})
    with suppress(ConditionFailed):  # the same
        await table.update(Key(layout.alerts().pk, alert.id), told, when=Present("pk"))


def _record(item: dict[str, Any]) -> Alert:
    return Alert(**{name: item[name] for name in Alert.__dataclass_fields__ if name in item})
