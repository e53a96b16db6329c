"""Google's list of models."""

import json
from typing import Any

import pytest

from shared.dialects.gemini import DIALECT
from shared.dialects.listed import Facts, ListedModel
from shared.errors import BadResponse


def read(**entry: Any) -> ListedModel:
    (model,) = DIALECT.models(json.dumps({"models": [{"name": "models/m", **entry}]}).encode())
    return model


def test_models_are_listed_by_name() -> None:
    listed = DIALECT.models(b'{"models":[{"name":"models/gemini-2.5-flash"},{"name":"models/embed"},{}]}')

    assert listed == [ListedModel("gemini-2.5-flash"), ListedModel("embed")]


def test_limits_and_thinking_are_told() -> None:
    methods = ["generateContent", "countTokens"]
    model = read(
        displayName="M", inputTokenLimit=9, outputTokenLimit=5, thinking=True, supportedGenerationMethods=methods
    )

    told = Facts(9, 5, abilities=frozenset({"reasoning"}), lacks=frozenset({"embeddings"}))
    assert (model.name, model.facts) == ("M", told)


def test_what_generates_no_content_does_not_chat() -> None:
    facts = read(supportedGenerationMethods=["embedContent"]).facts

    assert facts.abilities == {"embeddings"}
    assert facts.lacks == {"chat"}


@pytest.mark.parametrize("body", [b"", b"<html>", b'"x"'])
def test_what_is_no_object_is_a_bad_response(body: bytes) -> None:
    with pytest.raises(BadResponse):
        DIALECT.models(body)
