"""Cohere's list of models."""

import json
from typing import Any

import pytest

from shared.dialects.cohere import DIALECT
from shared.dialects.listed import Facts, ListedModel
from shared.errors import BadResponse


def read(**entry: Any) -> ListedModel:
    (model,) = DIALECT.models(json.dumps({"models": [{"name": "m", **entry}]}).encode())
    return model


def test_models_are_listed_by_name_without_those_that_are_gone() -> None:
    listed = DIALECT.models(b'{"models":[{"name":"command-a-03-2025"},{"name":"command","is_deprecated":true},{}]}')

    assert listed == [ListedModel("command-a-03-2025")]


def test_what_it_tells_is_told() -> None:
    facts = read(endpoints=["chat"], features=["tools", "json_mode", "vision"], context_length=256000.0).facts

    assert facts == Facts(
        256_000,
        abilities=frozenset({"chat", "tools", "json", "vision"}),
        lacks=frozenset({"schema", "reasoning", "embeddings"}),
    )


def test_what_it_does_not_tell_stays_unknown() -> None:
    assert read(features=None, context_length=0).facts == Facts()


def test_an_embedding_does_not_chat() -> None:
    facts = read(endpoints=["embed", "classify"]).facts

    assert facts == Facts(abilities=frozenset({"embeddings"}), lacks=frozenset({"chat"}))


@pytest.mark.parametrize("body", [b"", b"<html>", b'"x"', b"[]"])
def test_what_is_no_object_is_a_bad_response(body: bytes) -> None:
    with pytest.raises(BadResponse):
        DIALECT.models(body)
