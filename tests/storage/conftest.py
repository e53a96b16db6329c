"""Tables of each kind, all on one clock."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from shared.storage.dynamodb import DynamoDBTable
from shared.storage.dynamodb_boto3 import Boto3Send
from shared.storage.sqlite import SqliteTable
from shared.storage.table import Table
from tests.fakes.dynamodb import OneAtATime, create_table, moto_dynamodb
from tests.fakes.table import MemoryTable

_numbers = count()


class Clock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def dynamodb_send(monkeypatch_module: pytest.MonkeyPatch) -> Iterator[Boto3Send]:
    """moto for one file of tests; nothing of it is left in the environment."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch_module.delenv(name, raising=False)
    with moto_dynamodb() as send:
        yield send


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture
def dynamodb_name(dynamodb_send: Boto3Send) -> str:
    """A table of its own for the test."""
    name = f"table{next(_numbers)}"
    create_table(name)
    return name


@pytest.fixture(params=["sqlite", "dynamodb", "memory"])
async def table(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Table]:
    engine: Table
    match request.param:
        case "sqlite":
            engine = SqliteTable(tmp_path / "home" / "table.sqlite", now=clock)
        case "dynamodb":
            send: Any = request.getfixturevalue("dynamodb_send")
            engine = DynamoDBTable(request.getfixturevalue("dynamodb_name"), OneAtATime(send), now=clock)
        case _:
            engine = MemoryTable(now=clock)
    yield engine
    await engine.close()
