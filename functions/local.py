"""Every door on one port, for one machine: `python -m functions.local`; `… rotate-master-key` and `… verify-audit`, which need no server."""

import argparse
import asyncio
import os
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

import functions.accounts.app as accounts
import functions.admin.app as admin
import functions.analytics.app as analytics
import functions.catalog.app as catalog
import functions.chat.app as chat
import functions.chat.history.app as history
import functions.chat.openapi as chat_openapi
import functions.configs.app as configs
import functions.key_test.app as key_test
import functions.reference.app as reference
from functions.allowed_methods import allowing, methods_of
from functions.bounded_server import KEPT_FOR_A_READER, BoundedCrowd, BoundedServer
from shared.errors import AddressRefused, Conflict, InvalidRequest, KeyServiceUnavailable, StorageUnavailable
from shared.gateway.books.carry_out import carry_out_if_possible
from shared.gateway.books.sweep import EVERY, sweep
from shared.gateway.guard.tell import tell_alerts
from shared.gateway.guard.webhook import check_webhook
from shared.gateway.targets.destination import check_provider_urls
from shared.observability import logger, set_up_logging
from shared.services import Services, embedded_keys
from shared.settings import SettingError, Settings, read_settings
from shared.storage.audit import Flaw, find_flaw
from shared.storage.policies import find_policies
from shared.web.browsers import for_browsers

WRONG_SETTING = 2
BROKEN_LOG = 1
BETWEEN_TELLINGS = 5.0
"""Seconds."""
CONNECTIONS_WAITING = 2048


class OnePort:
    """Asks each door in turn whether a path is its own. The first that says yes gets it; when none does, the 404 is the first's."""

    def __init__(self, doors: Sequence[Starlette], services: Services) -> None:
        self._doors = doors
        self._services = services
        self._lifespan = Starlette(lifespan=self._life)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the server."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        door, match = self._door(scope)
        if match is Match.PARTIAL:
            send = allowing(send, methods_of(self._doors, scope["path"]))
        await door(scope, receive, send)

    def _door(self, scope: Scope) -> tuple[ASGIApp, Match]:
        partial = None
        for door in self._doors:
            for route in door.routes:
                match, _ = route.matches(scope)
                if match is Match.FULL:
                    return door, match
                if match is Match.PARTIAL:
                    partial = partial or door
        return (partial, Match.PARTIAL) if partial else (self._doors[0], Match.NONE)

    @asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncGenerator[None]:
        threading.Thread(target=_warm, daemon=True).start()
        beside = [asyncio.create_task(work(self._services)) for work in (_tell_alerts, _sweep_each_minute)]
        yield
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await self._services.close()


async def _tell_alerts(services: Services) -> None:
    """As long as the server lives. A table that does not answer is asked again later."""
    while True:
        with suppress(StorageUnavailable):
            await tell_alerts(services)
        await asyncio.sleep(BETWEEN_TELLINGS)


async def _sweep_each_minute(services: Services) -> None:
    """What the sweeper's function does on AWS."""
    while True:
        await carry_out_if_possible(services)
        try:
            await sweep(services)
        except StorageUnavailable as error:
            logger().warning("sweep put off", extra={"code": error.code})
        await asyncio.sleep(EVERY)


def _warm() -> None:
    """The price table is heavy: it is loaded beside the first requests, not within them."""
    from shared.providers.prices import load  # noqa: PLC0415 - late on purpose

    load()


def create_app(services: Services) -> OnePort:
    """The whole house as one ASGI app. Doors that share a prefix stand in the order in which they are asked."""
    buffered = _buffered(services)
    book = reference.create_app(lambda: documents(services))
    return OnePort([chat.create_app(services), *buffered, book], services)


def documents(services: Services) -> list[dict[str, Any]]:
    """Every door's OpenAPI document."""
    parts = [history.create_app(services), *_buffered(services)]
    return [chat_openapi.document(), *(part.openapi() for part in parts)]


def _buffered(services: Services) -> list[FastAPI]:
    return [door.create_app(services) for door in (accounts, key_test, configs, catalog, analytics, admin)]


