"""Which of the caller's models fit a need, the best first, each with the reasons. By what is known alone: the same question has the same answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from functions.catalog.schemas import NEEDS, ComparedCost, Excluded, Recommendation, RecommendBody, Recommended
from functions.catalog.view import View
from shared.chat.events import Usage
from shared.dialects.listed import Ability
from shared.providers.catalogue import Model, describe, list_models
from shared.providers.find import get_provider
from shared.providers.provider import Provider
from shared.records.config import ProviderConfig
from shared.web.models import ModelAnswer

_USUAL: Final = (1000, 500)
"""Tokens in and out of a request, where the caller names none: a question with some context, and its answer."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    provider: Provider
    model: Model
    cost: Decimal | None
    """Of one request, US dollars."""
    reason: str | None
    """Why that is unknown."""

    @property
    def name(self) -> str:
        return f"{self.provider.id}/{self.model.id}"


def recommend(view: View, configs: Sequence[ProviderConfig], body: RecommendBody, now: float) -> Recommendation:
    """Of the models behind these configs, those that fit. Whatever is needed and not known is not there: a guess would be paid for."""
    candidates = [candidate for config in configs for candidate in _candidates(view, config, body, now)]
    fitting = [candidate for candidate in candidates if not any(_against(candidate, body))]
    ranked = sorted(fitting, key=lambda candidate: _rank(candidate, body))
    excluded: dict[str, int] = {}
    for candidate in candidates:
        for reason in _against(candidate, body):
            excluded[reason] = excluded.get(reason, 0) + 1
    return Recommendation(
        models=[_shown(candidate, place, body) for place, candidate in enumerate(ranked[: body.limit], start=1)],
        considered=len(candidates),
        excluded=[Excluded(reason=reason, models=excluded[reason]) for reason in sorted(excluded)],
    )


def _candidates(view: View, config: ProviderConfig, body: RecommendBody, now: float) -> Iterator[_Candidate]:
    if not (config.is_active and view.has(get_provider(config.provider))):
        return
    provider = get_provider(config.provider)
    named = [describe(provider, name) for name in config.models]
    for model in named or list_models(provider):
        if "chat" not in model.facts.lacks and view.has_model(provider, model.id):
            yield _candidate(provider, model, body, now)


def _candidate(provider: Provider, model: Model, body: RecommendBody, now: float) -> _Candidate:
    from shared.providers.prices import price  # noqa: PLC0415 - loads the price table

    cost = price(provider, model.id, Usage(input=_read(body), output=_written(body)), now)
    return _Candidate(provider, model, cost.usd, cost.reason)


def _needed(body: RecommendBody) -> list[Ability]:
    """What the task takes, and what the caller names beside it."""
    return sorted({*(NEEDS[body.task].abilities if body.task else ()), *body.abilities})


def _context(body: RecommendBody) -> int:
    """Tokens that have to fit: what the caller or the task says, and at least the request itself."""
    of_task = NEEDS[body.task].context if body.task else 0
    return max(body.min_context or of_task, (body.input_tokens or 0) + (body.output_tokens or 0))


def _read(body: RecommendBody) -> int:
    return _USUAL[0] if body.input_tokens is None else body.input_tokens


def _written(body: RecommendBody) -> int:
    return _USUAL[1] if body.output_tokens is None else body.output_tokens


def _against(candidate: _Candidate, body: RecommendBody) -> Iterator[str]:
    """Why it does not fit, in words that are the same for every model."""
    facts = candidate.model.facts
    if candidate.model.deprecated:
        yield "deprecated"
    for ability in _needed(body):
        if ability in facts.lacks:
            yield f"lacks {ability}"
        elif ability not in facts.abilities:
            yield f"not known to have {ability}"
    if _context(body):
        yield from _too_small(facts.context_window, _context(body), "context window")
    if body.output_tokens:
        yield from _too_small(facts.largest_output, body.output_tokens, "largest output", unknown_fits=True)
    if body.max_cost_usd is not None:
        yield from _too_dear(candidate.cost, body.max_cost_usd)


def _too_small(has: int | None, needed: int, what: str, *, unknown_fits: bool = False) -> Iterator[str]:
    if has is None:
        if not unknown_fits:
            yield f"{what} unknown"
    elif has < needed:
        yield f"{what} too small"


def _too_dear(cost: Decimal | None, most: Decimal) -> Iterator[str]:
    if cost is None:
        yield "price unknown"
    elif cost > most:
        yield "too expensive"


def _rank(candidate: _Candidate, body: RecommendBody) -> tuple[bool, Decimal, Decimal, str]:
    """By price, or by context and then price; what has no known price comes last, and the name decides between equals."""
    cost = candidate.cost if candidate.cost is not None else Decimal(0)
    window = Decimal(-(candidate.model.facts.context_window or 0))
    first, second = (window, cost) if body.prefer == "context" else (cost, window)
    return (candidate.cost is None, first, second, candidate.name)


def _shown(candidate: _Candidate, place: int, body: RecommendBody) -> Recommended:
    return Recommended(
        **dict(ModelAnswer.of(candidate.model)),
        rank=place,
        cost=ComparedCost(usd=candidate.cost, reason=candidate.reason),
        reasons=list(_reasons(candidate, body)),
    )


def _reasons(candidate: _Candidate, body: RecommendBody) -> Iterator[str]:
    facts = candidate.model.facts
    if needed := _needed(body):
        yield f"has {', '.join(needed)}"
    if facts.context_window is not None:
        yield f"takes {facts.context_window} tokens"
    if candidate.cost is not None:
        yield f"a request of {_read(body)} tokens in and {_written(body)} out costs {candidate.cost:f} USD"
    else:
        yield "its price is unknown, so it comes last"
