"""Every feature, from every API to every other: it crosses, or is refused by name, or is told. Traps 81, 87."""

from pathlib import Path

import pytest

from tests.crossing.features import FEATURES, Feature
from tests.crossing.table import page
from tests.crossing.tried import CALLERS, MODELS, Crossing, try_feature

PAGE = Path(__file__).resolve().parents[2] / "docs" / "crossing.md"
CASES = [
    pytest.param(feature, caller, dialect, id=f"{feature.name}, {caller} to {dialect}")
    for feature in FEATURES
    for caller in CALLERS
    if caller in feature.said
    for dialect in MODELS
]


@pytest.mark.parametrize(("feature", "caller", "dialect"), CASES)
def test_nothing_is_lost_in_silence(feature: Feature, caller: str, dialect: str) -> None:
    found = try_feature(feature, caller, dialect)

    assert found is not None
    assert found.outcome != "lost"
    assert found.outcome != "refused" or found.parameter


@pytest.mark.parametrize(("feature", "caller"), [(f, c) for f in FEATURES for c in CALLERS if c in f.said], ids=str)
def test_between_kin_everything_crosses(feature: Feature, caller: str) -> None:
    """Promise 4, but for what a model of that vendor refuses itself."""
    found = try_feature(feature, caller, caller)

    assert found == Crossing("crosses") or (found and found.outcome == "refused" and caller == "openai")


def test_the_page_is_what_was_tried() -> None:
    assert PAGE.read_text("utf-8") == "\n".join(page())
