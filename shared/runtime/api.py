"""Lambda's Runtime API, as its client sees it: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html (2026-11).

One connection for each invocation: it brings the event and takes the answer, and is closed behind a stream, as the documentation asks.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import msgspec

from shared.runtime.answers import ERROR_BODY, ERROR_TYPE, HTTP_STREAM
from shared.runtime.line import Line, RuntimeApiGone

_ROOT: Final = "/2018-06-01/runtime"
_OK: Final = 200
_ID: Final = "lambda-runtime-aws-request-id"
_INVOCATION_ID: Final = "lambda-runtime-invocation-id"
"""Newer than the other one: AWS's Python client hands it back (4.2, 2026)."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What Lambda wants of us, and the way back. `deadline`: seconds since 1970 when Lambda ends it; 0 when it does not say."""

    id: str
    event: bytes = field(repr=False)
    deadline: float
    trace: str | None
    line: Line = field(repr=False)
    _head: str = field(repr=False)

    async def respond(self, answer: Any) -> int:
        """Answer whole, with anything that is JSON; the status that Lambda gives us for it."""
        return await self._post("response", msgspec.json.encode(answer), "")

    async def fail(self, error: Mapping[str, Any]) -> int:
        """The invocation failed: `errorType`, `errorMessage`, `stackTrace`."""
        return await self._post("error", msgspec.json.encode(error), f"{ERROR_TYPE}: {error['errorType']}\r\n")

    def begin_stream(self, first: bytes) -> None:
        """Begin to answer with a stream, whose first bytes these are: chunks, as all that `line.write` gets after them."""
        head = (
            f"POST {self._path('response')} HTTP/1.1\r\n{self._head}"
            "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
            f"Content-Type: {HTTP_STREAM}\r\nTransfer-Encoding: chunked\r\n"
            f"Trailer: {ERROR_TYPE}\r\nTrailer: {ERROR_BODY}\r\n\r\n"
        )
        self.line.ask(head.encode() + first, answering=True)

    async def answered(self) -> int:
        """What Lambda says to our answer, once it is whole: 202, else a status that tells why it does not take it."""
        return (await self.line.answer()).status

    async def _post(self, what: str, body: bytes, more: str) -> int:
        self.line.ask(_post(self._path(what), body, self._head + more), answering=True)
        return await self.answered()

    def _path(self, what: str) -> str:
        return f"{_ROOT}/invocation/{quote(self.id, safe='')}/{what}"


class RuntimeApi:
    """Where Lambda says that it is, as `host:port`."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._address = f"Host: {address}\r\nUser-Agent: realmultillm\r\n"

    async def next(self) -> Invocation:
        """Wait for the next invocation, however long; Lambda freezes us meanwhile.

        Raises:
            RuntimeApiGone: there will be none.
        """
        while True:
            line = await self._connect()
            try:
                line.ask(self._get("/invocation/next"))
                answer = await line.answer()
            except RuntimeApiGone:
                if not line.flooded or _ID not in line.head:
                    raise
                await self._refuse(line.head)
                continue
            except BaseException:
                line.close()
                raise
            if answer.status != _OK or _ID not in answer.headers:
                line.close()
                raise RuntimeApiGone(f"the Runtime API has no next invocation: {answer.status}")
            return self._invocation(answer.headers, answer.take(), line)

    async def _refuse(self, headers: Mapping[str, str]) -> None:
        """An event that is too large to be looked at; the next may be smaller."""
        invocation = self._invocation(headers, b"", await self._connect())
        try:
            await invocation.fail({"errorType": "EventTooLarge", "errorMessage": "", "stackTrace": []})
        finally:
            invocation.line.close()

    def _invocation(self, headers: Mapping[str, str], event: bytes, line: Line) -> Invocation:
        head = self._address
        if _INVOCATION_ID in headers:
            head += f"Lambda-Runtime-Invocation-Id: {headers[_INVOCATION_ID]}\r\n"
        deadline = headers.get("lambda-runtime-deadline-ms", "")
        ends = int(deadline) / 1000 if deadline.isascii() and deadline.isdigit() else 0.0
        return Invocation(headers[_ID], event, ends, headers.get("lambda-runtime-trace-id"), line, head)

    async def wait_for_restore(self) -> None:
        """A snapshot is taken while this waits; it returns in another life. Raises RuntimeApiGone."""
        line = await self._connect()
        try:
            line.ask(self._get("/restore/next"))
            status = (await line.answer()).status
        finally:
            line.close()
        if status != _OK:
            raise RuntimeApiGone(f"the Runtime API restores nothing: {status}")

    async def report(self, phase: str, error: Mapping[str, Any]) -> None:
        """`init` or `restore` failed. Raises RuntimeApiGone."""
        line = await self._connect()
        try:
            body = msgspec.json.encode(error)
            line.ask(_post(f"{_ROOT}/{phase}/error", body, f"{self._address}{ERROR_TYPE}: {error['errorType']}\r\n"))
            await line.answer()
        finally:
            line.close()

    def _get(self, path: str) -> bytes:
        return f"GET {_ROOT}{path} HTTP/1.1\r\n{self._address}\r\n".encode()

    async def _connect(self) -> Line:
        loop = asyncio.get_running_loop()
        try:
            _, line = await loop.create_connection(lambda: Line(loop), self._host, self._port)
        except OSError as error:
            raise RuntimeApiGone("the Runtime API cannot be reached") from error
        return line


def _post(path: str, body: bytes, headers: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
