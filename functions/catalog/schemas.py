"""Bodies of the catalogue door. What nobody told is null."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints

from shared.dialects.listed import Ability
from shared.providers.provider import Provider
from shared.web.models import Dollars, ModelAnswer
from shared.web.schemas import Answer, Body

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


class ModelList(Answer):
    """A page of models; `next` is the `after` of the page behind it, null on the last."""

    models: list[ModelAnswer]
    next: str | None = None


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


Task = Literal["chat", "coding", "agents", "extraction", "reasoning", "vision", "documents"]


@dataclass(frozen=True, slots=True)
class Need:
    """What a task takes of a model: abilities, and tokens that have to fit."""

    abilities: tuple[Ability, ...] = ()
    context: int = 0


NEEDS: Final[Mapping[Task, Need]] = {
    "chat": Need(),
    "coding": Need(("tools",), 64_000),
    "agents": Need(("tools",), 64_000),
    "extraction": Need(("schema",)),
    "reasoning": Need(("reasoning",)),
    "vision": Need(("vision",)),
    "documents": Need(("files",), 100_000),
}
"""Only what can be looked up. How well a model does it is in no table, so it moves no rank."""


class RecommendBody(Body):
    """A need. `maxCostUsd` is for one request of `inputTokens` and `outputTokens` (1000 and 500 where they are left out).

    A `task` stands for abilities and a least context; `minContext` in place of that one.
    """

    task: Task | None = None
    abilities: Annotated[tuple[Ability, ...], Field(max_length=10)] = ()
    min_context: Tokens | None = None
    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    max_cost_usd: Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=20, decimal_places=12)] | None = None
    prefer: Literal["price", "context"] = "price"
    limit: Annotated[int, Field(strict=True, ge=1, le=50)] = 10


class Recommended(ModelAnswer):
    """A model that fits, with what one such request costs there, and why it stands where it does."""

    rank: int
    cost: ComparedCost
    reasons: list[str]


class Excluded(Answer):
    """How many models do not fit for this reason; one may have several."""

    reason: str
    models: int


class Recommendation(Answer):
    """The models that fit, the best first; of how many that the caller's providers have."""

    models: list[Recommended]
    considered: int
    excluded: list[Excluded]
