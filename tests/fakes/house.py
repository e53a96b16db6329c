"""The whole house in one process: every door on one port, and its own OpenAPI document to walk it by."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.local import OnePort, create_app
from shared.egress.exchange import Client
from shared.services import Services
from shared.storage.table import Change, Condition, Item, Key
from tests.fakes.services import CountingTable, FixedClock, fake_services

METHODS = ("get", "post", "put", "patch", "delete")
KEY = "sk-house-Wq8Zr5Ty2Ui7Op4As9Df1Gh6Jk"
HELLO = [{"role": "user", "content": "hello"}]
_DOCUMENT: dict[str, Any] = {}
type Headers = dict[str, str]


class WatchedTable(CountingTable):
    """Counts its writes too."""

    writes = 0

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        self.writes += 1
        await super().put(item, when=when)

    async def update(self, key: Key, change: Change, *, when: Condition | None = None) -> Item:
        self.writes += 1
        return await super().update(key, change, when=when)

    async def delete(self, key: Key, *, when: Condition | None = None) -> Item | None:
        self.writes += 1
        return await super().delete(key, when=when)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    described: dict[str, Any] = field(repr=False)

    @property
    def is_open(self) -> bool:
        """It needs no credential."""
        return not self.described.get("security")

    @property
    def takes_a_body(self) -> bool:
        return "requestBody" in self.described

    def address(self, **parameters: str) -> str:
        """The path with its parameters filled in: a provider that is there, and ids that are not."""
        names = {"provider": "openai", **parameters}
        return "/".join(
            names.get(part[1:-1], "none") if part.startswith("{") else part for part in self.path.split("/")
        )


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """All that an OpenAPI document describes."""
    for path, described in document["paths"].items():
        for method in METHODS:
            if method in described:
                yield Operation(method.upper(), path, described[method])


@dataclass(frozen=True, slots=True)
class House:
    """It, its table, and a client without a credential."""

    app: OnePort
    door: ASGIApp
    """The app, overheard."""
    overheard: bytearray
    """Every head and body that went to whoever asked."""
    services: Services
    table: WatchedTable
    http: httpx.AsyncClient
    clock: FixedClock

    async def document(self) -> dict[str, Any]:
        """The one that callers are served. Every house has the same, and to make it takes long."""
        if not _DOCUMENT:
            _DOCUMENT.update((await self.http.get("/openapi.json")).json())
        return _DOCUMENT

    async def signed_up(self, name: str) -> Headers:
        """The header that this person now calls with; the first of all is admin."""
        session = await self.services.accounts.sign_up(f"{name}@example.com", "correct horse")
        return {"authorization": f"Bearer {session.token}"}

    async def signed_in(self, name: str) -> Headers:
        """The same for who is known already: a session of an hour ago is over."""
        session = await self.services.accounts.sign_in(f"{name}@example.com", "correct horse")
        return {"authorization": f"Bearer {session.token}"}

    async def with_key(self, headers: Headers, provider: str = "openai", **more: Any) -> None:
        """Store this caller's key, untried."""
        body = {"provider": provider, "apiKey": KEY, "test": False, **more}
        kept = await self.http.post("/api/provider-configs", json=body, headers=headers)
        assert kept.status_code < 300, kept.text


def overheard(app: ASGIApp, heard: bytearray) -> ASGIApp:
    """The app; what it says is noted."""

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            for name, value in message.get("headers", ()):
                heard.extend(name + b": " + value + b"\n")
            heard.extend(message.get("body", b""))
            await send(message)

        await app(scope, receive, note)

    return listening


@asynccontextmanager
async def whole_house(home: Path, *, client: Client | None = None, **settings: Any) -> AsyncGenerator[House]:
    """Open until the context is left. `client` is the only way out; without one, the real one, over real sockets."""
    clock = FixedClock()
    table = WatchedTable(now=clock)
    services = fake_services(home, clock=clock, table=table)
    services.settings = replace(services.settings, **settings)
    if client is not None:
        services.client = client
    app = create_app(services)
    heard = bytearray()
    door = overheard(app, heard)
    transport = httpx.ASGITransport(door, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        yield House(app, door, heard, services, table, http, clock)
    await services.close()
