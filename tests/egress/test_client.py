"""The client's rules: where it goes, what it takes, and what never leaves."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.exchange import Outbound
from shared.errors import (
    AddressRefused,
    BadEncoding,
    BadResponse,
    InvalidRequest,
    NameNotResolved,
    RealMultiLLMError,
    Redirected,
    Unreachable,
)
from tests.fakes.egress import (
    KEY,
    STREAM,
    ask,
    say_and_close,
    served,
)
from tests.fakes.http_server import Visit, answer, http_server, saying
from tests.fakes.resolver import FakeResolver


async def test_a_plain_answer_is_read_whole_and_its_connection_used_again() -> None:
    async with served(saying(answer(b'{"a":1}'))) as (server, client):
        bodies = [await ask(client, server.url("/v1/x?y=1")) for _ in range(3)]

    assert bodies == [b'{"a":1}'] * 3
    assert server.connections == 1
    assert server.visits[0].head.startswith(b"POST /v1/x?y=1 HTTP/1.1\r\n")
    assert server.visits[0].headers["accept-encoding"] == "identity"


async def test_a_stream_comes_in_pieces_and_its_connection_is_used_again() -> None:
    async with served(saying(*STREAM)) as (server, client):
        for _ in range(2):
            async with client.send(Outbound("POST", server.url(), {}, b"{}")) as inbound:
                body = b"".join([piece async for piece in inbound.pieces()])

                assert body == b"abcdef"

    assert server.connections == 1


async def test_a_failure_status_is_an_answer() -> None:
    script = saying(answer(b"slow down", "429 Too Many Requests", retry_after="7"))
    async with served(script) as (server, client), client.send(Outbound("POST", server.url())) as inbound:
        seen = (inbound.status, inbound.headers["retry-after"], await inbound.read())

    assert seen == (429, "7", b"slow down")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"HTTP/1.1 301 Moved\r\nlocation: http://canary/\r\ncontent-length: 0\r\n\r\n", Redirected),
        (b"HTTP/1.1 302 Found\r\nlocation: http://canary/\r\ncontent-length: 0\r\n\r\n", Redirected),
        (b"HTTP/1.1 303 See Other\r\nlocation: http://canary/\r\ncontent-length: 0\r\n\r\n", Redirected),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", Redirected),
        (b"HTTP/1.1 307 Temporary\r\nlocation: http://canary/\r\ncontent-length: 0\r\n\r\n", Redirected),
        (b"HTTP/1.1 308 Permanent\r\nlocation: http://canary/\r\ncontent-length: 0\r\n\r\n", Redirected),
        (b"HTTP/1.1 204 No Content\r\n\r\n", BadResponse),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", BadResponse),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc", BadEncoding),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: identity, br\r\ncontent-length: 3\r\n\r\nabc", BadEncoding),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000 + b"\r\n", BadResponse),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 65_536 + b"\r\n\r\n", BadResponse),
        (b"HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n", BadResponse),
        (b"HTTP/1.1 200 OK\r\nx: a\rset-cookie: b\r\n\r\n", BadResponse),
        (b"not http\r\n\r\n", BadResponse),
    ],
)
async def test_an_answer_that_we_do_not_take_ends_its_connection(said: bytes, error: type[RealMultiLLMError]) -> None:
    """Fault 19. Threat E3, H4, H7, fact 7."""
    async with served(saying(said)) as (server, client):
        with pytest.raises(error) as refused:
            await ask(client, server.url())
        await asyncio.wait_for(server.left.wait(), 1)

    assert "canary" not in refused.value.message
    assert KEY not in repr(refused.value)


async def test_a_compressed_bomb_is_not_read() -> None:
    """Threat H7: refused by its head; not a byte is inflated, and the sender is cut off."""

    async def bomb(visit: Visit) -> None:
        await visit.say(
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 268435456\r\n\r\n", b"\x1f\x8b" * 100_000
        )

    async with served(bomb) as (server, client):
        with pytest.raises(BadEncoding):
            await ask(client, server.url())
        await asyncio.wait_for(server.left.wait(), 1)


async def test_refused_hung_up_and_silent_look_alike() -> None:
    """Threat E8: one message and one code, whatever is behind the port."""
    seen = set()
    with socket.socket() as closed, socket.socket() as full:
        closed.bind(("127.0.0.1", 0))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        ports = [closed.getsockname()[1], full.getsockname()[1]]
        fillers = [await _connected(ports[1]) for _ in range(2)]
        async with served(say_and_close) as (server, _):
            for port in (*ports, server.port):
                client = EgressClient(Rules(frozenset({f"127.0.0.1:{port}"})))
                with pytest.raises(Unreachable) as fault:
                    await ask(client, f"http://127.0.0.1:{port}/")
                await client.close()
                seen.add((fault.value.message, fault.value.code, fault.value.status))
        for filler in fillers:
            filler.close()

    assert seen == {("The provider could not be reached", "upstream_unreachable", 502)}


async def _connected(port: int) -> socket.socket:
    """A connection that fills the backlog of a listener that accepts none."""
    filler = socket.socket()
    filler.settimeout(0)
    await asyncio.sleep(0)
    filler.connect_ex(("127.0.0.1", port))
    return filler


@contextmanager
def connects() -> Iterator[list[Any]]:
    """Every address that a socket of this process connects to."""
    seen: list[Any] = []
    _WATCHERS.append(seen)
    try:
        yield seen
    finally:
        _WATCHERS.remove(seen)


_WATCHERS: list[list[Any]] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _WATCHERS and event == "socket.connect":
        for watcher in _WATCHERS:
            watcher.append(arguments[1])


sys.addaudithook(_watch)


async def test_no_forbidden_url_opens_a_socket(shared_material: Path) -> None:
    """Threat E1, E2: all 190, with a name server that answers every name with this machine."""
    rows = [
        json.loads(line) for line in (shared_material / "security-vectors/ssrf/ssrf.jsonl").read_text().splitlines()
    ]
    client = EgressClient(Rules(), resolver=FakeResolver(["127.0.0.1"]))
    with connects() as seen:
        for row in rows:
            if row["expect"] in {"allow-address", "allow-or-deny"}:
                continue
            with pytest.raises((InvalidRequest, AddressRefused)):
                await ask(client, row["url"])
    await client.close()

    assert len(rows) == 190
    assert seen == []


async def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat E2, trap 75: one question a connection, and the address that was checked is the one connected to."""
    dialled: list[tuple[str, int, str | None]] = []

    async def dial(_: Callable[[], Any], host: str, port: int, **options: Any) -> Any:
        dialled.append((host, port, options["server_hostname"]))
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", dial)
    resolver = FakeResolver(["93.184.216.34"], ["127.0.0.1"])
    client = EgressClient(Rules(), resolver=resolver)
    with pytest.raises(Unreachable):
        await ask(client, "https://api.example.com/v1")
    asked_once = list(resolver.asked)
    with pytest.raises(AddressRefused) as refused:
        await ask(client, "https://api.example.com/v1")

    assert asked_once == [("api.example.com", 443)]
    assert dialled == [("93.184.216.34", 443, "api.example.com")]
    assert "127" not in refused.value.message


