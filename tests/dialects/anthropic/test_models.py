"""Anthropic's list of models, old and new."""

import json
from typing import Any

import pytest

from shared.dialects.anthropic import DIALECT
from shared.dialects.listed import Facts, ListedModel, Modalities
from shared.errors import BadResponse


def read(**entry: Any) -> ListedModel:
    (model,) = DIALECT.models(json.dumps({"data": [{"type": "model", "id": "m", **entry}]}).encode())
    return model


def test_an_old_list_tells_a_name() -> None:
    listed = DIALECT.models(b'{"data":[{"type":"model","id":"m","display_name":"M"},{"id":7}],"has_more":false}')

    assert listed == [ListedModel("m", "M", Facts(abilities=frozenset({"chat"})))]


def test_a_new_list_tells_limits_and_abilities() -> None:
    told = {
        name: {"supported": name != "thinking"}
        for name in ("image_input", "pdf_input", "structured_outputs", "thinking")
    }
    facts = read(max_input_tokens=200_000, max_tokens=64_000, capabilities=told).facts

    assert (facts.context_window, facts.largest_output) == (200_000, 64_000)
    assert facts.modalities == Modalities(("text", "image", "file"), ("text",))
    assert facts.abilities == {"chat", "vision", "files", "schema"}
    assert "reasoning" in facts.lacks


@pytest.mark.parametrize("capabilities", [None, [], {"thinking": True}, {"thinking": {"supported": "yes"}}])
def test_what_has_another_form_is_not_told(capabilities: Any) -> None:
    assert read(capabilities=capabilities, max_tokens="many").facts == Facts(abilities=frozenset({"chat"}))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_what_is_no_object_is_a_bad_response(body: bytes) -> None:
    with pytest.raises(BadResponse):
        DIALECT.models(body)
