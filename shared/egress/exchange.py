"""What egress is asked and what it answers, so that fakes and the real client look alike."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect (DNS, TCP and TLS), to the first byte of the answer, between two pieces, and for everything."""

    connect: float = 10.0
    first_byte: float = 60.0
    idle: float = 30.0
    total: float = 900.0


@dataclass(frozen=True, slots=True)
class Outbound:
    """A request to send. `url` is absolute; `headers` may hold the key, so they are in no repr."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class Inbound(Protocol):
    """An answer whose head has come. Header names are lower case; repeated ones are joined by a comma."""

    status: int
    headers: Mapping[str, str]

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises StreamStalled, StreamInterrupted, StreamLimitReached."""
        ...

    async def read(self, limit: int = 32 * 1024 * 1024) -> bytes:
        """The whole body. Raises BadResponse past the limit, else as `pieces`."""
        ...


class Client(Protocol):
    """Sends a request. Leaving the context before the end of the body closes the connection, so the provider falls silent too.

    It does so at once with an error or when cancelled, else when the end of the body turns out not to be just behind.
    """

    def send(self, outbound: Outbound, timeouts: Timeouts = Timeouts()) -> AbstractAsyncContextManager[Inbound]:
        """Raises AddressRefused, NameNotResolved, Unreachable, TlsFailed, ProviderTimeout, BadResponse, Redirected, BadEncoding."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...
