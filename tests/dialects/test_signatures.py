"""Thinking that is more than a signature, and to whom it may go."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.request import ChatRequest, Message, Reasoning, Text
from shared.dialects.signatures import find_item, mark, say_maker, seen_by

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


def visible(signature: str | None, text: str = "", *, family: str = "responses", maker: str = "openai-1f2e") -> Any:
    """The parts of a turn with that signature, as that maker sees them."""
    turn = Message("assistant", (Reasoning(text, signature), Text("Hi")))
    return seen_by(ChatRequest("m", (turn,)), family, maker).messages[0].parts[:-1]


def test_an_item_is_for_the_key_that_made_it_alone() -> None:
    """Trap 61."""
    unsaid = mark("responses", ITEM)
    made = say_maker(unsaid, "openai-1f2e")

    assert visible(made) == (Reasoning("", made),)
    assert visible(unsaid, maker="azure-1f2e") == (Reasoning("", unsaid),)
    assert visible(made, maker="azure-1f2e") == ()
    assert visible(say_maker(made, "azure-1f2e")) == ()


def test_others_keep_only_the_visible_words() -> None:
    """Traps 52, 61: another family would refuse the request for a signature that is not its own."""
    signature = mark("responses", ITEM)

    assert visible(signature, "Hm", family="anthropic") == (Reasoning("Hm"),)
    assert visible(signature, family="anthropic") == ()


@pytest.mark.parametrize("bare", [None, "", "EqQBCkYI+/=", "responses", '{"id": "x"}', "Responses:{}", "a:b", "a@:{}"])
def test_a_bare_signature_is_nobodys_item(bare: str | None) -> None:
    """Trap 52: it travels as it is."""
    assert visible(bare, "Hm") == visible(bare, "Hm", family="anthropic") == (Reasoning("Hm", bare),)
    assert find_item("responses", bare) is None
    assert bare is None or say_maker(bare, "openai-1f2e") == bare


@pytest.mark.parametrize("broken", ['responses:{"id":', "responses:{}x"])
def test_a_broken_item_is_none(broken: str) -> None:
    assert find_item("responses", broken) is None
    assert visible(broken, family="anthropic") == ()
