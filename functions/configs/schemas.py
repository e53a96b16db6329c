"""Bodies of the configs door. What comes in is strict; what goes out has no field that a key could be in (threat K6)."""

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field

from shared.records.config import ChatSettings, KeyStatus, OwnPrice, ProviderConfig
from shared.records.route import Route, Strategy
from shared.records.trial import Trial
from shared.web.keys import KeyText, KeyTrial
from shared.web.models import Dollars
from shared.web.schemas import Answer, Body, Moment, moment

_MOST_MODELS = 1000
_LONGEST_PROMPT = 64 * 1024
_MOST_STOPS = 16
_MOST_PRICES = 200
_MOST_TARGETS = 16
_HEAVIEST = 1000

Name = Annotated[str, Field(min_length=1, max_length=256)]
Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=18, decimal_places=12)]
Penalty = Annotated[float, Field(ge=-2, le=2)]


class SettingsBody(Body):
    """What a chat uses when it does not say. In a change: what is not named stays, null takes it back."""

    default_model: Name | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(strict=True, ge=1, le=100_000_000)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    stop: Annotated[list[Name], Field(max_length=_MOST_STOPS)] | None = None
    seed: Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)] | None = None
    reasoning_effort: Name | None = None
    system_prompt: Annotated[str, Field(max_length=_LONGEST_PROMPT)] | None = None

    def applied_to(self, settings: ChatSettings) -> ChatSettings:
        """The settings with what is named here."""
        fields: dict[str, Any] = {**asdict(settings), **self.model_dump(exclude_unset=True)}
        return ChatSettings(**{**fields, "stop": tuple(fields["stop"] or ())})


class OwnPriceBody(Body):
    """What the caller pays, US dollars for a million tokens. What is not named costs as what it is a kind of: cached input as input, thinking as output."""

    input: Amount
    output: Amount
    cached_input: Amount | None = None
    cache_write: Amount | None = None
    cache_write_1h: Amount | None = Field(default=None, alias="cacheWrite1h")
    input_audio: Amount | None = None
    output_audio: Amount | None = None
    reasoning: Amount | None = None

    def price(self) -> OwnPrice:
        """As it is kept."""
        return OwnPrice(**self.model_dump())


class ConfigBody(Body):
    """A config, or what is to change of it: what is not named stays as it is."""

    provider: Name | None = Field(default=None, description="Provider id or alias, where the path does not name it.")
    api_key: KeyText | None = None
    base_url: Annotated[str, Field(max_length=2048)] | None = Field(
        default=None, description="Where the provider is, if it may be chosen. A new one needs `apiKey` with it."
    )
    models: Annotated[list[Name], Field(max_length=_MOST_MODELS)] | None = Field(
        default=None, description="The models to show; none is all."
    )
    settings: SettingsBody | None = None
    prices: Annotated[dict[Name, OwnPriceBody], Field(max_length=_MOST_PRICES)] | None = Field(
        default=None,
        description="The caller's own prices in place of the price table's, by model or by a pattern as `gpt-4o*`; the longest that fits holds. For a session alone.",
    )
    is_active: bool | None = None
    test: bool = Field(default=True, description="Try the key first, and refuse it if the provider does.")


class RotateBody(Body):
    """The key that takes over."""

    api_key: KeyText
    test: bool = True


class SettingsAnswer(Answer):
    """What a chat uses when it does not say."""

    default_model: str | None
    temperature: float | None
    max_tokens: int | None
    top_p: float | None
    frequency_penalty: float | None
    presence_penalty: float | None
    stop: list[str]
    seed: int | None
    reasoning_effort: str | None
    system_prompt: str | None


class OwnPriceAnswer(Answer):
    """What the caller pays, US dollars for a million tokens."""

    input: Dollars
    output: Dollars
    cached_input: Dollars | None
    cache_write: Dollars | None
    cache_write_1h: Dollars | None = Field(alias="cacheWrite1h")
    input_audio: Dollars | None
    output_audio: Dollars | None
    reasoning: Dollars | None


