"""Where a model of Gemini's is asked something: https://ai.google.dev/api/models (2026-11)."""

import re
from typing import Final
from urllib.parse import quote

_COLLECTION: Final = re.compile(r"(models|tunedModels)/")


def path(model: str, method: str) -> str:
    """The path of a method of the model, whose name is percent-encoded. Threat E7."""
    return f"/v1beta/{resource(model)}:{method}"


def resource(model: str) -> str:
    """Both `gemini-…` and `models/gemini-…` are names."""
    found = _COLLECTION.match(model)
    collection, name = (found[1], model[found.end() :]) if found else ("models", model)
    return f"{collection}/{quote(name, safe='')}"
