"""Tables of each kind, all on one clock."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.aws.json_service import DYNAMODB, JsonService
from shared.storage.dynamodb import DynamoDBTable
from shared.storage.sqlite import SqliteTable
from shared.storage.table import Table
from tests.fakes.aws import Aws
from tests.fakes.table import MemoryTable


class Clock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def dynamodb(aws: Aws) -> AsyncIterator[JsonService]:
    """Our transport to DynamoDB, as moto plays it."""
    ask = aws.ask(DYNAMODB)
    yield ask
    await ask.close()


@pytest.fixture(params=["sqlite", "dynamodb", "memory"])
async def table(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Table]:
    engine: Table
    match request.param:
        case "sqlite":
            engine = SqliteTable(tmp_path / "home" / "table.sqlite", now=clock)
        case "dynamodb":
            aws: Aws = request.getfixturevalue("aws")
            engine = DynamoDBTable(aws.create_table(), aws.ask(DYNAMODB), now=clock)
        case _:
            engine = MemoryTable(now=clock)
    yield engine
    await engine.close()
