"""A function URL (or a REST API that streams): HTTP in, events to as many environments as it takes, and their streams back out."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.fakes.aws_lambda.environment import Environment, Function, start
from tests.fakes.aws_lambda.events import function_url
from tests.fakes.aws_lambda.invocation import FunctionFailed, Invocation
from tests.fakes.aws_lambda.wire import Request, answer, read_request

LARGEST_REQUEST = 6 * 1024 * 1024
HTTP_STREAM = "application/vnd.awslambda.http-integration-response"
DELIMITER = bytes(8)
LARGEST_PRELUDE = 64 * 1024
MOST_ENVIRONMENTS = 10

type Payload = Callable[[Request, bytes, str], bytes]


class Front:
    """Serves on 127.0.0.1. An environment that has room is asked again, else another one starts, as Lambda does."""

    def __init__(self, function: Function, payload: Payload, most: int) -> None:
        self.url = ""
        self.environments: list[Environment] = []
        self._function = function
        self._payload = payload
        self._most = most
        self._starting = asyncio.Lock()

    async def invoke(self, event: bytes) -> Invocation:
        """Raises FunctionFailed, before anything ran."""
        async with self._starting:
            for environment in self.environments:
                if environment.has_room:
                    return environment.invoke(event)
            if len([one for one in self.environments if one.is_alive]) >= self._most:
                raise FunctionFailed("TooManyRequestsException")
            environment = await start(self._function)
            self.environments.append(environment)
            await environment.init()
            return environment.invoke(event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = writer.get_extra_info("peername")[0]
        try:
            while (request := await read_request(reader)) is not None:
                body = await request.body()
                if not await self._answer(request, body, address, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the caller left; Lambda tells nobody
        finally:
            writer.close()

    async def _answer(self, request: Request, body: bytes, address: str, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection may carry another request."""
        event = self._payload(request, body, address)
        if len(event) > LARGEST_REQUEST:
            writer.write(_message(413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation"))
            return True
        try:
            invocation = await self.invoke(event)
        except FunctionFailed as error:
            throttled = error.kind == "TooManyRequestsException"
            writer.write(
                _message(429 if throttled else 502, "Rate Exceeded." if throttled else "Internal Server Error")
            )
            return True
        return await _hand_on(invocation, writer)

    async def close(self) -> None:
        for environment in self.environments:
            await environment.close()


async def _hand_on(invocation: Invocation, writer: asyncio.StreamWriter) -> bool:
    pieces, begun = invocation.pieces(), False
    try:
        head, first = await _head(invocation, pieces)
        writer.write(head + _chunk(first))
        begun = True
        async for piece in pieces:
            writer.write(_chunk(piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
    except ConnectionError:
        await _hear_out(pieces)  # the caller has left; the function is not told, and goes on
        return False
    except FunctionFailed:
        if begun:
            writer.transport.abort()  # the caller sees a cut, as on Lambda
            return False
        writer.write(_message(502, "Internal Server Error"))
    await writer.drain()
    return True


async def _hear_out(pieces: AsyncIterator[bytes]) -> None:
    with suppress(FunctionFailed):
        async for _ in pieces:
            pass


async def _head(invocation: Invocation, pieces: AsyncIterator[bytes]) -> tuple[bytes, bytes]:
    """The head of the HTTP answer, and what of the body came with it."""
    first = await anext(pieces, b"")
    if not invocation.is_stream:
        return _whole(json.loads(first))
    if invocation.content_type != HTTP_STREAM:
        return _lines(200, {"content-type": invocation.content_type}, ()), first
    while DELIMITER not in first:
        if len(first) > LARGEST_PRELUDE:
            raise FunctionFailed("InvalidPrelude")
        more = await anext(pieces, None)
        if more is None:
            raise FunctionFailed("InvalidPrelude")
        first += more
    prelude, _, rest = first.partition(DELIMITER)
    try:
        said = json.loads(prelude)
    except ValueError as error:
        raise FunctionFailed("InvalidPrelude") from error
    return _lines(said["statusCode"], said.get("headers", {}), said.get("cookies", ())), rest


def _whole(said: dict[str, Any]) -> tuple[bytes, bytes]:
    """A buffered answer, as the payloads' formats have it."""
    body = said.get("body") or ""
    headers = said.get("headers", {}) | {
        name: ", ".join(values) for name, values in said.get("multiValueHeaders", {}).items()
    }
    decoded = base64.b64decode(body) if said.get("isBase64Encoded") else body.encode()
    return _lines(said["statusCode"], headers, said.get("cookies", ())), decoded


def _lines(status: int, headers: dict[str, str], cookies: tuple[str, ...] | list[str]) -> bytes:
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"set-cookie: {cookie}" for cookie in cookies]
    return ("\r\n".join([*lines, "transfer-encoding: chunked"]) + "\r\n\r\n").encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def _message(status: int, message: str) -> bytes:
    return answer(status, json.dumps({"Message": message}).encode(), ("content-type", "application/json"))


@asynccontextmanager
async def front_door(
    function: Function, *, payload: Payload = function_url, most: int = MOST_ENVIRONMENTS
) -> AsyncIterator[Front]:
    """Open until the context is left; its environments end with it. None starts before the first request."""
    front = Front(function, payload, most)
    server = await asyncio.start_server(front.serve, "127.0.0.1", 0)
    front.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield front
    finally:
        server.close()
        server.close_clients()
        await front.close()
        await server.wait_closed()
