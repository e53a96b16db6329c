"""How many lines of the log refusals are."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from shared.health.refusals import EVERY, QUIET, RefusalLog
from shared.observability import logger
from tests.fakes.services import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def refusals(clock: FixedClock) -> RefusalLog:
    return RefusalLog(now=clock)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    handler = logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def counts(log: io.StringIO) -> list[int]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line["refusals"] for line in lines if line["message"] == "refused"]


def test_the_first_has_a_line_and_then_one_in_many_that_counts_the_others(
    refusals: RefusalLog, log: io.StringIO
) -> None:
    """Threat I10."""
    for _ in range(2 * EVERY + 5):
        refusals.tell("requests", "token", "t1")

    assert counts(log) == [1, EVERY, EVERY]


def test_after_a_while_the_next_one_has_a_line_in_any_case(
    refusals: RefusalLog, clock: FixedClock, log: io.StringIO
) -> None:
    for _ in range(3):
        refusals.tell("requests", "token", "t1")
    clock.pass_by(QUIET)
    refusals.tell("requests", "token", "t1")

    assert counts(log) == [1, 3]


def test_each_scope_and_policy_is_by_itself(refusals: RefusalLog, log: io.StringIO) -> None:
    for kind in (("requests", "token", "t1"), ("requests", "token", "t2"), ("budget", "token", "t1")):
        refusals.tell(*kind)
        refusals.tell(*kind)

    assert counts(log) == [1, 1, 1]
