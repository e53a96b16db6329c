"""Models side by side."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from functions.catalog.schemas import CompareBody, ComparedCost, ComparedModel, Comparison
from functions.catalog.view import View
from shared.chat.events import Usage
from shared.errors import InvalidRequest
from shared.gateway.targets.named import get_named_provider
from shared.providers.catalogue import describe
from shared.providers.provider import Provider
from shared.web.models import ModelAnswer


def compare(view: View, body: CompareBody, now: float) -> Comparison:
    """The models in the order asked for.

    Raises:
        InvalidRequest: a name is not `provider/model`.
        NotFound: no such provider.
        Forbidden: the caller's token is for others.
    """
    models = [_compared(view, name, index, body, now) for index, name in enumerate(body.models)]
    return Comparison(
        models=models,
        cheapest=_best(models, _cost_of, min),
        longest_context=_best(models, lambda model: model.context_window, max),
    )


def _compared(view: View, name: str, index: int, body: CompareBody, now: float) -> ComparedModel:
    head, slash, model = name.partition("/")
    if not slash or not model:
        raise InvalidRequest(
            "write each model as provider/model, for example openai/gpt-4o-mini", parameter=f"models[{index}]"
        )
    provider = get_named_provider(head, None)
    view.check(provider)
    known = ModelAnswer.of(describe(provider, model))
    return ComparedModel(**dict(known), cost=_cost(provider, model, body, now))


def _cost(provider: Provider, model: str, body: CompareBody, now: float) -> ComparedCost | None:
    from shared.providers.prices import price  # noqa: PLC0415 - loads the price table

    if body.input_tokens is None and body.output_tokens is None:
        return None
    cost = price(provider, model, Usage(input=body.input_tokens or 0, output=body.output_tokens or 0), now)
    return ComparedCost(usd=cost.usd, reason=cost.reason)


def _cost_of(model: ComparedModel) -> Decimal | None:
    """By the tokens named, else by the sum of both prices."""
    if model.cost is not None:
        return model.cost.usd
    prices = model.prices
    return None if prices is None or prices.input is None or prices.output is None else prices.input + prices.output


def _best[Value: (int, Decimal)](
    models: Sequence[ComparedModel],
    value_of: Callable[[ComparedModel], Value | None],
    choose: Callable[[Sequence[Value]], Value],
) -> str | None:
    values = [(value, f"{model.provider}/{model.id}") for model in models if (value := value_of(model)) is not None]
    if len(values) < len(models):
        return None
    best = choose([value for value, _ in values])
    return next(name for value, name in values if value == best)
