"""The outer wall of every door, plain ASGI: our request id, bounds on the body, security headers, and the last-resort handler.

Not Starlette's BaseHTTPMiddleware, which breaks streaming and cancellation: https://www.starlette.io/middleware/#limitations
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from shared.dialects.caller import CallerDialect
from shared.errors import RealMultiLLMError
from shared.observability import logger, request_id_of_this_task
from shared.records.ids import mint_ulid
from shared.web.body import LARGEST, PATIENCE, BoundedBody, Message, Receive
from shared.web.errors import ErrorAnswer, answer_error, answer_unknown
from shared.web.forms import family_of

type Scope = MutableMapping[str, Any]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_ID = b"x-realmultillm-request-id"

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""Set where the door has not set its own. ASVS 5.0, 3.4; threat H10."""


def request_id(scope: Scope) -> str:
    """The id that this request got at the edge. Never one that the caller sent (threat H1)."""
    return str(scope["state"]["request_id"])


def deadline(scope: Scope) -> float | None:
    """When this request has to be over, on the event loop's clock, where a platform sets an end. Never said by the caller."""
    ends: float | None = scope["state"].get("deadline")
    return ends


class Edge:
    """Wraps an ASGI app. Inside Starlette or FastAPI: `app.add_middleware(Edge)`. An edge within an edge stands aside."""

    def __init__(
        self, app: App, *, largest: int = LARGEST, patience: float = PATIENCE, now: Callable[[], float] = time.time
    ) -> None:
        self._app = app
        self._largest = largest
        self._patience = patience
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mint the id, and let the request through."""
        state = scope.setdefault("state", {})
        if scope["type"] not in {"http", "websocket"} or "request_id" in state:
            await self._app(scope, receive, send)
            return
        state["request_id"] = mint_ulid(self._now())
        token = request_id_of_this_task.set(state["request_id"])
        try:
            await self._pass(scope, receive, send)
        finally:
            request_id_of_this_task.reset(token)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        body = BoundedBody(receive, scope["headers"], largest=self._largest, patience=self._patience)
        reply = _Reply(send, request_id(scope))
        try:
            await self._app(scope, body, reply)
        except RealMultiLLMError as error:
            if reply.begun:
                raise
            await reply.say(answer_error(error, reply.request_id, _family(scope)))
        except Exception:  # the last resort; ruff's BLE001 lets it be because it is logged with its traceback
            logger().exception("request failed")
            if reply.begun:
                raise
            await reply.say(answer_unknown(reply.request_id, _family(scope)))


def _family(scope: Scope) -> CallerDialect:
    return family_of(scope["path"], scope["headers"])


class _Reply:
    """An ASGI `send` that adds our headers to the head, and knows whether it went."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            message = {**message, "headers": self._completed(list(message.get("headers", ())))}
        await self._send(message)

    async def say(self, answer: ErrorAnswer) -> None:
        headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
        await self({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self({"type": "http.response.body", "body": answer.body})

    def _completed(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        present = {name.lower() for name, _ in headers}
        missing = [header for header in SECURITY_HEADERS if header[0] not in present]
        return [*headers, *missing, (REQUEST_ID, self.request_id.encode())]
