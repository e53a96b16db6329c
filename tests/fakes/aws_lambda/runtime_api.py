"""The Runtime API of one execution environment, as strict as Lambda's: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html (2026-11)."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from tests.fakes.aws_lambda.invocation import FunctionFailed, Invocation
from tests.fakes.aws_lambda.wire import Request, answer, read_request

ROOT = "/2018-06-01/runtime"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:chat"
ERROR_TYPE = "lambda-runtime-function-error-type"
ERROR_BODY = "lambda-runtime-function-error-body"
LARGEST_WHOLE = 6 * 1024 * 1024
LARGEST_STREAM = 200 * 1024 * 1024


class RuntimeApi:
    """Serves one process (or several workers of it) on 127.0.0.1."""

    def __init__(self) -> None:
        self.port = 0
        self.heard: list[str] = []
        """What was asked, in order: `next`, `response`, `error`, `init/error`, `restore/next`, `restore/error`."""
        self.heads: list[dict[str, str]] = []
        """The headers of every request, in the same order."""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """The init phase is over; a FunctionFailed if it failed."""
        self.broke_off = False
        """A response ended in the middle: the process is dying, seen before its exit is."""
        self.restoring = asyncio.Event()
        """Set when a life begins from the snapshot."""
        self._queue: asyncio.Queue[Invocation] = asyncio.Queue()
        self._running: dict[str, Invocation] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self.largest_stream = LARGEST_STREAM
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Gone, as when Lambda takes the environment away."""
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    def invoke(self, invocation: Invocation) -> None:
        self._running[invocation.id] = invocation
        self._queue.put_nowait(invocation)

    def hang_up(self) -> None:
        """Every connection breaks, and others may be made."""
        for writer in self._writers:
            writer.transport.abort()

    async def fail_all(self, failure: FunctionFailed) -> None:
        """The process is gone."""
        if not self.ready.done():
            self.ready.set_exception(failure)
        for invocation in tuple(self._running.values()):
            await invocation.end(failure)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (request := await read_request(reader)) is not None:
                said = await self._answer(request, reader)
                if said is None:
                    break
                writer.write(said)
                await writer.drain()
                if request.headers.get("connection", "").lower() == "close":
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the process hung up; whoever waits for it is told by the environment
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, request: Request, reader: asyncio.StreamReader) -> bytes | None:
        path = request.target.removeprefix(ROOT)
        match request.method, path.strip("/").split("/"):
            case "GET", ["invocation", "next"]:
                return await self._heard(request, "next", lambda _: self._next(reader))
            case "POST", ["invocation", id_, "response"]:
                return await self._heard(request, "response", lambda asked: self._response(asked, unquote(id_)))
            case "POST", ["invocation", id_, "error"]:
                return await self._heard(request, "error", lambda asked: self._error(asked, unquote(id_)))
            case "POST", ["init", "error"]:
                return await self._heard(request, "init/error", self._init_error)
            case "GET", ["restore", "next"]:
                return await self._heard(request, "restore/next", self._restore)
            case "POST", ["restore", "error"]:
                return await self._heard(request, "restore/error", self._restore_error)
            case _:
                return _refused(404, "UnknownPath")

    async def _heard(
        self, request: Request, what: str, serve: Callable[[Request], Awaitable[bytes | None]]
    ) -> bytes | None:
        self.heard.append(what)
        self.heads.append(request.headers)
        return await serve(request)

    async def _next(self, reader: asyncio.StreamReader) -> bytes | None:
        if not self.ready.done():
            self.ready.set_result(None)
        left = asyncio.ensure_future(_until_left(reader))
        waiting = asyncio.ensure_future(self._queue.get())
        await asyncio.wait((left, waiting), return_when=asyncio.FIRST_COMPLETED)
        has_left = left.done()
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)  # one at a time reads a connection
        if has_left:
            if not waiting.cancel():
                self._queue.put_nowait(waiting.result())
            return None
        invocation = waiting.result()
        return answer(
            200,
            invocation.event,
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", invocation.id),
            ("Lambda-Runtime-Invocation-Id", f"i-{invocation.id}"),
            ("Lambda-Runtime-Deadline-Ms", str(int(invocation.ends * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", ARN),
            ("Lambda-Runtime-Trace-Id", "Root=1-6750c0de-0123456789abcdef01234567;Sampled=0"),
        )

    async def _response(self, request: Request, id_: str) -> bytes:
        invocation = self._running.get(id_)
        if invocation is None:
            return _refused(400, "InvalidRequestID")
        if invocation.answered:
            return _refused(403, "InvalidStateTransition")
        is_stream = request.headers.get("lambda-runtime-function-response-mode") == "streaming"
        if is_stream and not request.is_chunked:
            return _refused(400, "InvalidStreamingRequest")
        invocation.begin(request.headers.get("content-type", ""), is_stream=is_stream)
        return await (self._stream if is_stream else self._whole)(request, invocation)

    async def _whole(self, request: Request, invocation: Invocation) -> bytes:
        body = await request.body()
        if len(body) > LARGEST_WHOLE:
            await self._end(invocation, FunctionFailed("Function.ResponseSizeTooLarge"))
            return _refused(413, "RequestEntityTooLarge")
        await invocation.put(body)
        await self._end(invocation)
        return _accepted()

    async def _stream(self, request: Request, invocation: Invocation) -> bytes:
        length = 0
        try:
            async for piece in request.pieces():
                length += len(piece)
                if length > self.largest_stream:
                    await self._end(invocation, FunctionFailed("Function.ResponseSizeTooLarge"))
                    return _refused(413, "RequestEntityTooLarge")
                await invocation.put(piece)
        except asyncio.IncompleteReadError:
            self.broke_off = True
            await self._end(invocation, FunctionFailed("Runtime.TruncatedResponse"))
            raise
        await self._end(invocation, _trailing(request))
        return _accepted()

    async def _error(self, request: Request, id_: str) -> bytes:
        invocation = self._running.get(id_)
        if invocation is None:
            return _refused(400, "InvalidRequestID")
        if invocation.answered:
            return _refused(403, "InvalidStateTransition")
        invocation.answered = True
        await self._end(invocation, await _reported(request))
        return _accepted()

    async def _end(self, invocation: Invocation, failure: FunctionFailed | None = None) -> None:
        self._running.pop(invocation.id, None)
        await invocation.end(failure)

    async def _init_error(self, request: Request) -> bytes:
        failure = await _reported(request)
        if not self.ready.done():
            self.ready.set_exception(failure)
        return _accepted()

    async def _restore(self, _: Request) -> bytes:
        if not self.ready.done():
            self.ready.set_result(None)
        await self.restoring.wait()
        return answer(200)

    async def _restore_error(self, request: Request) -> bytes:
        await self.fail_all(await _reported(request))
        return _accepted()


async def _until_left(reader: asyncio.StreamReader) -> None:
    """Nobody says anything while they wait for their next invocation, but hang up they may."""
    await reader.read(1)


async def _reported(request: Request) -> FunctionFailed:
    said: dict[str, Any] = json.loads(await request.body() or b"{}")
    return FunctionFailed(request.headers.get(ERROR_TYPE, said.get("errorType", "")), said.get("errorMessage", ""))


def _trailing(request: Request) -> FunctionFailed | None:
    """What the trailers say of a stream that broke off."""
    if ERROR_TYPE not in request.trailers:
        return None
    said = json.loads(base64.b64decode(request.trailers[ERROR_BODY], validate=True))
    return FunctionFailed(request.trailers[ERROR_TYPE], said["errorMessage"])


def _accepted() -> bytes:
    return answer(202, b'{"status":"OK"}', ("Content-Type", "application/json"))


def _refused(status: int, kind: str) -> bytes:
    body = json.dumps({"errorMessage": kind, "errorType": kind}).encode()
    return answer(status, body, ("Content-Type", "application/json"), ("Connection", "close"))
