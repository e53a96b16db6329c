"""The list of models: https://platform.claude.com/docs/en/api/models-list (2026-11). Older ones have a name and no more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shared.dialects.anthropic.read import read_object
from shared.dialects.lenient import find_count, find_text, record, records
from shared.dialects.listed import SENSES, Ability, Facts, ListedModel, Modalities

_CAPABILITIES: Final[Mapping[str, Ability]] = {
    "image_input": "vision",
    "pdf_input": "files",
    "structured_outputs": "schema",
    "thinking": "reasoning",
}


def read_models(body: bytes) -> list[ListedModel]:
    """Raises BadResponse when it is no such list."""
    entries = records(read_object(body).get("data"))
    return [
        ListedModel(name, find_text(entry.get("display_name")), _facts(entry), _seconds(entry.get("created_at")))
        for entry in entries
        if (name := find_text(entry.get("id")))
    ]


def _seconds(moment: Any) -> int | None:
    """Of an RFC 3339 time."""
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (TypeError, ValueError):
        return None


def _facts(entry: dict[str, Any]) -> Facts:
    """All of them answer messages, in text alone. What they take besides text is told for pictures and documents together."""
    told = record(entry.get("capabilities"))
    said: dict[Ability, bool] = {
        ability: yes
        for name, ability in _CAPABILITIES.items()
        if isinstance(yes := record(told.get(name)).get("supported"), bool)
    }
    modalities = None
    if {"vision", "files"} <= said.keys():
        senses = [modality for modality, ability in SENSES.items() if said.get(ability)]
        modalities = Modalities.find(["text", *senses], ["text"])
    return Facts.told(
        {"chat": True, **said},
        context_window=find_count(entry.get("max_input_tokens")),
        largest_output=find_count(entry.get("max_tokens")),
        modalities=modalities,
    )
