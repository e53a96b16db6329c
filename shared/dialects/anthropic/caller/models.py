"""The list of models, as Anthropic's callers read it: https://platform.claude.com/docs/en/api/models-list (2026-11)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from shared.dialects.listed import ListedModel, name_of
from shared.errors import InvalidRequest


def show(provider: str | None, model: ListedModel) -> dict[str, Any]:
    """One model, by the name with which it is asked; without a provider it is a route of the caller's. Nobody told when it came: then it is as old as Unix, as Anthropic has it."""
    created = datetime.fromtimestamp(model.created or 0, UTC).isoformat().replace("+00:00", "Z")
    facts = {"max_input_tokens": model.facts.context_window, "max_tokens": model.facts.largest_output}
    return {
        "type": "model",
        "id": name_of(provider, model),
        "display_name": model.name or model.id,
        "created_at": created,
        **{name: value for name, value in facts.items() if value is not None},
    }


def show_page(
    models: Sequence[tuple[str | None, ListedModel]], *, limit: int, after_id: str | None, before_id: str | None
) -> dict[str, Any]:
    """A part of them: at most so many behind one of them, or before it. Raises InvalidRequest for an id that none has."""
    names = [name_of(provider, model) for provider, model in models]
    if before_id is not None:
        end = _place(names, before_id, "before_id")
        start = max(0, end - limit)
        more = start > 0
    else:
        start = 0 if after_id is None else _place(names, after_id, "after_id") + 1
        end = min(len(names), start + limit)
        more = end < len(names)
    shown = names[start:end]
    return {
        "data": [show(provider, model) for provider, model in models[start:end]],
        "has_more": more,
        "first_id": shown[0] if shown else None,
        "last_id": shown[-1] if shown else None,
    }


def _place(names: Sequence[str], name: str, parameter: str) -> int:
    if name not in names:
        raise InvalidRequest(f"`{parameter}` is none of the models of this list", parameter=parameter)
    return names.index(name)
