"""The client against a server that says what we like."""

from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.exchange import Outbound
from tests.fakes.http_server import HttpServer, answer, http_server, saying

STREAM = (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"3\r\nabc\r\n", b"3\r\ndef\r\n", b"0\r\n\r\n")


def client_of(server: HttpServer) -> EgressClient:
    return EgressClient(Rules(frozenset({server.origin})))


async def test_a_plain_answer_is_read_whole_and_its_connection_used_again() -> None:
    async with http_server(saying(answer(b'{"a":1}'))) as server:
        client = client_of(server)
        bodies = []
        for _ in range(3):
            async with client.send(
                Outbound("POST", server.url("/v1/x?y=1"), {"authorization": "Bearer k"}, b"{}")
            ) as inbound:
                bodies.append(await inbound.read())
        await client.close()

    assert bodies == [b'{"a":1}'] * 3
    assert server.connections == 1
    assert server.visits[0].head.startswith(b"POST /v1/x?y=1 HTTP/1.1\r\n")


async def test_a_stream_comes_in_pieces() -> None:
    async with http_server(saying(*STREAM)) as server:
        client = client_of(server)
        async with client.send(Outbound("POST", server.url(), {}, b"{}")) as inbound:
            body = b"".join([piece async for piece in inbound.pieces()])
        await client.close()

    assert body == b"abcdef"
