"""Bodies of the catalogue door. What nobody told is null."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, PlainSerializer, StringConstraints

from shared.dialects.listed import Ability, Modalities, Modality
from shared.providers.catalogue import Model, Prices
from shared.providers.provider import Provider
from shared.web.schemas import Answer, Body, write_dollars

Dollars = Annotated[Decimal, PlainSerializer(write_dollars, return_type=str)]
"""US dollars, a decimal string."""
ModelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]
Tokens = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]


class ProviderAnswer(Answer):
    """One provider that can be reached. `models` are those of the price table that may chat; GET /api/models/{provider} asks the provider itself."""

    id: str
    name: str
    aliases: list[str]
    description: str
    website: str | None
    documentation: str
    default_model: str | None
    color: str
    dialect: str
    requires_api_key: bool
    key_prefix: str | None
    base_url: str | None
    allows_base_url: bool
    pricing: str
    features: list[str]
    models: list[str]

    @classmethod
    def of(cls, row: Provider, models: list[str]) -> Self:
        """As the row says."""
        return cls(
            id=row.id,
            name=row.name,
            aliases=list(row.aliases),
            description=row.description,
            website=row.website,
            documentation=row.docs,
            default_model=row.default_model,
            color=row.colour,
            dialect=row.dialect,
            requires_api_key=row.needs_key,
            key_prefix=row.key_prefix,
            base_url=row.base_url,
            allows_base_url=row.allows_base_url,
            pricing=row.pricing,
            features=list(row.features),
            models=models,
        )


class ProviderList(Answer):
    """All of them, in the order of the catalogue."""

    providers: list[ProviderAnswer]


class ProviderMetadata(Answer):
    """The same, by id."""

    providers: dict[str, ProviderAnswer]


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


class ModelList(Answer):
    """A page of models; `next` is the `after` of the page behind it, null on the last."""

    models: list[ModelAnswer]
    next: str | None = None


class ProviderModels(Answer):
    """The models of one provider. `source` is `provider` when it was asked with the caller's key within the last hour.

    `reason` says why it was not: `no_key`, `no_list` (it has none), or the code of its failure.
    """

    provider: str
    source: Literal["provider", "catalogue"]
    reason: str | None = None
    models: list[ModelAnswer]


class ProviderDetail(ProviderAnswer):
    """The same, with what is known of each of its models."""

    model_details: list[ModelAnswer]


class CompareBody(Body):
    """Models, each as `provider/model`, and how many tokens a request of the caller's would use."""

    models: Annotated[list[ModelName], Field(min_length=1, max_length=50)]
    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None


class ComparedCost(Answer):
    """What that many tokens cost there; null with the reason."""

    usd: Dollars | None
    reason: str | None


class ComparedModel(ModelAnswer):
    """A model, with the cost of the tokens that were named."""

    cost: ComparedCost | None = None


class Comparison(Answer):
    """The models in the order asked for; `cheapest` and `longestContext` name one of them where all is known that it takes to tell."""

    models: list[ComparedModel]
    cheapest: str | None
    longest_context: str | None