async def test_each_address_is_tried_in_its_share_of_the_time() -> None:
    async with http_server(saying(answer(b"ok"))) as server:
        client = EgressClient(
            Rules(frozenset({f"many.example:{server.port}"})), resolver=FakeResolver(["127.0.0.2", "127.0.0.1"])
        )
        body = await ask(client, f"http://many.example:{server.port}/")
        await client.close()

    assert body == b"ok"
    assert server.visits[0].headers["host"] == f"many.example:{server.port}"


async def test_a_name_without_addresses() -> None:
    client = EgressClient(Rules(), resolver=FakeResolver([]))
    with pytest.raises(NameNotResolved):
        await ask(client, "https://api.example.com/")


async def test_a_name_server_that_is_silent_counts_as_connecting() -> None:
    class SilentResolver:
        async def resolve(self, host: str, port: int) -> list[str]:
            await asyncio.sleep(10)
            return []

    with pytest.raises(Unreachable):
        await ask(EgressClient(Rules(), resolver=SilentResolver()), "https://api.example.com/")


async def test_the_environment_says_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Threat E4: no proxy, no netrc."""
    async with http_server(saying(answer(b"proxied"))) as canary, served(saying(answer(b"direct"))) as (server, client):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{canary.origin}")
            monkeypatch.setenv(name.lower(), f"http://{canary.origin}")
        (tmp_path / ".netrc").write_text("default login thief password stolen\n")
        (tmp_path / ".netrc").chmod(0o600)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        body = await ask(client, server.url())

    assert body == b"direct"
    assert canary.connections == 0
    assert server.visits[0].headers["authorization"] == f"Bearer {KEY}"
    assert os.environ["NETRC"]
