"""Words in the table that an answer is to be stopped. Each lies under its owner, so that nobody stops another's (threat I3), and goes by itself.

A word says who left it, the owner or one of their access tokens, so that a token stops none but its own answers.
"""

from typing import Any, Final

from shared.storage import layout
from shared.storage.table import Change, ConditionFailed, Present, Table

LIVES = 60
"""Seconds. Who gives the answer looks each second."""
_OWNER: Final = "owner"
"""In place of a token's id; those have 16 characters."""


async def ask_to_cancel(table: Table, owner: str, request_id: str, now: float, *, by: str | None = None) -> None:
    """Leave the word, beside those of others. `by` is the access token's id; None is the owner. One that was heard stays heard."""
    change = Change(set={"expires_at": int(now) + LIVES}, include={"asked": frozenset({by or _OWNER})})
    await table.update(layout.cancellation(owner, request_id), change)


async def hear_cancellation(table: Table, owner: str, request_id: str, *, token_id: str | None = None) -> bool:
    """Whether a word lies there of who may stop the answer: its owner, or the token that asked for it; whoever left it learns that it was heard."""
    key = layout.cancellation(owner, request_id)
    item: Any = await table.get(key)
    obeyed = frozenset({_OWNER, token_id or _OWNER}) & frozenset(item.get("asked", ())) if item else frozenset()
    if not obeyed:
        return False
    try:
        await table.update(key, Change(include={"heard": obeyed}), when=Present("pk"))
    except ConditionFailed:
        return False
    return True


async def was_heard(table: Table, owner: str, request_id: str, *, by: str | None = None) -> bool:
    """Whoever gives the answer has stopped it, at the word of this one."""
    item: Any = await table.get(layout.cancellation(owner, request_id), consistent=True)
    return item is not None and (by or _OWNER) in item.get("heard", ())
