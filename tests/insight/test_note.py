"""A request that has ended is told and counted."""

import io
import json
from collections.abc import Iterator
from datetime import date

import pytest

from shared.errors import StorageUnavailable
from shared.insight.note import note_request
from shared.insight.read import Span, usage_of
from shared.observability import logger
from tests.fakes.table import MemoryTable
from tests.insight.test_telemetry import ROW

EPOCH = Span(date(1970, 1, 1), date(1970, 1, 1))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    handler, written, level = logger().registered_handler, io.StringIO(), logger().log_level
    before = handler.setStream(written)  # type: ignore[attr-defined]  # it is a StreamHandler
    logger().setLevel("INFO")
    yield written
    logger().setLevel(level)
    handler.setStream(before)  # type: ignore[attr-defined]  # the same


async def test_it_is_one_line_and_one_count(log: io.StringIO) -> None:
    table = MemoryTable()

    await note_request(table, ROW)

    (counted,) = await usage_of(table, "alice", EPOCH)
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert counted.counts.requests == 1
    assert line["gen_ai.usage.input_tokens"] == 10


async def test_what_cannot_be_counted_is_told_all_the_same(log: io.StringIO) -> None:
    """Trap 74."""
    table = MemoryTable()
    table.down = True

    with pytest.raises(StorageUnavailable):
        await note_request(table, ROW)

    assert "request ended" in log.getvalue()
