"""The sample Lambda events of this door, replayed."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.admin.app import create_app
from tests.fakes.mangum import replay
from tests.fakes.services import fake_services

EVENTS = Path(__file__).resolve().parents[3] / "events" / "admin"
EXPECTED = {"users-without-credential": 401, "limits-without-credential": 401}


@pytest.mark.parametrize("case", sorted(EXPECTED))
def test_a_sample_event_is_answered(case: str, tmp_path: Path) -> None:
    event: dict[str, Any] = json.loads((EVENTS / f"{case}.json").read_text())

    answer = replay(create_app(fake_services(tmp_path)), event)

    assert answer["statusCode"] == EXPECTED[case]
    assert json.loads(answer["body"])
    assert len(answer["headers"]["x-realmultillm-request-id"]) == 26


def test_every_sample_is_replayed() -> None:
    assert {path.stem for path in EVENTS.glob("*.json")} == set(EXPECTED)
