"""Names become addresses once: what was checked is what is connected to, so a name that answers differently next time gains nothing."""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from shared.egress.addresses import ADDRESS_REFUSED, Rules, is_public
from shared.egress.urls import BaseUrl
from shared.errors import AddressRefused, NameNotResolved

CACHE_SECONDS: Final = 15.0
CACHE_ENTRIES: Final = 1000
MOST_TRIED: Final = 16


class Resolver(Protocol):
    """Asks for the addresses of a host."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Address literals, best first. Raises NameNotResolved."""
        ...


class SystemResolver:
    """The system's own resolver, in a thread, its answers kept for seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[tuple[str, int], tuple[float, Sequence[str]]] = {}

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Address literals, best first.

        Raises:
            NameNotResolved: the name has none.
        """
        until, addresses = self._known.get((host, port), (0.0, ()))
        if self._now() < until:
            return addresses
        addresses = await _look_up(host, port)
        if len(self._known) >= CACHE_ENTRIES:
            self._known.clear()
        self._known[host, port] = (self._now() + CACHE_SECONDS, addresses)
        return addresses


async def checked_addresses(base: BaseUrl, rules: Rules, resolver: Resolver) -> Sequence[str]:
    """The addresses that may be connected to. One that is not public spoils all: a mixed answer is an attack, not a choice.

    Raises:
        AddressRefused: the rules forbid one of them.
        NameNotResolved: there are none.
    """
    addresses = (base.host,) if base.is_address else await resolver.resolve(base.host, base.port)
    if not addresses:
        raise NameNotResolved(f"The name {base.host} has no address; check the base URL")
    if not rules.names(base.host, base.port) and not all(is_public(address) for address in addresses):
        raise AddressRefused(ADDRESS_REFUSED)
    return addresses[:MOST_TRIED]


async def _look_up(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NameNotResolved(f"The name {host} has no address; check the base URL") from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))
