"""An account is deleted while two processes serve it: the one that is asked, and one that has not heard of it for five seconds. Threats I9 and K10.

Over each kind of table, for what is written too late lies in the table and nowhere else.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.local import create_app
from shared.aws.json_service import DYNAMODB
from shared.egress.exchange import Outbound, Timeouts
from shared.gateway.books.sweep import sweep
from shared.services import Services
from shared.storage import layout
from shared.storage.dynamodb import DynamoDBTable
from shared.storage.erase import bury_owner
from shared.storage.sqlite import SqliteTable
from shared.storage.table import Table
from tests.fakes.aws import Aws
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.house import HELLO, KEY, Headers
from tests.fakes.services import FixedClock, fake_services
from tests.fakes.table import MemoryTable
from tests.journeys.conftest import answers

CHAT = {"provider": "openai", "model": "gpt-4o-mini", "messages": HELLO}
ROUTE = {"targets": [{"provider": "openai", "model": "gpt-4o-mini"}]}
PASSWORD = "correct horse"
MONTH = 30 * 86_400


class Patient(FakeClient):
    """A provider who answers when it is let, if it was told to wait."""

    def __init__(self) -> None:
        super().__init__(answers)
        self.let, self.began = asyncio.Event(), asyncio.Semaphore(0)
        self.let.set()

    @asynccontextmanager
    async def send(self, outbound: Outbound, timeouts: Timeouts = Timeouts()) -> AsyncIterator[FakeAnswer]:
        self.began.release()
        await self.let.wait()
        async with super().send(outbound, timeouts) as answer:
            yield answer


@dataclass
class Process:
    """One of those that serve, and a client of it."""

    services: Services
    client: Patient
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, who: Headers, body: Any = None) -> int:
        return (await self.http.request(method, path, json=body, headers=who)).status_code


@dataclass
class Installation:
    """Two processes over one table."""

    here: Process
    there: Process
    clock: FixedClock
    dump: Callable[[], list[str]]
    """Every item, as text, with its key first."""

    async def signed_up(self, name: str) -> tuple[Headers, str]:
        session = await self.here.services.accounts.sign_up(f"{name}@example.com", PASSWORD)
        return {"authorization": f"Bearer {session.token}"}, session.user.id

    def naming(self, *names: str) -> set[str]:
        """Where an item lies that holds one of these names."""
        return {item.split("|")[0] for item in self.dump() if any(name in item for name in names)}

    async def sweep_after(self, seconds: float) -> int:
        self.clock.pass_by(seconds)
        return (await sweep(self.here.services)).erased


@pytest.fixture(params=["sqlite", "dynamodb", "memory"])
async def installation(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Installation]:
    clock = FixedClock()
    make, dump = _tables(request, tmp_path, clock)
    async with AsyncExitStack() as opened:
        processes = []
        for _ in range(2):
            services = fake_services(tmp_path, clock=clock, table=make())
            services.client = client = Patient()
            transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
            http = await opened.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://house"))
            opened.push_async_callback(services.close)
            processes.append(Process(services, client, http))
        here, there = processes
        yield Installation(here, there, clock, dump)


def _tables(
    request: pytest.FixtureRequest, home: Path, clock: FixedClock
) -> tuple[Callable[[], Table], Callable[[], list[str]]]:
    """What opens the one table, and all that lies in it."""
    match request.param:
        case "sqlite":
            path = home / "table.sqlite"
            return lambda: SqliteTable(path, now=clock), lambda: _rows_of(path)
        case "dynamodb":
            aws: Aws = request.getfixturevalue("aws")
            name = aws.create_table()
            return (
                lambda: DynamoDBTable(name, aws.ask(DYNAMODB), now=clock),
                lambda: [
                    f"{item['pk']['S']} {item['sk']['S']}|{item}"
                    for item in aws.boto3("dynamodb").scan(TableName=name)["Items"]
                ],
            )
        case _:
            table = MemoryTable(now=clock)
            return lambda: table, lambda: [f"{pk} {sk}|{item}" for (pk, sk), item in table.items.items()]


def _rows_of(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT pk, sk, body FROM items").fetchall()
    connection.close()
    return [f"{pk.decode()} {sk.decode()}|{pk}{sk}{body}" for pk, sk, body in rows]


@pytest.fixture
async def alice(installation: Installation) -> tuple[Headers, Headers, str, str]:
    """Her session, her access token, her id and the token's; all of which the other process has lately seen."""
    await installation.signed_up("root")
    session, owner = await installation.signed_up("alice")
    http = installation.here.http
    stored = {"provider": "openai", "apiKey": KEY, "test": False}
    assert (await http.post("/api/provider-configs", json=stored, headers=session)).status_code == 201
    made = (
        await http.post(
            "/api/tokens", json={"name": "laptop", "budgetUsd": "5", "budgetPeriod": "total"}, headers=session
        )
    ).json()
    token = {"x-api-key": made["token"]}
    for process in (installation.here, installation.there):
        assert await process.ask("GET", "/api/routes", session) == 200
        assert await process.ask("GET", "/api/provider-configs", token) == 200
    return session, token, owner, made["id"]


async def deleted(installation: Installation, session: Headers) -> None:
    answer = await installation.here.ask("DELETE", "/api/account", session, {"password": PASSWORD})
    assert answer == 204


