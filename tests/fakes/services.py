"""Services over a table in memory and a clock that stands still until it is told."""

from pathlib import Path

from shared.identity.local import LocalAccounts
from shared.identity.passwords import Cost, Passwords
from shared.services import Services
from shared.settings import Settings
from shared.storage.table import Item, Key, Table
from tests.fakes.table import MemoryTable


class FixedClock:
    """Seconds that pass when a test says so."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += seconds


class CountingTable(MemoryTable):
    """Counts its reads."""

    reads = 0

    async def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        self.reads += 1
        return await super().get(key, consistent=consistent)


def fake_services(home: Path, *, clock: FixedClock | None = None, table: Table | None = None) -> Services:
    """Services with a key file in this folder and passwords that cost little."""
    clock = clock or FixedClock()
    services = Services(Settings(home=home), now=clock)
    services.table = table or CountingTable(now=clock)
    services.accounts = LocalAccounts(
        services.table, services.key_wrapper, now=clock, passwords=Passwords(Cost(n=2**4))
    )
    return services
