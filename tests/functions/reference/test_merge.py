"""Several doors' documents into one."""

import pytest

from functions.reference.merge import merge


def test_paths_and_records_of_all_doors_are_in_one_document() -> None:
    one = {"paths": {"/a": {"get": {"summary": "A"}}}, "components": {"schemas": {"A": {"type": "object"}}}}
    other = {"paths": {"/a": {"post": {}}, "/b": {"get": {}}}, "components": {"schemas": {"A": {"type": "object"}}}}
    merged = merge([one, other], title="T", version="1")

    assert set(merged["paths"]) == {"/a", "/b"}
    assert set(merged["paths"]["/a"]) == {"get", "post"}
    assert merged["components"]["schemas"] == {"A": {"type": "object"}}


def test_two_doors_cannot_claim_one_name_for_two_things() -> None:
    with pytest.raises(ValueError, match="/a get"):
        merge([{"paths": {"/a": {"get": {"summary": text}}}} for text in ("A", "B")], title="T", version="1")
