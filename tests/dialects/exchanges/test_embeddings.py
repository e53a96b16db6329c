"""Embeddings as callers ask and hear them."""

import json
import struct
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.events import Usage
from shared.dialects.exchanges import Ask
from shared.dialects.exchanges.embeddings import read_ask, speak, spell, texts
from shared.errors import BadResponse, InvalidRequest, UnsupportedParameter

FLOATS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=20)


def ask(**body: Any) -> Ask:
    return Ask("m", {"input": "a", **body})


@given(FLOATS)
def test_both_encodings_say_the_same(vector: list[float]) -> None:
    """Trap 62."""
    packed = spell(vector, ask(encoding_format="base64"))

    assert packed == b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    assert spell(packed, ask()) == vector


@pytest.mark.parametrize("said", [[0.5, -0.25], []])
def test_what_is_in_the_encoding_asked_for_is_left_alone(said: list[float]) -> None:
    assert spell(said, ask(encoding_format="float")) is said


@pytest.mark.parametrize(("said", "form"), [(["x"], "base64"), ([1e300], "base64"), ("AAA=", "float"), ("!", "float")])
def test_what_is_no_vector_is_no_answer(said: Any, form: str) -> None:
    with pytest.raises(BadResponse):
        spell(said, ask(encoding_format=form))


def test_a_missing_vector_is_no_answer() -> None:
    for form in ("float", "base64"):
        with pytest.raises(BadResponse):
            spell(None, ask(encoding_format=form))


def test_an_answer_has_a_vector_for_each_text() -> None:
    several = ask(input=["a", "b"])
    answer = json.loads(speak([[1.0], [2.0]], several, family="X", usage=Usage(0, 0)).body)

    assert [(item["index"], item["embedding"]) for item in answer["data"]] == [(0, [1.0]), (1, [2.0])]
    assert answer["usage"] == {"prompt_tokens": 0, "total_tokens": 0}
    with pytest.raises(BadResponse):
        speak([[1.0]], several, family="X", usage=Usage(0, 0))


@pytest.mark.parametrize("said", [[1, 2], [[1], [2]]])
def test_tokens_are_refused_by_who_takes_texts(said: Any) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        texts(ask(input=said), "X")

    assert caught.value.parameter == "input"


def test_what_we_do_not_know_stays_in_the_body() -> None:
    body = b'{"model": "m", "input": [[1, 2]], "theirs": {"x": null}}'

    assert read_ask(body, 7) == Ask("m", json.loads(body), 7)


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{}", b'{"model": 1, "input": "a"}'])
def test_a_body_that_asks_for_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_ask(body, 0)
