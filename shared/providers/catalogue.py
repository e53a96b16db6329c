"""What is known of each provider's models: its own list, else what its pages say, else the price table of the package genai-prices. The rest is None.

The table is heavy (a second and some 40 MB), so it is loaded at the first question and then kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.dialects.listed import UNKNOWN, Facts, ListedModel
from shared.providers.provider import Provider

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo
    from genai_prices.types import Provider as Priced


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens. `tiered`: long prompts cost more than this."""

    input: Decimal | None = None
    output: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    tiered: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """One model of one provider. `deprecated` is None where nobody told."""

    id: str
    provider: str
    name: str | None = None
    description: str | None = None
    facts: Facts = UNKNOWN
    prices: Prices | None = None
    deprecated: bool | None = None
    price_version: str | None = None


@cache
def list_models(provider: Provider) -> tuple[Model, ...]:
    """The models of that provider that answer in tokens, by id; empty where the table knows none."""
    found: dict[str, Model] = {}
    for priced in _priced(provider):
        for info in priced.models:
            if _chats(info) and info.id not in found and info.id.startswith(provider.model_prefixes):
                found[info.id] = _model(provider, info, info.id)
    return tuple(found[name] for name in sorted(found))


def find_model(provider: Provider, name: str) -> Model | None:
    """That model by any name that it goes by (dated, `-latest`)."""
    for priced in _priced(provider):
        if info := priced.find_model(name, all_providers=_table().providers):
            return _model(provider, info, name)
    facts = provider.facts(name)
    return Model(name, provider.id, facts=facts) if facts != UNKNOWN else None


def describe(provider: Provider, name: str) -> Model:
    """The same; a model of which nothing is known has its name alone."""
    return find_model(provider, name) or Model(name, provider.id)


def describe_listed(provider: Provider, listed: ListedModel) -> Model:
    """A model that the provider lists. Its own word is right where ours differs."""
    model = describe(provider, listed.id)
    return replace(model, name=listed.name or model.name, facts=listed.facts.over(model.facts))


def price_version() -> str:
    """Which table the prices come from, for receipts: the package and its version."""
    import genai_prices  # noqa: PLC0415 - heavy

    return f"genai-prices {genai_prices.__version__}"


def _priced(provider: Provider) -> Iterator["Priced"]:
    """The provider as the table knows it; there may be several."""
    by_id = {priced.id: priced for priced in _table().providers} if provider.price_ids else {}
    return (by_id[name] for name in provider.price_ids if name in by_id)


def _table() -> Any:
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - heavy

    return get_snapshot()


def _chats(info: "ModelInfo") -> bool:
    """What is paid by tokens in and out, and not by pictures, hours or characters."""
    prices = info.get_prices(datetime.now(tz=UTC))
    return prices.input_mtok is not None and prices.output_mtok is not None


def _model(provider: Provider, info: "ModelInfo", name: str) -> Model:
    model = Model(
        id=name,
        provider=provider.id,
        name=info.name,
        description=info.description,
        facts=provider.facts(name).over(Facts(context_window=info.context_window)),
        deprecated=info.deprecated,
    )
    if not _chats(info):
        return model
    prices: Mapping[str, Any] = {
        field: getattr(info.get_prices(datetime.now(tz=UTC)), column)
        for field, column in (
            ("input", "input_mtok"),
            ("output", "output_mtok"),
            ("cached_input", "cache_read_mtok"),
            ("cache_write", "cache_write_mtok"),
        )
    }
    bases = {field: _base(price) for field, price in prices.items()}
    tiered = any(price is not None and not isinstance(price, Decimal) for price in prices.values())
    return replace(model, prices=Prices(**bases, tiered=tiered), price_version=price_version())


def _base(price: Any) -> Decimal | None:
    """A tiered price is what the first tokens cost."""
    return price if price is None or isinstance(price, Decimal) else price.base


def warm() -> None:
    """Load the table now, so that no caller waits for it."""
    _table()
