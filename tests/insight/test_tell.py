"""A request that has ended is told once."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from shared.insight.telemetry import Said
from shared.insight.tell import tell_request
from shared.observability import logger
from tests.insight.test_telemetry import ROW


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    handler = logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    written, level = io.StringIO(), logger().log_level
    before = handler.setStream(written)
    logger().setLevel("INFO")
    yield written
    logger().setLevel(level)
    handler.setStream(before)


def test_it_is_one_line_of_the_log(log: io.StringIO) -> None:
    tell_request(ROW, Said("gpt-4o-2024-08-06", finish_reasons=("stop",)), cloudwatch=False)

    (line,) = map(json.loads, log.getvalue().splitlines())
    assert (line["message"], line["gen_ai.usage.input_tokens"]) == ("request ended", 10)
    assert line["gen_ai.response.model"] == "gpt-4o-2024-08-06"
    assert line["gen_ai.response.finish_reasons"] == ["stop"]


@pytest.mark.parametrize("cloudwatch", [True, False])
def test_it_is_measured_where_somebody_makes_metrics_of_the_log(
    log: io.StringIO, capsys: pytest.CaptureFixture[str], *, cloudwatch: bool
) -> None:
    tell_request(ROW, cloudwatch=cloudwatch)

    assert ("llm_requests_total" in capsys.readouterr().out) is cloudwatch
    assert "llm_requests_total" not in log.getvalue()
