"""A model as the doors describe it: what it takes, can do and costs. What nobody told is null."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import PlainSerializer

from shared.dialects.listed import Ability, Modalities, Modality
from shared.providers.catalogue import Model, Prices
from shared.web.schemas import Answer, write_dollars

Dollars = Annotated[Decimal, PlainSerializer(write_dollars, return_type=str)]
"""US dollars, a decimal string."""


class PricesAnswer(Answer):
    """US dollars for a million tokens. `tiered`: long prompts cost more. `version` names the price table."""

    input: Dollars | None
    output: Dollars | None
    cached_input: Dollars | None
    cache_write: Dollars | None
    tiered: bool
    version: str | None

    @classmethod
    def of(cls, prices: Prices, version: str | None) -> Self:
        """As the table says."""
        return cls(
            input=prices.input,
            output=prices.output,
            cached_input=prices.cached_input,
            cache_write=prices.cache_write,
            tiered=prices.tiered,
            version=version,
        )


class ModalitiesAnswer(Answer):
    """What goes into a model and what comes out of it."""

    input: list[Modality]
    output: list[Modality]

    @classmethod
    def of(cls, modalities: Modalities) -> Self:
        """As they are told."""
        return cls(input=list(modalities.input), output=list(modalities.output))


class ModelAnswer(Answer):
    """One model. `available`: the provider lists it for the caller's key; null where it was not asked.

    What the provider tells in its list is right, else what its pages say. `abilities` names those that are known: `json` answers in JSON, `schema`
    in the JSON of a given schema, `vision`, `files`, `audio` and `video` are taken. Null where nobody told of any.
    """

    id: str
    provider: str
    name: str | None
    description: str | None
    context_window: int | None
    largest_output: int | None
    modalities: ModalitiesAnswer | None
    abilities: list[Ability] | None
    prices: PricesAnswer | None
    deprecated: bool | None
    available: bool | None = None

    @classmethod
    def of(cls, model: Model, *, available: bool | None = None) -> Self:
        """As the catalogue knows it."""
        facts = model.facts
        return cls(
            id=model.id,
            provider=model.provider,
            name=model.name,
            description=model.description,
            context_window=facts.context_window,
            largest_output=facts.largest_output,
            modalities=ModalitiesAnswer.of(facts.modalities) if facts.modalities else None,
            abilities=sorted(facts.abilities) if facts.abilities or facts.lacks else None,
            prices=PricesAnswer.of(model.prices, model.price_version) if model.prices else None,
            deprecated=model.deprecated,
            available=available,
        )
