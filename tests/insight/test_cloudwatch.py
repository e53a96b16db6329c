"""A request as lines from which CloudWatch makes metrics."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.insight.cloudwatch import metrics_of
from shared.observability import (
    METRICS,
    NAMESPACE,
    BreakerOpened,
    LimitRefused,
    ProviderDistrusted,
    Unsettled,
    write_incident,
    write_metrics,
)
from shared.records.ledger import LedgerRow, Outcome
from tests.insight.test_telemetry import ROW

FAILED = replace(ROW, outcome="error", error="throttled", input_tokens=None, output_tokens=None, cost_usd=Decimal(0))

INCIDENTS = (
    BreakerOpened("x"),
    LimitRefused("budget", "user"),
    Unsettled("waiting"),
    ProviderDistrusted("x", "usage"),
)


def lines_of(row: LedgerRow, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    for measured in metrics_of(row):
        write_metrics(*measured)
    return written(capsys)


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_chat_that_went_well_is_a_line_and_one_for_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = lines_of(replace(ROW, cached_tokens=4), capsys)

    assert (first["provider"], first["outcome"]) == ("openai", "done")
    assert (first["llm_requests_total"], first["llm_request_duration_seconds"]) == (1, 1.234)
    assert first["llm_time_to_first_token_seconds"] == 0.25
    assert first["llm_cost_usd_total"] == 1e-7
    assert (first["direction"], first["llm_tokens_total"]) == ("input", 10)
    assert (first["kind"], first["llm_token_kinds_total"]) == ("cached", 4)
    assert (second["direction"], second["llm_tokens_total"]) == ("output", 0)
    assert "llm_unpriced_requests_total" not in first


def test_what_has_no_known_cost_is_counted_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    """Trap 67: it is not 0."""
    first, *_ = lines_of(replace(ROW, cost_usd=None, cost_source=None), capsys)

    assert first["llm_unpriced_requests_total"] == 1
    assert "llm_cost_usd_total" not in first


def test_a_request_that_failed_names_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = lines_of(FAILED, capsys)

    assert (line["outcome"], line["code"], line["llm_errors_total"]) == ("error", "throttled", 1)
    assert not {"llm_tokens_total", "llm_request_duration_seconds"} & set(line)


@pytest.mark.parametrize("outcome", ["cancelled", "disconnected"])
def test_who_cancels_or_leaves_has_no_error(capsys: pytest.CaptureFixture[str], outcome: Outcome) -> None:
    """So they feed no alarm."""
    code = "cancelled" if outcome == "cancelled" else None
    (line,) = lines_of(replace(FAILED, outcome=outcome, error=code), capsys)

    assert (line["outcome"], line["llm_requests_total"]) == (outcome, 1)
    assert "llm_errors_total" not in line


def test_what_a_dead_process_left_is_counted_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Fault 30. Nobody knows how long it took."""
    aborted = replace(FAILED, outcome="aborted", error="aborted", cost_usd=None, duration_ms=None, attempts=None)
    (line,) = lines_of(aborted, capsys)

    assert (line["outcome"], line["code"], line["llm_unpriced_requests_total"]) == ("aborted", "aborted", 1)


def test_what_is_written_is_what_the_table_of_metrics_says(capsys: pytest.CaptureFixture[str]) -> None:
    """The dashboard is made from that table."""
    whole = replace(ROW, cached_tokens=1, cache_write_tokens=2, reasoning_tokens=3)
    lines = lines_of(whole, capsys) + lines_of(FAILED, capsys) + lines_of(replace(ROW, cost_usd=None), capsys)
    for incident in INCIDENTS:
        write_incident(incident)
    lines += written(capsys)
    directives = [(line, each) for line in lines for each in line["_aws"]["CloudWatchMetrics"]]
    found = {
        (metric["Name"], metric["Unit"], tuple(map(tuple, directive["Dimensions"])))
        for _, directive in directives
        for metric in directive["Metrics"]
    }

    assert {directive["Namespace"] for _, directive in directives} == {NAMESPACE}
    assert found == {(metric.name, metric.unit, ((), metric.dimensions)) for metric in METRICS}
    for line, directive in directives:
        assert {metric["Name"] for metric in directive["Metrics"]} <= set(line)
        assert set(directive["Dimensions"][1]) <= set(line)
