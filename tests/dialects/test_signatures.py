"""Thinking that is more than a signature, and to whom it may go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dialects.signatures import find_item, is_made_elsewhere, is_marked, mark, say_maker

ITEM = {"id": "rs_1", "encrypted_content": "gA:{B}+/="}


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_an_item_comes_back_as_it_was(item: dict[str, object]) -> None:
    """Trap 61."""
    signature = mark("responses", item)

    assert find_item("responses", signature) == item
    assert find_item("responses", say_maker(signature, "openai-1f2e")) == item


def test_an_item_is_for_its_family_alone() -> None:
    """Trap 61."""
    assert find_item("gemini", mark("responses", ITEM)) is None


def test_an_item_is_for_the_key_that_made_it_alone() -> None:
    """Trap 61."""
    made = say_maker(mark("responses", ITEM), "openai-1f2e")

    assert is_made_elsewhere(made, "azure-1f2e")
    assert not is_made_elsewhere(made, "openai-1f2e")
    assert not is_made_elsewhere(mark("responses", ITEM), "azure-1f2e")
    assert is_made_elsewhere(say_maker(made, "azure-1f2e"), "openai-1f2e")


@pytest.mark.parametrize("bare", [None, "", "EqQBCkYI+/=", "responses", '{"id": "x"}', "Responses:{}", "a:b", "a@:{}"])
def test_a_bare_signature_is_nobodys_item(bare: str | None) -> None:
    """Trap 52: it travels as it is."""
    assert not is_marked(bare)
    assert not is_made_elsewhere(bare, "openai-1f2e")
    assert find_item("responses", bare) is None
    assert bare is None or say_maker(bare, "openai-1f2e") == bare


@pytest.mark.parametrize("broken", ['responses:{"id":', "responses:{}x"])
def test_a_broken_item_is_none(broken: str) -> None:
    assert is_marked(broken)
    assert find_item("responses", broken) is None
