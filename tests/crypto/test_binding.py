"""One binding, one encoding."""

from hypothesis import given
from hypothesis import strategies as st

from shared.crypto.binding import Binding, encode_context

BINDINGS = st.builds(
    Binding, owner=st.text(), config=st.text(), provider=st.text(), origin=st.text(), version=st.integers(0)
)


def test_every_part_is_in_the_context_as_text() -> None:
    """Threat K2."""
    binding = Binding(owner="o", config="c", provider="openai", origin="https://api.openai.com:443", version=3)

    assert binding.context() == {
        "purpose": "provider-key",
        "owner": "o",
        "config": "c",
        "provider": "openai",
        "origin": "https://api.openai.com:443",
        "version": "3",
    }


@given(BINDINGS, BINDINGS)
def test_two_bindings_share_their_encoding_only_if_they_are_one(one: Binding, other: Binding) -> None:
    assert (one.encode() == other.encode()) == (one == other)


def test_what_moves_from_one_part_to_the_next_changes_the_encoding() -> None:
    assert encode_context({"a": "bc", "d": "e"}) != encode_context({"a": "b", "cd": "e"})
    assert encode_context({"a": "b", "c": "d"}) != encode_context({"a": "bcd"})


def test_the_encoding_is_fixed() -> None:
    """It is part of what lies at rest: to change it is a new envelope version."""
    assert encode_context({"b": "é", "a": ""}) == b"\0\0\0\1a\0\0\0\0\0\0\0\1b\0\0\0\2\xc3\xa9"
