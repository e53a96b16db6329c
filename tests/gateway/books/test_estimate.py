"""What a question that is no chat needs: its bound holds what is likely, and grows with what is asked."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.gateway.books.estimate import need_of_question
from shared.providers.find import get_provider
from shared.providers.prices import load, price

AT = 1_795_000_000.0
PROMPTS = st.text(max_size=200)
MANY = st.integers(1, 10)
SIZES = st.none() | st.sampled_from(["auto", "1024x1024", "1536x1024", "1536x1025", "3840x2160", "0x7", "big"])
KINDS = st.sampled_from(["embeddings", "moderations"])


@pytest.fixture(scope="module", autouse=True)
def _table() -> None:
    """It takes long to load, and is no part of what is timed."""
    load()


def painting(prompt: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-image-1", "prompt": prompt, **more}


@given(PROMPTS, MANY, SIZES)
def test_of_pictures_the_bound_holds_what_is_likely(prompt: str, many: int, size: str | None) -> None:
    need = need_of_question("images", painting(prompt, n=many, size=size))

    assert need.likely - need.painted <= need.input
    assert 0 < need.painted <= need.output
    assert need.output % many == 0
    assert (need.guess.input or 0) + (need.guess.output or 0) == need.likely
    assert need.guess.estimated
    assert not need.most.estimated


@given(PROMPTS, MANY, SIZES)
def test_more_pictures_and_more_words_need_more(prompt: str, many: int, size: str | None) -> None:
    body = painting(prompt, n=many, size=size)
    need = need_of_question("images", body)
    more, longer = (
        need_of_question("images", {**body, "n": many + 1}),
        need_of_question("images", {**body, "prompt": f"{prompt} more"}),
    )

    assert more.output * many == need.output * (many + 1)
    assert more.likely > need.likely
    assert (longer.input > need.input, longer.output) == (True, need.output)


@given(PROMPTS, MANY, SIZES)
def test_what_is_reserved_for_pictures_is_no_less_than_what_is_likely_to_be_paid(
    prompt: str, many: int, size: str | None
) -> None:
    """Trap 68: by the table's prices of pictures, not by those of words."""
    need, row = need_of_question("images", painting(prompt, n=many, size=size)), get_provider("openai")
    most = price(row, "gpt-image-1.5", need.most, AT).usd
    likely = price(row, "gpt-image-1.5", replace(need.guess, estimated=False), AT)

    assert isinstance(most, Decimal)
    assert isinstance(likely.usd, Decimal)
    assert likely.usd <= most
    assert most == (need.input * Decimal(5) + need.output * Decimal(32)) / 1_000_000


@given(kind=KINDS, text=PROMPTS, free=st.booleans())
def test_what_is_only_read_writes_nothing(kind: Any, text: str, *, free: bool) -> None:
    need = need_of_question(kind, {"model": "m", "input": text}, free=free)

    assert (need.output, need.painted, need.free) == (0, 0, free)
    assert need.input >= len(text.encode("utf-8", "surrogatepass")) or not text.isascii()
    assert need.likely <= need.input
    assert need.most.raw == {}


@pytest.mark.parametrize(
    ("size", "tokens"), [(None, 8192), ("auto", 8192), ("1536x1024", 8192), ("1024x1537", 16_384), ("2048x2048", 16_384)]
)  # fmt: skip
def test_a_large_picture_may_take_more(size: str | None, tokens: int) -> None:
    assert need_of_question("images", painting("a", size=size)).output == tokens


def test_tokens_that_come_as_numbers_are_no_more_than_their_bytes() -> None:
    assert need_of_question("embeddings", {"model": "m", "input": [1, 2, 3]}).input >= 3
