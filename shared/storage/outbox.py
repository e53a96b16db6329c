"""Where settlements wait that the table did not take: the port of two homes. Lines go in and come out as they are; who reads them checks whose they are."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """One line, and the receipt by which the outbox knows it."""

    line: str
    receipt: str


class Outbox(Protocol):
    """Keeps lines of ASCII, each at least once, in no order. Every method raises StorageUnavailable where it does not answer."""

    async def put(self, line: str) -> None:
        """Keep it: when this returns, it outlives the process."""
        ...

    def batches(self) -> AsyncGenerator[Sequence[Parcel]]:
        """What lies there, each once in this pass. What is not dropped comes again in a later one."""
        ...

    async def drop(self, parcels: Sequence[Parcel]) -> None:
        """They are done with."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
