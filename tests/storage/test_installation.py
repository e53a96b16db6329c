"""What belongs to the installation as a whole."""

import asyncio

from shared.storage.installation import fingerprint_secret
from shared.storage.table import Condition, Item
from tests.fakes.table import MemoryTable


async def test_the_secret_of_fingerprints_is_drawn_once() -> None:
    """Trap 78: there is no default."""
    table, other = MemoryTable(), MemoryTable()
    secret = await fingerprint_secret(table)

    assert len(secret) == 32
    assert await fingerprint_secret(table) == secret
    assert await fingerprint_secret(other) != secret


class SlowTable(MemoryTable):
    """Lets others go ahead before each writing."""

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        await asyncio.sleep(0)
        await super().put(item, when=when)


async def test_those_who_draw_at_once_agree() -> None:
    table = SlowTable()

    assert len(set(await asyncio.gather(*(fingerprint_secret(table) for _ in range(5))))) == 1
