"""How often a chat asks the table, in both homes: what docs/limits.md says of it, and what the calculator of costs reckons with."""

from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from functions.local import create_app
from infra.cost import READS_A_CHAT, WRITES_A_CHAT
from shared.aws.json_service import DYNAMODB
from shared.services import Services
from shared.storage.dynamodb import DynamoDBTable
from shared.storage.sqlite import SqliteTable
from shared.storage.table import Table
from tests.fakes.aws import Aws
from tests.fakes.client import FakeClient
from tests.fakes.house import HELLO, KEY, Headers
from tests.fakes.services import FixedClock, fake_services
from tests.fakes.table import Recorded
from tests.journeys.conftest import answers

NATIVE = {"provider": "openai", "model": "gpt-4o-mini", "messages": HELLO}
LIMITS = {"requestsPerMinute": 1000, "tokensPerMinute": 10**6, "maxConcurrent": 50, "budgetUsd": "5"}


@pytest.fixture(params=["sqlite", "dynamodb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Table:
    if request.param == "sqlite":
        return SqliteTable(tmp_path / "table.sqlite", now=clock)
    aws: Aws = request.getfixturevalue("aws")
    return DynamoDBTable(aws.create_table(), aws.ask(DYNAMODB), now=clock)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def table(engine: Table) -> Recorded:
    return Recorded(engine)


@pytest.fixture
async def services(tmp_path: Path, clock: FixedClock, table: Recorded) -> AsyncIterator[Services]:
    services = fake_services(tmp_path, clock=clock, table=table)
    services.client = FakeClient(answers)
    yield services
    await services.close()


@pytest.fixture
async def http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        yield http


@pytest.fixture
async def person(services: Services, http: httpx.AsyncClient) -> Headers:
    """Somebody with a key, who is admin."""
    session = await services.accounts.sign_up("alice@example.com", "correct horse")
    headers = {"authorization": f"Bearer {session.token}"}
    await http.post("/api/provider-configs", json={"provider": "openai", "apiKey": KEY, "test": False}, headers=headers)
    return headers


@pytest.fixture(params=[{}, LIMITS], ids=["unlimited", "limited"])
async def program(request: pytest.FixtureRequest, http: httpx.AsyncClient, person: Headers) -> Headers:
    """A program of theirs, which has chatted before."""
    made = await http.post("/api/tokens", json={"name": "program", **request.param}, headers=person)
    headers = {"authorization": f"Bearer {made.json()['token']}"}
    await chat(http, headers)
    return headers


async def chat(http: httpx.AsyncClient, headers: Headers) -> None:
    answer = await http.post("/api/llm/chat", json=NATIVE, headers=headers)
    assert answer.status_code == 200, answer.text


async def policies_are_forgotten(http: httpx.AsyncClient, person: Headers) -> None:
    """Whoever changes one reads them anew; else five seconds would have to pass."""
    limit = {"scope": "model", "id": "mistral/some-model", "requestsPerMinute": 1}
    changed = await http.put("/api/admin/limits", json=limit, headers=person)
    assert changed.status_code == 200, changed.text


async def test_a_chat_right_after_another_reads_once_and_writes_four_times(
    http: httpx.AsyncClient, program: Headers, table: Recorded
) -> None:
    """It reads its config; it writes its place, its row, the day's usage, and gives its place back. Limits add nothing."""
    table.forget()
    await chat(http, program)

    assert table.calls == Counter({"get": 1, "put": 1, "update": 3})
    assert (table.reads, table.writes) == (Decimal("0.5"), 4)


async def test_a_chat_by_itself_reads_what_nobody_remembers_any_more(
    http: httpx.AsyncClient, person: Headers, program: Headers, table: Recorded, clock: FixedClock
) -> None:
    """As most are on Lambda: token, account, policies, config, the user's limits and the breaker; and how the provider fares is written too."""
    clock.pass_by(60)
    await policies_are_forgotten(http, person)
    table.forget()
    await chat(http, program)

    assert table.calls == Counter({"get": 5, "query": 1, "put": 1, "update": 4})
    assert (table.reads, table.writes) == (READS_A_CHAT, WRITES_A_CHAT)


async def test_what_the_port_is_asked_is_what_aws_is_asked(
    http: httpx.AsyncClient, program: Headers, engine: Table, request: pytest.FixtureRequest
) -> None:
    """No call of the port is two of DynamoDB's; the other engine asks nobody."""
    aws: Aws = request.getfixturevalue("aws")
    before = len(aws.asked)
    await chat(http, program)
    asked = Counter(operation for _, _, operation in aws.asked[before:])

    on_aws = Counter({"GetItem": 1, "PutItem": 1, "UpdateItem": 3})
    assert asked == (on_aws if isinstance(engine, DynamoDBTable) else Counter())
