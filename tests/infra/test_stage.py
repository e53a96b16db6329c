"""What an operator may set, and how wrong values are refused."""

import re
from typing import Any

import pytest

from infra.stage import StageError, read_stage, settings
from tests.fakes.gateway import ROOT


def stage(**context: Any) -> Any:
    return read_stage({name.replace("_", "-"): value for name, value in context.items()}.get)


def test_without_a_word_it_is_a_stage_for_trying_things() -> None:
    assert (stage().name, stage().keep_data, stage().chat_concurrency) == ("dev", False, None)


def test_any_other_name_is_as_careful_as_prod() -> None:
    assert stage(stage="prod").keep_data
    assert stage(stage="team-blue").keep_data
    assert stage(stage="team-blue").name == "team-blue"


def test_what_is_said_counts_whether_as_text_or_as_json() -> None:
    """`-c` gives text, cdk.json gives values."""
    assert stage(chat_memory="1024", edge="true", cors_origins="https://a.example, https://b.example") == stage(
        chat_memory=1024, edge=True, cors_origins=["https://a.example", "https://b.example"]
    )


@pytest.mark.parametrize(
    ("context", "says"),
    [
        ({"stage": "Prod!"}, "stage"),
        ({"chat_memory": "lots"}, "chat-memory is a whole number from 256 to 10240"),
        ({"chat_memory": True}, "chat-memory"),
        ({"chat_seconds": "901"}, "chat-seconds"),
        ({"architecture": "m68k"}, "architecture is one of arm64, x86_64"),
        ({"edge": "yes"}, "edge is true or false"),
        ({"log_days": "8"}, "log-days is one of"),
        ({"cors_origins": "https://a.example/path"}, "cors-origins is written like"),
        ({"cors_origins": "*"}, "cors-origins"),
        ({"cors_origins": 7}, "cors-origins is a list"),
        ({"assume_roles": "*"}, "assume-roles"),
        ({"alarm_email": "nobody"}, "alarm-email"),
        ({"domain": "llm.example.com"}, "domain needs edge=true and certificate"),
        ({"monthly_budget": "50"}, "monthly-budget needs alarm-email"),
        ({"snap_start": "true", "managed_instances": "true"}, "exclude each other"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(context: dict[str, Any], says: str) -> None:
    with pytest.raises(StageError, match=re.escape(says)):
        stage(**context)


def test_the_page_for_operators_has_every_setting() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")

    assert [name for name in settings() if f"`{name}`" not in page] == []
