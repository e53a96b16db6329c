"""What AWS Lambda Web Adapter knows of an invocation, for an app behind it.

`x-amzn-lambda-context` is the adapter's own, whatever a caller wrote; it listens on loopback alone, so nobody else can send it.
https://aws.github.io/aws-lambda-web-adapter/features/request-context.html (2026-11)
"""

import time
from typing import Final

import msgspec

from shared.runtime.asgi import App, Receive, Scope, Send
from shared.runtime.ending import ends
from shared.runtime.events import is_untrusted

_CONTEXT: Final = b"x-amzn-lambda-context"


class _Context(msgspec.Struct):
    deadline: int
    """Milliseconds since 1970."""


class Adapted:
    """Wraps an ASGI app: the deadline goes into the scope's state, and of the headers none that AWS's front doors use (threat H1)."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the server."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["deadline"] = _deadline(dict(scope["headers"]).get(_CONTEXT))
            scope["headers"] = [
                (name, value) for name, value in scope["headers"] if not is_untrusted(name.decode("latin-1"))
            ]
        await self._app(scope, receive, send)


def _deadline(context: bytes | None) -> float | None:
    if context is None:
        return None
    try:
        return ends(msgspec.json.decode(context, type=_Context).deadline / 1000 - time.time())
    except msgspec.MsgspecError:  # a readiness check of the adapter's, or none of its requests
        return None
