"""When an app has to come to its own end, before Lambda ends it."""

import asyncio
from typing import Final

MARGIN: Final = 5.0
"""Seconds before Lambda's end: enough to stop upstream, to settle, and to say one last thing. faults.md; trap 70."""


def ends(left: float) -> float:
    """On the event loop's clock, with so many seconds left: `MARGIN` before, or half of what there is if that is less."""
    return asyncio.get_running_loop().time() + left - min(MARGIN, max(left, 0.0) / 2)
