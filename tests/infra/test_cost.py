"""The calculator, against sums done by hand."""

import subprocess
import sys
from decimal import Decimal

import pytest

from infra.cost import Load, idle, month
from tests.fakes.gateway import ROOT

MILLION = Load(chats=1_000_000, seconds=Decimal(20), memory=512)


def test_a_million_chats_of_twenty_seconds_at_512_mb_cost_lambda_less_than_135_dollars() -> None:
    """performance.md: 10 million GB-seconds at $0.0000133334, and a million calls."""
    lines = dict(month(MILLION))

    assert lines["Lambda, time"] == Decimal("133.3340000")
    assert lines["Lambda, time"] + lines["Lambda, calls"] <= 135


def test_a_million_chats_of_twenty_seconds_cost_the_table_less_than_five_dollars() -> None:
    """Five writes are $3.13; 4.5 reads, and half a one each second, are $1.81."""
    assert dict(month(MILLION))["DynamoDB"] == Decimal("4.9375")


def test_idle_costs_less_than_two_dollars_a_month() -> None:
    nobody = Load(chats=0, seconds=Decimal(20), memory=512)

    assert sum(dollars for _, dollars in idle()) <= 2
    assert sum(dollars for _, dollars in month(nobody)) == sum(dollars for _, dollars in idle())


def test_the_sweeper_and_its_questions_cost_some_cents_whether_anybody_calls_or_not() -> None:
    """43,200 a month: 1.7 cents for the queue, 0.9 for calls, 0.8 for the table, and 3.6 for a quarter of a second each."""
    assert round(dict(idle())["sweeper"], 4) == Decimal("0.0700")
    assert round(dict(idle())["teller"], 4) == Decimal("0.0237")


def test_twice_the_memory_is_twice_the_time_and_the_edge_costs_idle() -> None:
    double = dict(month(Load(chats=1_000_000, seconds=Decimal(20), memory=1024)))

    assert double["Lambda, time"] == 2 * dict(month(MILLION))["Lambda, time"]
    assert sum(dollars for _, dollars in idle(edge=True)) > 5


@pytest.mark.parametrize(
    ("words", "status"),
    [([], 0), (["--chats", "0"], 0), (["--chats", "-1"], 2), (["--seconds", "1e3"], 2), (["--memory", "x"], 2)],
)
def test_the_command_prints_a_sum_or_says_what_is_wrong(words: list[str], status: int) -> None:
    command = [sys.executable, "-m", "infra.cost", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == status
    assert ("a month" in done.stdout) is (status == 0)
    assert status == 0 or f"argument {words[0]}" in done.stderr
