"""Whom we believe to be the provider."""

import asyncio
import ssl
from pathlib import Path

import pytest

from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.exchange import Outbound, Timeouts
from shared.egress.tls import make_context, usual_context
from shared.errors import StreamInterrupted, TlsFailed, Unreachable
from tests.fakes.certificates import Authority
from tests.fakes.http_server import HttpServer, Visit, answer, http_server, saying
from tests.fakes.resolver import FakeResolver

HOST = "provider.example"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def client_of(server: HttpServer, trusted: Authority | None = None, host: str = HOST) -> EgressClient:
    context = make_context()
    if trusted is not None:
        context.load_verify_locations(cadata=trusted.pem)
    rules = Rules(frozenset({f"{host}:{server.port}"}))
    return EgressClient(rules, resolver=FakeResolver(["127.0.0.1"]), ssl_context=context)


async def ask(client: EgressClient, server: HttpServer, host: str = HOST) -> bytes:
    outbound = Outbound("POST", f"https://{host}:{server.port}/", {"authorization": "made-up"}, b"{}")
    try:
        async with client.send(outbound, Timeouts(connect=1.0, first_byte=1.0, idle=1.0)) as inbound:
            return await inbound.read()
    finally:
        await client.close()


async def test_the_address_was_checked_and_the_name_is_what_is_verified(authority: Authority, tmp_path: Path) -> None:
    """Threat E1: connected to the address, SNI and certificate are the host's."""
    context = authority.server_context(HOST, tmp_path)
    names: list[str | None] = []
    context.sni_callback = lambda _object, name, _context: names.append(name)
    async with http_server(saying(answer(b"ok")), context) as server:
        body = await ask(client_of(server, authority), server)

    assert body == b"ok"
    assert names == [HOST]


async def test_a_connection_over_tls_is_used_again(authority: Authority, tmp_path: Path) -> None:
    async with http_server(saying(answer(b"ok")), authority.server_context(HOST, tmp_path)) as server:
        client = client_of(server, authority)
        for _ in range(3):
            async with client.send(Outbound("GET", f"https://{HOST}:{server.port}/")) as inbound:
                await inbound.read()
            await asyncio.sleep(0.01)
        await client.close()

    assert server.connections == 1


async def test_an_unknown_authority_gets_no_request(authority: Authority, tmp_path: Path) -> None:
    """Fault 3."""
    async with http_server(saying(answer(b"ok")), authority.server_context(HOST, tmp_path)) as server:
        with pytest.raises(TlsFailed):
            await ask(client_of(server), server)

    assert server.visits == []


async def test_another_host_s_certificate_gets_no_request(authority: Authority, tmp_path: Path) -> None:
    """Fault 3."""
    async with http_server(saying(answer(b"ok")), authority.server_context("other.example", tmp_path)) as server:
        with pytest.raises(TlsFailed):
            await ask(client_of(server, authority), server)

    assert server.visits == []


async def test_an_expired_certificate_gets_no_request(authority: Authority, tmp_path: Path) -> None:
    """Fault 3."""
    async with http_server(saying(answer(b"ok")), authority.server_context(HOST, tmp_path, expired=True)) as server:
        with pytest.raises(TlsFailed):
            await ask(client_of(server, authority), server)

    assert server.visits == []


async def test_a_server_without_tls_gets_no_request() -> None:
    async def blunt(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"ok"))
        writer.close()

    server = await asyncio.start_server(blunt, "127.0.0.1", 0)
    plain = HttpServer(saying(), port=server.sockets[0].getsockname()[1])
    with pytest.raises((TlsFailed, Unreachable)):
        await ask(client_of(plain), plain)
    server.close()


async def test_a_stream_cut_inside_tls_is_interrupted(authority: Authority, tmp_path: Path) -> None:
    async def cut(visit: Visit) -> None:
        await visit.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        visit.writer.transport.abort()

    async with http_server(cut, authority.server_context(HOST, tmp_path)) as server:
        with pytest.raises(StreamInterrupted):
            await ask(client_of(server, authority), server)


async def test_who_is_cancelled_while_shaking_hands_leaves_nothing_open() -> None:
    left = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        left.set()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    silent = HttpServer(saying(), port=server.sockets[0].getsockname()[1])
    task = asyncio.create_task(ask(client_of(silent), silent))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(left.wait(), 1)
    server.close()


async def test_the_environment_cannot_add_an_authority_or_take_the_keys(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threat E4."""
    (tmp_path / "root.pem").write_text(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    usual_context.cache_clear()  # made anew, in this environment
    async with http_server(saying(answer(b"ok")), authority.server_context(HOST, tmp_path)) as server:
        with pytest.raises(TlsFailed):
            await ask(client_of(server), server)

    assert not (tmp_path / "keys.log").exists()


def test_the_context_is_strict() -> None:
    context = make_context()

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_clients_of_one_process_share_a_context_unless_they_are_given_another() -> None:
    own = make_context()

    assert EgressClient(Rules())._context() is EgressClient(Rules())._context()
    assert EgressClient(Rules(), ssl_context=own)._context() is own
