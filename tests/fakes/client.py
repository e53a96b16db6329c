"""An egress client that goes nowhere: it notes what it was asked and answers as a test says."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from shared.egress.exchange import Outbound, Timeouts

type Answer = "FakeAnswer | Exception"


class FakeAnswer:
    """An Inbound that has come whole."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.headers: Mapping[str, str] = {"content-type": "application/json", **(headers or {})}
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def pieces(self) -> AsyncIterator[bytes]:
        yield self._body

    async def read(self, limit: int = 1 << 25) -> bytes:
        return self._body[:limit]


class FakeClient:
    """Answers by a function of what is asked; an exception that it returns is raised."""

    def __init__(self, answer: Callable[[Outbound], Answer]) -> None:
        self.answer = answer
        self.asked: list[Outbound] = []

    @asynccontextmanager
    async def send(self, outbound: Outbound, timeouts: Timeouts = Timeouts()) -> AsyncIterator[FakeAnswer]:
        self.asked.append(outbound)
        answer = self.answer(outbound)
        if isinstance(answer, Exception):
            raise answer
        yield answer

    async def close(self) -> None:
        """Nothing is open."""


def lets_in(*keys: str) -> Callable[[Outbound], Answer]:
    """A provider that knows these keys alone. To others it says 401 and, as some do, repeats what it got."""

    def answer(outbound: Outbound) -> Answer:
        shown = " ".join(outbound.headers.values())
        if any(key in shown.split() for key in keys):
            return FakeAnswer(200, {"object": "list", "data": [{"id": "a-model", "object": "model"}]})
        return FakeAnswer(
            401, {"error": {"message": f"Incorrect API key provided: {shown}", "code": "invalid_api_key"}}
        )

    return answer
