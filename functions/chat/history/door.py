"""The way to the history for whoever asks for it first: FastAPI loads only then, for no chat waits for what it does not use."""

import asyncio
import threading
from typing import Any

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.services import Services


def routes(services: Services) -> list[BaseRoute]:
    """Its addresses, as the chat door has them; what each answers is told in `app`."""
    history = History(services)
    return [
        Route("/api/account/texts", history, methods=["GET"]),
        Route("/api/chat/history", history, methods=["GET", "DELETE"]),
        Route("/api/chat/history/{conversation}", history, methods=["GET", "PATCH", "DELETE"]),
    ]


class History:
    """All of its routes."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._app: ASGIApp | None = None
        self._loading = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        app = self._app
        if app is None:
            app = await asyncio.to_thread(self._load_once)  # it takes most of a second, and chats go on
        await app(scope, receive, send)

    def _load_once(self) -> ASGIApp:
        """In a thread: whoever else asks first waits for the same one."""
        with self._loading:
            app = self._app or _load(self._services)
            self._app = app
            return app


def _load(services: Services) -> ASGIApp:
    """Without FastAPI's own answer to what breaks: that falls to the edge of the chat door, as with its other routes."""
    from functions.chat.history.app import create_app  # noqa: PLC0415 - late on purpose

    app = create_app(services)
    wall: Any = app.build_middleware_stack()
    within: ASGIApp = wall.app if isinstance(wall, ServerErrorMiddleware) else wall

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = app
        await within(scope, receive, send)

    return answer
