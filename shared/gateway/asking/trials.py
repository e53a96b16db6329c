"""How often an owner may have keys tried: a trial is not admitted like a chat, yet must be no tool to scan with. Threat E8."""

from shared.errors import LimitReached
from shared.records.refusals import Reached, refuse
from shared.storage import layout
from shared.storage.table import Absent, AnyOf, Change, Compare, ConditionFailed, Table

WINDOW = 60
"""Seconds."""

MOST = 60
"""Trials of one owner in a window."""


async def admit_trial(table: Table, owner: str, now: float) -> None:
    """Count one trial, before it is made.

    Raises:
        LimitReached: there were too many.
    """
    window = int(now) // WINDOW
    ends = (window + 1) * WINDOW
    few = AnyOf((Absent("tries"), Compare("tries", "<", MOST)))
    try:
        await table.update(
            layout.attempts(f"trial {owner}", window), Change(increase={"tries": 1}, set={"expires_at": ends}), when=few
        )
    except ConditionFailed as error:
        reached = Reached("user", "key_tests", MOST, 0, ends, f";w={WINDOW}")
        raise refuse(LimitReached("Too many keys were tried. Wait until `resetTime`."), reached, now) from error
