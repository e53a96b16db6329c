"""What the upstreams share: a request in, its answer out, whole or as a stream; and how a stream may go wrong."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.fakes.http_server import Script, Visit
from tests.fakes.upstreams.scenes import Failure
from tests.fakes.upstreams.strict import Malformed

SLOW = 1.5


@dataclass(frozen=True)
class Whole:
    """An answer of one piece."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    manner: str = ""


@dataclass(frozen=True)
class Growing:
    """A stream: its events, and how they are sent."""

    events: Sequence[bytes]
    manner: str
    broken: bytes
    """What this upstream says when it fails on the way."""
    headers: dict[str, str] = field(default_factory=dict)


class Api(Protocol):
    """One upstream."""

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Whole | Growing:
        """Raises Malformed or Failure."""
        ...

    def failed(self, failure: Failure) -> Whole:
        """An error, as this upstream words it."""
        ...


def served(api: Api) -> Script:
    """The script of a server that speaks this API."""

    async def script(visit: Visit) -> None:
        answer = _answered(api, visit)
        if answer.manner == "slow":
            await asyncio.sleep(SLOW)
        if isinstance(answer, Whole):
            await visit.say(_whole(answer))
        else:
            await _grow(visit, answer)

    return script


def _answered(api: Api, visit: Visit) -> Whole | Growing:
    method, path, _ = visit.head.decode("latin-1").split(" ", 2)
    try:
        return api.answer(method, path, visit.headers, _decoded(visit) if visit.body else None)
    except Malformed as error:
        return api.failed(Failure(400, "invalid", str(error)))
    except Failure as error:
        return api.failed(error)


def _decoded(visit: Visit) -> Any:
    if not visit.headers.get("content-type", "").startswith("application/json"):
        raise Malformed("content-type", "is not application/json")
    try:
        return json.loads(visit.body)
    except ValueError as error:
        raise Malformed("body", f"is not JSON: {error}") from error


def _whole(answer: Whole) -> bytes:
    body = json.dumps(answer.body, ensure_ascii=False).encode()
    head = {"content-type": "application/json", "content-length": str(len(body)), **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {answer.status} Said\r\n{lines}\r\n".encode() + body


async def _grow(visit: Visit, answer: Growing) -> None:
    head = {"content-type": "text/event-stream", "transfer-encoding": "chunked", **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    await visit.say(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode())
    match answer.manner:
        case "bytes":
            whole = b"".join(answer.events)
            await visit.say(*[_chunk(whole[at : at + 5]) for at in range(0, len(whole), 5)], b"0\r\n\r\n")
        case "error":
            await visit.say(*[_chunk(event) for event in _begun(answer)], _chunk(answer.broken), b"0\r\n\r\n")
        case "cut":
            await visit.say(*[_chunk(event) for event in _begun(answer)])
            visit.reset()
        case "stall":
            await visit.say(*[_chunk(event) for event in _begun(answer)])
            await visit.reader.read()  # until the caller leaves
            visit.writer.close()
        case _:
            await visit.say(*[_chunk(event) for event in answer.events], b"0\r\n\r\n")


def _begun(answer: Growing) -> Sequence[bytes]:
    """As far as a stream comes that does not come to its end."""
    return answer.events[: len(answer.events) // 2]


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
