"""The list of models, as OpenAI's callers read it: https://platform.openai.com/docs/api-reference/models (2026-11)."""

from collections.abc import Iterable
from typing import Any

from shared.dialects.listed import ListedModel, name_of


def show(provider: str | None, model: ListedModel) -> dict[str, Any]:
    """One model, by the name with which it is asked; without a provider it is a route of the caller's. Nobody told when it came: then it is as old as Unix."""
    return {
        "id": name_of(provider, model),
        "object": "model",
        "created": model.created or 0,
        "owned_by": provider or "route",
    }


def show_all(models: Iterable[tuple[str | None, ListedModel]]) -> dict[str, Any]:
    """All of them; there are no pages."""
    return {"object": "list", "data": [show(provider, model) for provider, model in models]}
