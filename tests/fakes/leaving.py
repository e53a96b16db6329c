"""A request at whose end the table is away."""

import asyncio
import io
from typing import Any

from shared.errors import StorageUnavailable
from shared.gateway.books.admit import Asked, admit, limits_of
from shared.gateway.books.estimate import Need
from shared.gateway.books.settle import Ended, settle
from shared.observability import logger
from shared.services import Services
from shared.storage.table import Item, Key
from tests.fakes.services import CountingTable
from tests.fakes.targets import target_of


class Leaving(CountingTable):
    """A table whose writes stop at some time."""

    away = False

    async def put(self, item: Item, **more: Any) -> None:
        self._leave()
        await super().put(item, **more)

    async def update(self, key: Key, change: Any, **more: Any) -> Item:
        self._leave()
        return await super().update(key, change, **more)

    def _leave(self) -> None:
        if self.away:
            raise StorageUnavailable("the table does not answer: try again", retry_after=1)

    @property
    def holds(self) -> int:
        """How many are open."""
        return sum(name.startswith("h_") for item in self.items.values() for name in item)


async def unsettled(services: Services, request_id: str = "R1", *, outbox_is_away: bool = False) -> str:
    """The log of a request of alice's, at whose end the table was away. It is back afterwards."""
    table, target = services.table, target_of("openai", "gpt-4o-mini")
    assert isinstance(table, Leaving)
    asked = Asked(
        request_id=request_id, owner="alice", token=None, api="openai", streamed=False, started_at=services.now()
    )
    limited = await limits_of(services, asked, [target])
    admission = await admit(services, asked, limited, [(target, Need(10, 10, 10))], within=10)
    await services.settlement_secret()
    handler: Any = logger().registered_handler
    written = io.StringIO()
    before = handler.setStream(written)
    table.away = True
    ended = Ended("error", "upstream_error", None, None, 5)
    if outbox_is_away:
        services.outbox = Unwilling()
    await settle(services, asked, admission, target, ended, attempts=1, ends=asyncio.get_running_loop().time() + 2.1)
    table.away = False
    handler.setStream(before)
    return written.getvalue()


class Unwilling:
    """An outbox that takes nothing."""

    async def put(self, line: str) -> None:
        raise StorageUnavailable(f"{len(line)} characters are too many today")

    def batches(self) -> Any:
        raise NotImplementedError

    async def drop(self, parcels: Any) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""