class ConfigAnswer(Answer):
    """A config as it is shown: a fingerprint in place of its key."""

    id: str
    provider: str
    base_url: str | None
    models: list[str]
    settings: SettingsAnswer
    prices: dict[str, OwnPriceAnswer]
    is_active: bool
    fingerprint: str | None = Field(description="Says whether two keys are the same one, and nothing else.")
    key_status: KeyStatus
    key_version: int = Field(description="How many keys this config has had.")
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, config: ProviderConfig) -> Self:
        """As it is shown."""
        return cls(
            id=config.id,
            provider=config.provider,
            base_url=config.base_url,
            models=list(config.models),
            settings=SettingsAnswer.model_validate(asdict(config.settings)),
            prices={name: OwnPriceAnswer.model_validate(asdict(own)) for name, own in config.prices.items()},
            is_active=config.is_active,
            fingerprint=config.fingerprint,
            key_status=config.key_status,
            key_version=config.key_version,
            created_at=moment(config.created_at),
            updated_at=moment(config.updated_at),
        )


class ConfigsAnswer(Answer):
    """All configs of the caller."""

    configs: list[ConfigAnswer]


class StoredAnswer(Answer):
    """A config as it is now, and what came of trying its key; null when none was tried."""

    config: ConfigAnswer
    test_result: KeyTrial | None

    @classmethod
    def of(cls, config: ProviderConfig, trial: Trial | None) -> Self:
        """As it is shown."""
        return cls(config=ConfigAnswer.of(config), test_result=KeyTrial.of(trial) if trial else None)


class RewrapAnswer(Answer):
    """What was wrapped anew in this call. Older master keys are needed until `next` was null once, and nothing was unreadable on the way."""

    rewrapped: int = Field(description="Provider keys.")
    needs_reentry: int = Field(description="Provider keys that do not open here, and have to be entered again.")
    journals: int = Field(description="Data keys of owners' journals: conversations, and answers kept for a day.")
    own: int = Field(description="What the installation signs sessions and alerts with.")
    unreadable: int = Field(description="Journals, and keys of the installation's own, that no master key here opens.")
    next: str | None = Field(description="`after` of the next call; null when all was gone over.")


class RouteTargetBody(Body):
    """A model of a provider."""

    provider: Name = Field(description="Provider id or alias.")
    model: Name = Field(description="The provider's own name of the model.")
    weight: Annotated[int, Field(strict=True, ge=1, le=_HEAVIEST)] = Field(
        default=1, description="How often it is drawn first, beside the others, in a `weighted` route."
    )


class RouteBody(Body):
    """A route: whom to ask, and in which order."""

    targets: Annotated[list[RouteTargetBody], Field(min_length=1, max_length=_MOST_TARGETS)]
    strategy: Strategy = Field(
        default="fallback",
        description="Whom to ask first: `fallback` as listed, `weighted` by lot, `cheapest` by your own prices and the price table, `fastest` by what was measured.",
    )
    after_timeout: bool = Field(
        default=False, description="Ask the next one also where one fell silent. Both may then have to be paid for."
    )


class RouteTargetAnswer(Answer):
    """A model of a provider."""

    provider: str
    model: str
    weight: int


class RouteAnswer(Answer):
    """A named route."""

    name: str
    strategy: Strategy
    targets: list[RouteTargetAnswer]
    after_timeout: bool
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, route: Route) -> Self:
        """As it is shown."""
        return cls(
            name=route.name,
            strategy=route.strategy,
            targets=[RouteTargetAnswer.model_validate(asdict(target)) for target in route.targets],
            after_timeout=route.after_timeout,
            created_at=moment(route.created_at),
            updated_at=moment(route.updated_at),
        )


class RoutesAnswer(Answer):
    """All routes of the caller, by name."""

    routes: list[RouteAnswer]
