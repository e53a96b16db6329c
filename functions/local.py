"""Every door on one port, for one machine: `python -m functions.local`."""

import os
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

import functions.accounts.app as accounts
import functions.catalog.app as catalog
import functions.chat.app as chat
import functions.chat.openapi as chat_openapi
import functions.configs.app as configs
import functions.key_test.app as key_test
import functions.reference.app as reference
from shared.gateway.destination import check_provider_urls
from shared.services import Services
from shared.settings import SettingError, Settings, read_settings

WRONG_SETTING = 2
CONNECTIONS_WAITING = 2048


class OnePort:
    """Asks each door in turn whether a path is its own. The first that says yes gets it; none: the last, whose 404 it is."""

    def __init__(self, doors: Sequence[Starlette], services: Services) -> None:
        self._doors = doors
        self._services = services
        self._lifespan = Starlette(lifespan=self._life)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the server."""
        door: ASGIApp = self._lifespan if scope["type"] == "lifespan" else self._door(scope)
        await door(scope, receive, send)

    def _door(self, scope: Scope) -> ASGIApp:
        partial = None
        for door in self._doors:
            for route in door.routes:
                match, _ = route.matches(scope)
                if match is Match.FULL:
                    return door
                if match is Match.PARTIAL:
                    partial = partial or door
        return partial or self._doors[0]

    @asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncGenerator[None]:
        threading.Thread(target=_warm, daemon=True).start()
        yield
        await self._services.close()


def _warm() -> None:
    """The price table is heavy: it is loaded beside the first requests, not within them."""
    from shared.providers.catalogue import warm  # noqa: PLC0415 - late on purpose

    warm()


def create_app(services: Services) -> OnePort:
    """The whole house as one ASGI app. Doors that share a prefix stand in the order in which they are asked."""
    buffered = _buffered(services)
    book = reference.create_app(lambda: documents(services))
    return OnePort([chat.create_app(services), *buffered, book], services)


def documents(services: Services) -> list[dict[str, Any]]:
    """Every door's OpenAPI document."""
    return [chat_openapi.document(), *(door.openapi() for door in _buffered(services))]


def _buffered(services: Services) -> list[FastAPI]:
    return [door.create_app(services) for door in (accounts, key_test, configs, catalog)]


def main() -> int:
    """Serve until told to stop; 2 when a setting is wrong."""
    try:
        settings = read_settings(os.environ)
        check_provider_urls(settings)
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        listening = _listen(settings)
    except (SettingError, OSError) as error:
        print(f"realmultillm: {error}", file=sys.stderr)  # noqa: T201 - what a person at a terminal reads
        return WRONG_SETTING
    print(_greeting(settings), flush=True)  # noqa: T201 - the same
    uvicorn.Server(uvicorn.Config(create_app(Services(settings)), **_server(settings))).run(sockets=[listening])
    return 0


def _listen(settings: Settings) -> socket.socket:
    """Taken before anything is opened, so that a busy port is a clear message."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise SettingError(
            f"{settings.host}:{settings.port} cannot be used ({error.strerror}); choose another with REALMULTILLM_PORT"
        ) from error
    return listening


def _server(settings: Settings) -> dict[str, Any]:
    return {
        "access_log": False,
        "log_level": settings.log_level.lower() if settings.log_level != "INFO" else "warning",
        "server_header": False,
        "backlog": CONNECTIONS_WAITING,
        "timeout_graceful_shutdown": 10,
    }


def _greeting(settings: Settings) -> str:
    where = f"http://{settings.host}:{settings.port}"
    return f"""RealMultiLLM is at {where}
  interactive reference  {where}/docs
  kept in                {settings.home}
"""


if __name__ == "__main__":
    sys.exit(main())
