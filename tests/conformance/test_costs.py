"""Every recorded usage has the price that the table itself reckons for it, or a rule of ours that says why not."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.conformance.costs import BESIDE, RULES, Compared, compare, report
from tests.fakes.gateway import ROOT


@pytest.fixture(scope="module")
def compared(shared_material: Path) -> list[Compared]:
    return list(compare(shared_material / "provider-traffic"))


def test_every_recorded_cost_is_the_tables_or_explained(compared: list[Compared]) -> None:
    """Traps 65, 66 and 67: to the hundredth of a micro-dollar."""
    odd = [each for each in compared if not each.equal and each.rule not in RULES]

    assert odd == []
    assert len(compared) > 1000
    assert sum(each.equal for each in compared) > 1000


def test_embeddings_pictures_and_judgements_are_among_them(shared_material: Path, compared: list[Compared]) -> None:
    """Every one that was answered with usage, or takes nothing, by a provider of the catalogue."""
    ids = {
        recorded["id"]
        for file in (shared_material / "provider-traffic").glob("*.jsonl")
        for recorded in map(json.loads, file.read_text("utf-8").splitlines())
        if recorded.get("api") in BESIDE
    }
    beside = [each for each in compared if each.id in ids]

    assert len(beside) == 26
    assert sum(each.equal for each in beside) == 20
    assert {each.rule for each in beside if not each.equal} == {"the provider's word", "unknown to both"}


def test_a_rule_explains_what_it_says(compared: list[Compared]) -> None:
    """No rule covers a price that we know and the table does not."""
    differing = [each for each in compared if not each.equal]

    assert {each.rule for each in differing} <= set(RULES)
    assert all(each.ours.source == "provider" for each in differing if each.ours.usd is not None)
    assert all(each.ours.reason for each in differing if each.ours.usd is None)


def test_the_report_has_every_answer(compared: list[Compared]) -> None:
    lines = list(report(compared))
    counted = sum(int(line.split()[1]) for line in lines[1:] if not line.lstrip()[0].isdigit())

    assert counted == len(compared)
    assert not [line for line in lines if "NOT EXPLAINED" in line]


async def test_a_cost_that_differs_is_told_and_fails(shared_material: Path, tmp_path: Path) -> None:
    """A dialect that read one cached token too many would be seen: here the recording is made to contradict itself."""
    lines = (shared_material / "provider-traffic" / "openai.jsonl").read_text("utf-8").splitlines()
    recorded = next(
        line
        for line in map(json.loads, lines)
        if line["api"] == "chat" and '"usage"' in (line["response"].get("body_text") or "")
    )
    body = json.loads(recorded["response"]["body_text"])
    body["usage"] = {
        "prompt_tokens": 10,
        "completion_tokens": 1,
        "completion_tokens_details": {"reasoning_tokens": 7},
        "total_tokens": 18,
    }
    recorded["response"]["body_text"] = json.dumps(body)
    (tmp_path / "openai.jsonl").write_text(json.dumps(recorded) + "\n", "utf-8")

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.conformance.costs", "--corpus", str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said = (await process.communicate())[0].decode()

    assert process.returncode == 1
    assert "NOT EXPLAINED" in said
    assert recorded["id"] in said


async def test_an_empty_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.conformance.costs", "--corpus", str(tmp_path)),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    said = (await process.communicate())[1].decode()

    assert process.returncode == 2
    assert str(tmp_path) in said
