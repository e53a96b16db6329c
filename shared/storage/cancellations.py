"""Words in the table that an answer is to be stopped. Each lies under its owner, so that nobody stops another's (threat I3), and goes by itself."""

from shared.storage import layout
from shared.storage.table import Change, ConditionFailed, Present, Table

LIVES = 60
"""Seconds. Who gives the answer looks each second."""


async def ask_to_cancel(table: Table, owner: str, request_id: str, now: float) -> None:
    """Leave the word. One that was heard stays heard."""
    await table.update(layout.cancellation(owner, request_id), Change(set={"expires_at": int(now) + LIVES}))


async def hear_cancellation(table: Table, owner: str, request_id: str) -> bool:
    """Whether the word lies there; if so, whoever left it learns that it was heard."""
    key = layout.cancellation(owner, request_id)
    if await table.get(key) is None:
        return False
    try:
        await table.update(key, Change(set={"heard": True}), when=Present("pk"))
    except ConditionFailed:
        return False
    return True


async def was_heard(table: Table, owner: str, request_id: str) -> bool:
    """Whoever gives the answer has stopped it."""
    item = await table.get(layout.cancellation(owner, request_id), consistent=True)
    return item is not None and bool(item.get("heard"))
