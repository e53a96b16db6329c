"""The list of models: https://ai.google.dev/api/models#method:-models.list (2026-11). It tells nothing of tools or of what goes in and out."""

from typing import Any

from shared.dialects.gemini.read import read_object
from shared.dialects.lenient import find_count, find_text, records
from shared.dialects.listed import Ability, Facts, ListedModel


def read_models(body: bytes) -> list[ListedModel]:
    """Their names without `models/`. Raises BadResponse when it is no JSON object."""
    return [
        ListedModel(name.removeprefix("models/"), find_text(entry.get("displayName")), _facts(entry))
        for entry in records(read_object(body).get("models"))
        if (name := find_text(entry.get("name")))
    ]


def _facts(entry: dict[str, Any]) -> Facts:
    said: dict[Ability, bool] = {"reasoning": True} if entry.get("thinking") is True else {}
    if isinstance(methods := entry.get("supportedGenerationMethods"), list):
        if "generateContent" not in methods:  # one that has it may still speak in pictures or sound alone
            said["chat"] = False
        said["embeddings"] = "embedContent" in methods
    return Facts.told(
        said,
        context_window=find_count(entry.get("inputTokenLimit")),
        largest_output=find_count(entry.get("outputTokenLimit")),
    )
