"""The only way out. Every request to a provider passes the address rules here, goes to an address that was checked, and obeys its bounds.

No redirect is followed, no proxy asked, and nothing is read from the environment. A request is sent once: whether to ask again is the gateway's to say.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from shared.egress.addresses import Rules
from shared.egress.connection import UNREACHABLE, Connection
from shared.egress.exchange import Outbound, Timeouts
from shared.egress.pool import IDLE_SECONDS, Pool
from shared.egress.resolver import Resolver, SystemResolver, checked_addresses
from shared.egress.tls import usual_context
from shared.egress.urls import BaseUrl, parse_url
from shared.errors import BadEncoding, BadResponse, NoAnswer, Redirected, StreamLimitReached, TlsFailed, Unreachable
from shared.wire.http import ResponseParser, write_request

LARGEST_BODY: Final = 256 * 1024 * 1024
_MULTIPLE_CHOICES: Final = 300
_BAD_REQUEST: Final = 400
_NO_ANSWER: Final = frozenset({204, 205})


class Answer:
    """An answer whose head has come; an `Inbound`."""

    __slots__ = ("_connection", "_largest", "_length", "_parser", "headers", "status")

    def __init__(self, connection: Connection, parser: ResponseParser, largest: int) -> None:
        self.status: int = parser.status
        self.headers: Mapping[str, str] = parser.headers
        self._connection = connection
        self._parser = parser
        self._largest = largest
        self._length = 0

    def pieces(self) -> Self:
        """The body as it comes, as much at a time as the network brought.

        Raises:
            StreamStalled, StreamInterrupted, StreamLimitReached: while iterating.
        """
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._connection.piece(self._parser)
        if not piece:
            raise StopAsyncIteration
        self._length += len(piece)
        if self._length > self._largest:
            raise StreamLimitReached("The provider's answer is larger than an answer may be")
        return piece

    async def read(self, limit: int = 32 * 1024 * 1024) -> bytes:
        """The whole body, at most `limit` bytes.

        Raises:
            BadResponse: it is larger.
            StreamStalled, StreamInterrupted, StreamLimitReached: as `pieces`.
        """
        read: list[bytes] = []
        length = 0
        while piece := await self._connection.piece(self._parser):
            length += len(piece)
            if length > limit:
                raise BadResponse("The provider's answer is larger than an answer may be")
            read.append(piece)
        return read[0] if len(read) == 1 else b"".join(read)


class EgressClient:
    """A `Client`. It keeps connections; close it when it is no longer needed."""

    def __init__(
        self,
        rules: Rules,
        *,
        resolver: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
        idle_seconds: float = IDLE_SECONDS,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        self._rules = rules
        self._resolver = resolver or SystemResolver()
        self._ssl_context = ssl_context
        self._pool = Pool(idle_seconds)
        self._open: set[Connection] = set()
        self._largest_body = largest_body

    def send(self, outbound: Outbound, timeouts: Timeouts = Timeouts()) -> "Exchange":
        """One request and its answer: `async with client.send(outbound) as inbound`.

        Raises:
            InvalidRequest: the URL or a header is malformed.
            AddressRefused, NameNotResolved, Unreachable, TlsFailed: nothing was sent, or nothing came back.
            ProviderTimeout, BadResponse, Redirected, BadEncoding: the answer is late or none that we take.
        """
        return Exchange(self, outbound, timeouts)

    async def close(self) -> None:
        """Close every connection, and wait until each is."""
        for connection in tuple(self._open):
            connection.abort()
        await asyncio.gather(*(connection.gone for connection in tuple(self._open)))

    async def answer(self, outbound: Outbound, timeouts: Timeouts) -> tuple[str, Connection, ResponseParser]:
        """Origin, connection and answer of a request whose head has come; the connection is the caller's to release."""
        url = parse_url(outbound.url, self._rules)
        request = write_request(outbound.method, url.target, url.base.host_header, outbound.headers, outbound.body)
        origin = url.base.origin
        connection = self._pool.find(origin) or await self._connect(url.base, timeouts.connect)
        try:
            parser = connection.begin(request, timeouts)
            await connection.head()
            _check_head(parser)
        except BaseException:
            connection.abort()
            raise
        return origin, connection, parser

    def inbound(self, connection: Connection, parser: ResponseParser) -> Answer:
        """The answer as callers see it."""
        return Answer(connection, parser, self._largest_body)

    def release(self, origin: str, connection: Connection, parser: ResponseParser, *, orderly: bool) -> None:
        """Keep the connection if its answer was whole, else close it, so that the provider falls silent.

        Who leaves in good order (a stream is over at its `[DONE]`) leaves the end of the body a moment to come; who leaves with an error
        or is cancelled does not.
        """
        if connection.reusable:
            self._pool.put(origin, connection, _promised_seconds(parser.headers))
        elif orderly and connection.ending:
            connection.linger(lambda: self.release(origin, connection, parser, orderly=False))
        else:
            connection.abort()

    async def _connect(self, base: BaseUrl, seconds: float) -> Connection:
        try:
            async with asyncio.timeout(seconds):
                addresses = await checked_addresses(base, self._rules, self._resolver)
                return await self._connect_to_one(base, addresses, asyncio.get_running_loop().time() + seconds)
        except TimeoutError as error:
            raise Unreachable(UNREACHABLE) from error

    async def _connect_to_one(self, base: BaseUrl, addresses: Sequence[str], deadline: float) -> Connection:
        """The first that answers; each may take its share of the time that is left."""
        loop = asyncio.get_running_loop()
        failure: OSError | None = None
        for left in range(len(addresses), 0, -1):
            address = addresses[len(addresses) - left]
            try:
                async with asyncio.timeout((deadline - loop.time()) / left):
                    return await self._connect_to(base, address)
            except ssl.SSLError as error:
                raise TlsFailed(f"The TLS certificate or protocol of {base.host} is not acceptable") from error
            except OSError as error:  # TimeoutError is one
                failure = error
        raise Unreachable(UNREACHABLE) from failure

    async def _connect_to(self, base: BaseUrl, address: str) -> Connection:
        loop = asyncio.get_running_loop()
        secure = base.scheme == "https"
        _, connection = await loop.create_connection(
            lambda: Connection(loop, lambda gone: self._gone(base.origin, gone)),
            address,
            base.port,
            ssl=self._context() if secure else None,
            server_hostname=base.host if secure else None,
        )
        if not connection.gone.done():
            self._open.add(connection)
        return connection

    def _context(self) -> ssl.SSLContext:
        """Made when the first connection needs it; many installations have plain ones alone, on their own machine."""
        return self._ssl_context or usual_context()

    def _gone(self, origin: str, connection: Connection) -> None:
        self._open.discard(connection)
        self._pool.forget(origin, connection)


