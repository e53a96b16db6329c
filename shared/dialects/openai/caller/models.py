"""The list of models, as OpenAI's callers read it: https://platform.openai.com/docs/api-reference/models (2026-11)."""

from collections.abc import Iterable
from typing import Any

from shared.dialects.listed import ListedModel


def show(provider: str, model: ListedModel) -> dict[str, Any]:
    """One model, by the name with which it is asked. Nobody told when it came: then it is as old as Unix."""
    return {
        "id": f"{provider}/{model.id}",
        "object": "model",
        "created": model.created or 0,
        "owned_by": provider,
    }


def show_all(models: Iterable[tuple[str, ListedModel]]) -> dict[str, Any]:
    """All of them; there are no pages."""
    return {"object": "list", "data": [show(provider, model) for provider, model in models]}