async def test_whoever_deleted_it_is_nobody_at_once_where_they_did(
    installation: Installation, alice: tuple[Headers, Headers, str, str]
) -> None:
    session, token, owner, token_id = alice
    await deleted(installation, session)
    here = installation.here
    answered = [
        await here.ask("PUT", "/api/routes/zombie", session, ROUTE),
        await here.ask("POST", "/api/provider-configs", session, {"provider": "groq", "apiKey": KEY, "test": False}),
        await here.ask("POST", "/api/tokens", session, {"name": "zombie"}),
        await here.ask("POST", "/api/llm/chat", session, {**CHAT, "keep": True}),
        await here.ask("POST", "/api/llm/chat", token, CHAT),
    ]

    assert answered == [401] * 5
    assert installation.naming(owner, "alice", token_id) <= {f"ERASED {owner}", *_audit(installation)}


async def test_no_file_holds_what_their_conversations_were_sealed_under(
    installation: Installation, alice: tuple[Headers, Headers, str, str], tmp_path: Path
) -> None:
    """Threat K10: not the table's file, nor its journal."""
    session, _, owner, _ = alice
    assert await installation.here.ask("POST", "/api/llm/chat", session, {**CHAT, "keep": True}) == 200
    item = await installation.here.services.table.get(layout.journal(owner))
    config = await installation.here.services.table.get(layout.provider_config(owner, "openai"))
    assert item is not None
    assert config is not None
    wrapped, sealed = item["wrapped"], config["sealed"]
    assert isinstance(wrapped, bytes)
    assert isinstance(sealed, bytes)

    await deleted(installation, session)

    assert _files_with(tmp_path, wrapped, sealed, b"JOURNAL") == []


async def test_what_another_process_took_before_it_heard_of_it_does_not_stay(
    installation: Installation, alice: tuple[Headers, Headers, str, str]
) -> None:
    session, token, owner, token_id = alice
    await deleted(installation, session)
    there = installation.there
    installation.clock.pass_by(4)
    answered = [
        await there.ask("POST", "/api/provider-configs", session, {"provider": "openai", "apiKey": KEY, "test": False}),
        await there.ask("PUT", "/api/routes/zombie", session, ROUTE),
        await there.ask("POST", "/api/llm/chat", session, {**CHAT, "keep": True}),
        await there.ask("POST", "/api/llm/chat", token, {**CHAT, "keep": True}),
    ]
    refused = await there.ask("POST", "/api/tokens", session, {"name": "zombie"})
    written = installation.naming(owner, token_id)
    installation.clock.pass_by(2)
    after = [await there.ask("GET", "/api/routes", session), await there.ask("POST", "/api/llm/chat", token, CHAT)]

    assert answered == [201, 200, 200, 200]
    assert refused == 401
    assert {f"OWNER#{owner} JOURNAL", f"OWNER#{owner} CONFIG#openai"} < written
    assert after == [401, 401]
    assert await installation.sweep_after(60) > 0
    assert installation.naming(owner, token_id) <= {f"ERASED {owner}", *_audit(installation)}


async def test_a_chat_that_was_being_answered_leaves_no_row_for_ever(
    installation: Installation, alice: tuple[Headers, Headers, str, str]
) -> None:
    session, token, owner, token_id = alice
    client = installation.there.client
    client.let.clear()
    chats = [
        asyncio.create_task(installation.there.ask("POST", "/api/llm/chat", who, CHAT)) for who in (session, token)
    ]
    for _ in chats:
        await client.began.acquire()
    await deleted(installation, session)
    await installation.sweep_after(60)
    client.let.set()
    answered = await asyncio.gather(*chats)
    rows = {place for place in installation.naming(owner) if " REQUEST#" in place}
    erased = await installation.sweep_after(120)

    assert answered == [200, 200]
    assert len(rows) == 2
    assert erased >= 2
    assert installation.naming(owner, token_id) <= {f"ERASED {owner}", *_audit(installation)}


async def test_a_tombstone_is_looked_at_ever_less_often_and_goes_after_a_month(
    installation: Installation, alice: tuple[Headers, Headers, str, str]
) -> None:
    session, _, owner, _ = alice
    await deleted(installation, session)
    await installation.sweep_after(MONTH)
    still = installation.naming(f"ERASED {owner}")
    await installation.sweep_after(2 * MONTH)

    assert still <= {f"ERASED {owner}"}
    assert installation.naming(owner) == _audit(installation)


async def test_an_erasure_that_was_interrupted_is_finished_by_the_sweeper(
    installation: Installation, alice: tuple[Headers, Headers, str, str]
) -> None:
    session, token, owner, token_id = alice
    await bury_owner(installation.here.services.table, owner, now=installation.clock())
    installation.clock.pass_by(6)
    answered = [await installation.there.ask("GET", "/api/routes", who) for who in (session, token)]
    await installation.sweep_after(60)

    assert answered == [401, 401]
    assert installation.naming(owner, "alice", token_id) <= {f"ERASED {owner}", *_audit(installation)}


def _audit(installation: Installation) -> set[str]:
    return {item.split("|")[0] for item in installation.dump() if item.startswith("AUDIT ")}


def _files_with(home: Path, *words: bytes) -> list[str]:
    return [each.name for each in home.iterdir() if any(word in each.read_bytes() for word in words)]
