"""The list of models: https://docs.cohere.com/reference/list-models (2026-11)."""

from collections.abc import Mapping
from typing import Any, Final

from shared.dialects.cohere.read import read_object
from shared.dialects.lenient import find_count, find_text, records
from shared.dialects.listed import Ability, Facts, ListedModel

_FEATURES: Final[Mapping[str, Ability]] = {
    "tools": "tools",
    "json_mode": "json",
    "json_schema": "schema",
    "reasoning": "reasoning",
    "vision": "vision",
}


def read_models(body: bytes) -> list[ListedModel]:
    """They by name, but for those that are gone. Raises BadResponse when it is no JSON object."""
    return [
        ListedModel(name, facts=_facts(entry))
        for entry in records(read_object(body).get("models"))
        if (name := find_text(entry.get("name"))) and entry.get("is_deprecated") is not True
    ]


def _facts(entry: dict[str, Any]) -> Facts:
    said: dict[Ability, bool] = {}
    if isinstance(features := entry.get("features"), list):
        said |= {ability: name in features for name, ability in _FEATURES.items()}
    if isinstance(endpoints := entry.get("endpoints"), list):
        said |= {"chat": "chat" in endpoints, "embeddings": "embed" in endpoints}
    window = find_count(entry.get("context_length"))
    return Facts.told(said, context_window=window if window and window > 0 else None)
