"""The list of models: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html (2026-11).

It lies on another host than the models themselves (`bedrock.<region>`), so no row asks for it; whoever has the list can read it here.
"""

from typing import Any, Final

from shared.dialects.lenient import find_text, records
from shared.dialects.listed import Facts, ListedModel, Modalities
from shared.errors import BadResponse
from shared.wire.json import read_lenient

_LIST: Final = "modelSummaries"


def read_models(body: bytes) -> list[ListedModel]:
    """Raises BadResponse when it is no such list."""
    try:
        said = read_lenient(body)
    except ValueError as error:
        raise BadResponse("the provider answered with something that is not JSON") from error
    if not isinstance(said, dict) or not isinstance(said.get(_LIST), list):
        raise BadResponse("the provider answered with JSON that is no list of models")
    return [
        ListedModel(name, find_text(entry.get("modelName")), _facts(entry))
        for entry in records(said[_LIST])
        if (name := find_text(entry.get("modelId")))
    ]


def _facts(entry: dict[str, Any]) -> Facts:
    taken, given = (_words(entry.get(side)) for side in ("inputModalities", "outputModalities"))
    return Facts.told({}, modalities=Modalities.find(taken, given))


def _words(modalities: Any) -> list[str]:
    """`EMBEDDING` is the one that we spell in the plural."""
    words = [word.lower() for word in modalities if isinstance(word, str)] if isinstance(modalities, list) else []
    return ["embeddings" if word == "embedding" else word for word in words]
