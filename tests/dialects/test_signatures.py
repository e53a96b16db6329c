"""Thinking that is more than a signature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dialects.signatures import find_item, mark

ITEM = {"id": "rs_1", "encrypted_content": "gA:{B}+/="}


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_an_item_comes_back_as_it_was(item: dict[str, object]) -> None:
    """Trap 61."""
    assert find_item("responses", mark("responses", item)) == item


def test_an_item_is_for_its_family_alone() -> None:
    """Trap 61."""
    assert find_item("gemini", mark("responses", ITEM)) is None


@pytest.mark.parametrize("bare", [None, "", "EqQBCkYI+/=", "responses", '{"id": "x"}', "Responses:{}", "a:b", "a@:{}"])
def test_a_bare_signature_is_nobodys_item(bare: str | None) -> None:
    """Trap 52: it travels as it is."""
    assert find_item("responses", bare) is None


@pytest.mark.parametrize("broken", ['responses:{"id":', "responses:{}x"])
def test_a_broken_item_is_none(broken: str) -> None:
    assert find_item("responses", broken) is None
