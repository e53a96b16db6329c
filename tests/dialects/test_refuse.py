"""Options are named as our callers know them."""

import pytest

from shared.chat.request import ChatRequest
from shared.dialects.refuse import native_name, refuse_given
from shared.errors import UnsupportedParameter


@pytest.mark.parametrize(("field", "name"), [("n", "options.n"), ("top_logprobs", "options.topLogprobs")])
def test_a_field_has_a_native_name(field: str, name: str) -> None:
    assert native_name(field) == name


def test_the_first_field_that_asks_for_something_is_refused() -> None:
    """Trap 81."""
    with pytest.raises(UnsupportedParameter, match=r"Somebody has no `options\.stop`: leave it out"):
        refuse_given(ChatRequest("m", (), n=1, stop=("x",), seed=0), "Somebody", "n", "stop", "seed")


def test_zero_is_a_seed() -> None:
    """Trap 81."""
    with pytest.raises(UnsupportedParameter):
        refuse_given(ChatRequest("m", (), seed=0), "Somebody", "seed")