def main() -> int:
    """Serve until told to stop, or do one thing without a server; 2 when a setting or a file is wrong. With the ids of the home on AWS, that home is served."""
    command = argparse.ArgumentParser(prog="python -m functions.local", description=__doc__)
    command.add_argument("action", nargs="?", choices=["serve", *_COMMANDS], default="serve")
    action = command.parse_args().action
    try:
        settings = read_settings(os.environ)
        check_provider_urls(settings)
        if settings.aws is None:
            settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _COMMANDS.get(action, _serve)(settings)
    except (SettingError, OSError, KeyServiceUnavailable, StorageUnavailable) as error:
        print(f"realmultillm: {error}", file=sys.stderr)  # noqa: T201 - what a person at a terminal reads
        return WRONG_SETTING


def _serve(settings: Settings) -> int:
    """Whatever cannot be used is found before the first request: the key file, the table, the port."""
    set_up_logging(settings.log_level)
    if settings.aws is None:
        embedded_keys(settings).ready()
    asyncio.run(_check_alerts(settings))
    services = Services(settings)
    _ = services.table  # opened now, not by the first who asks
    app = BoundedCrowd(for_browsers(create_app(services), settings.browser_origins), most=settings.most_at_once)
    listening = _listen(settings)
    print(_greeting(settings), flush=True)  # noqa: T201 - what a person at a terminal reads
    uvicorn.Server(uvicorn.Config(app, **_server())).run(sockets=[listening])
    return 0


def _rotate(settings: Settings) -> int:
    if settings.aws is not None:
        raise SettingError("the master key of the home on AWS is KMS's: it turns there by itself, once a year")
    key = embedded_keys(settings).rotate()
    asyncio.run(_note_rotation(settings, key))
    print(  # noqa: T201 - what a person at a terminal reads
        f"{settings.home} has a new master key. Older ones still open what they wrapped.\n"
        "Wrap all stored data keys anew with POST /api/admin/encryption/rewrap, then back the file up."
    )
    return 0


async def _note_rotation(settings: Settings, key: str) -> None:
    """Who may run this is the operator at the machine; of them no more is known than the number that the machine gives its users."""
    services = Services(settings)
    try:
        who = {"by": "operator", "uid": str(os.getuid())}
        await services.audit.add("encryption.master_key_rotated", subject=key, details=who)
    except StorageUnavailable as error:
        raise StorageUnavailable(
            f"the master key was rotated, but that is not in the audit log: {error.message}"
        ) from error
    finally:
        await services.close()


def _verify(settings: Settings) -> int:
    flaw = asyncio.run(_find_flaw(settings))
    if flaw is None:
        print("The audit log is whole.")  # noqa: T201 - what a person at a terminal reads
        return 0
    print(f"The audit log is broken at entry {flaw.number}: {flaw.reason}.")  # noqa: T201 - the same
    return BROKEN_LOG


async def _check_alerts(settings: Settings) -> None:
    """A webhook that could not be told, or only without a signature, is found before the first alert."""
    services = Services(settings)
    try:
        webhook = (await find_policies(services.table)).webhook
        if webhook is not None:
            check_webhook(webhook, settings)
    except (AddressRefused, Conflict, InvalidRequest) as error:
        raise SettingError(f"the webhook of alerts cannot be told: {error.message}") from error
    finally:
        await services.close()


async def _find_flaw(settings: Settings) -> Flaw | None:
    services = Services(settings)
    try:
        return await find_flaw(services.table)
    finally:
        await services.close()


def _listen(settings: Settings) -> socket.socket:
    """Taken before anything is opened, so that a busy port is a clear message."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KEPT_FOR_A_READER)  # every connection's
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise SettingError(
            f"{settings.host}:{settings.port} cannot be used ({error.strerror}); choose another with REALMULTILLM_PORT"
        ) from error
    return listening


def _server() -> dict[str, Any]:
    return {
        "http": BoundedServer,
        "access_log": False,
        "proxy_headers": False,  # who calls is the peer, whatever a header says (threat H1)
        "log_config": None,
        "server_header": False,
        "backlog": CONNECTIONS_WAITING,
        "timeout_graceful_shutdown": 10,
    }


def _greeting(settings: Settings) -> str:
    where = f"http://{settings.host}:{settings.port}"
    return f"""RealMultiLLM is at {where}
  interactive reference  {where}/docs
  kept in                {settings.aws.table if settings.aws else settings.home}
"""


_COMMANDS: Mapping[str, Callable[[Settings], int]] = {"rotate-master-key": _rotate, "verify-audit": _verify}
"""What is done instead of serving."""


if __name__ == "__main__":
    sys.exit(main())
