"""What a chat cost: what the provider itself said, else the owner's own price, else the price table; exact, or None with the reason. Trap 67.

The table is heavy: `load` it in a thread while `loaded` says no.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from types import ModuleType
from typing import Any, Final

from shared.chat.events import Usage
from shared.chat.receipt import Cost
from shared.providers.catalogue import price_version, warm
from shared.providers.counts import billed, counts
from shared.providers.fees import has_fees
from shared.providers.provider import Provider
from shared.providers.tiers import USUAL, Tier, place, tier

_NO_SPLIT: Final = (
    "the provider does not tell how many of the cached tokens were sound, pictures or video, which cost otherwise"
)
_CONTRADICTION: Final = "the reported tokens contradict each other"
_FEES: Final = "the provider's own tools are paid by their use, which it does not report"


@dataclass(frozen=True, slots=True)
class CustomPrice:
    """The owner's own price, US dollars for a million tokens. None: the same as what it is a kind of."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    input_audio: Decimal | None = None
    output_audio: Decimal | None = None
    reasoning: Decimal | None = None


_COLUMNS: Final[Mapping[str, str]] = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "input_audio": "input_audio_mtok",
    "output_audio": "output_audio_mtok",
    "reasoning": "output_reasoning_mtok",
}
"""Fields of CustomPrice, as the table calls them."""


def price(
    provider: Provider,
    model: str,
    usage: Usage,
    at: float,
    *,
    custom: CustomPrice | None = None,
    service_tier: str | None = None,
    fees: bool = False,
) -> Cost:
    """The cost of that usage at the time `at` (epoch seconds).

    `service_tier` is the one that the provider says it gave. `fees`: the answer shows tools of the provider's that are paid by their use.
    """
    if usage.cost is not None:
        return Cost(usage.cost, "provider")
    if usage.estimated:
        return Cost(None, reason="the provider reported no usage that can be, and what is estimated has no exact price")
    usage = billed(usage)
    if usage.input is None or usage.output is None:
        return Cost(None, reason="the provider did not report both input and output tokens")
    if fees or has_fees(usage.raw):
        return Cost(None, reason=_FEES)
    if custom is not None:
        return _by_hand(custom, usage)
    given = tier(provider, usage.raw, service_tier)
    if (region := place(usage.raw)) is not None:
        return Cost(None, reason=f"the price table has no price of an answer made in `{region}` alone")
    return _from_table(provider, model, usage, datetime.fromtimestamp(at, tz=UTC), given)


@cache
def load() -> ModuleType:
    """The price table's package, with its table read."""
    import genai_prices  # noqa: PLC0415 - heavy

    warm()
    return genai_prices


def loaded() -> bool:
    """Asking it costs no time now."""
    return bool(load.cache_info().currsize)


def _by_hand(custom: CustomPrice, usage: Usage) -> Cost:
    """Reckoned as the table is: each kind at its own price, the rest at that of the whole."""
    prices = {_COLUMNS[name]: amount for name, amount in asdict(custom).items() if amount is not None}
    try:
        return Cost(load().types.ModelPrice(**prices).calc_price(_used(usage))["total_price"], "custom")
    except ValueError as error:
        return Cost(None, reason=_why(error))


def _from_table(provider: Provider, model: str, usage: Usage, at: datetime, given: Tier) -> Cost:
    for price_id in provider.price_ids:
        try:
            found = load().calc_price(
                _used(usage),
                model,
                provider_id=price_id,
                genai_request_timestamp=at,
                price_context=given.context or None,
            )
        except LookupError:
            continue
        except ValueError as error:
            return Cost(None, reason=_why(error))
        if reason := _unfit(found, usage, at, given):
            return Cost(None, reason=reason)
        return Cost(found.total_price, "table", price_version())
    return Cost(None, reason="the price table does not know this model")


def _unfit(found: Any, usage: Usage, at: datetime, given: Tier) -> str | None:
    """Why what the table reckoned is not what is to be paid."""
    prices = found.model_price
    if (usage.input and prices.input_mtok is None) or (usage.output and prices.output_mtok is None):
        return "the price table has no price a token for this model"
    if given is not USUAL and not _has_variant(found, at, given):
        return f"the price table has no price of this model for the service tier `{given.name}`"
    return None


def _has_variant(found: Any, at: datetime, given: Tier) -> bool:
    """The table passes over a tier that it does not know; here that is no price."""
    if not any(found.model is model for model in found.provider.models):
        return False  # another provider's model, whose variants are not this one's
    variants = (each for each in found.model.price_variants or () if each.when == given.context)
    return any(each.constraint is None or each.constraint.active(at) for each in variants)


def _used(usage: Usage) -> Any:
    return load().Usage(**counts(usage))


def _why(error: ValueError) -> str:
    return _NO_SPLIT if str(error).startswith("Missing usage") else _CONTRADICTION