class Exchange:
    """The context of one request."""

    __slots__ = ("_client", "_held", "_outbound", "_timeouts")
    _held: tuple[str, Connection, ResponseParser]

    def __init__(self, client: EgressClient, outbound: Outbound, timeouts: Timeouts) -> None:
        self._client = client
        self._outbound = outbound
        self._timeouts = timeouts

    async def __aenter__(self) -> Answer:
        self._held = await self._client.answer(self._outbound, self._timeouts)
        _, connection, parser = self._held
        return self._client.inbound(connection, parser)

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.release(*self._held, orderly=kind is None)


def _check_head(parser: ResponseParser) -> None:
    if _MULTIPLE_CHOICES <= parser.status < _BAD_REQUEST:
        raise Redirected("The provider answered with a redirect, which is never followed; check the base URL")
    if parser.status in _NO_ANSWER:
        raise NoAnswer("The provider answered without an answer; check the base URL")
    if parser.headers.get("content-encoding", "identity").lower() not in {"identity", ""}:
        raise BadEncoding("The provider encoded its answer although we asked for it plain")


def _promised_seconds(headers: Mapping[str, str]) -> float | None:
    """How long the provider keeps an idle connection (`Keep-Alive: timeout=5`), a second less for the way; None when it does not say."""
    for part in headers.get("keep-alive", "").split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "timeout" and value.strip().isdigit():
            return float(value) - 1
    return None
