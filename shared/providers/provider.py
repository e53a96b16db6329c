"""One vendor, as data. What differs in kind is a dialect; what differs in detail is a field here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from shared.chat.request import MediaKind
from shared.dialects.exchanges import Kind
from shared.dialects.listed import UNKNOWN, Facts
from shared.dialects.wishes import refuse_leftovers
from shared.providers.auth import Auth, bearer
from shared.providers.places import Place, as_written
from shared.providers.quirks import Quirk
from shared.secrets import ApiKey

_DATE: Final = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$")

Feature = Literal["chat", "streaming", "tools", "json", "vision", "files", "audio", "video", "reasoning", "embeddings"]
Pricing = Literal["paid", "freemium", "free", "self-hosted"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a provider does beside chats, of one kind: the dialect that spells it, for which models, and how it differs in detail."""

    dialect: str = "openai"
    file: str | None = None
    """Of the dialect's folder, where it is not named as the kind."""
    models: tuple[str, ...] = ("*",)
    quirks: tuple[Quirk, ...] = ()
    free: bool = False
    """The provider takes nothing for it, as a page of its own says that the row names."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Provider:
    """A row of the catalogue. `dialect` names a folder of `shared.dialects` and is loaded when it is first spoken."""

    id: str
    name: str
    base_url: str | None
    """Without a slash at its end; None where the caller must give it."""
    description: str
    docs: str
    colour: str
    """Of the brand, `#rrggbb`, for the page."""
    website: str | None = None
    dialect: str = "openai"
    default_model: str | None = None
    pricing: Pricing = "paid"
    features: tuple[Feature, ...] = ("chat", "streaming", "tools", "json")
    auth: Auth = bearer
    fetches: frozenset[MediaKind] = frozenset()
    """What it fetches by https URL beyond what its dialect says."""
    scheme: Literal["header", "sigv4", "google"] = "header"
    """How the key is shown: in a header by `auth`, or by what `shared.gateway.asking.credentials` makes of it."""
    responses_models: tuple[str, ...] = ()
    """Patterns of models that answer in the Responses API alone."""
    has_responses: bool = False
    """It offers the Responses API at `/responses`."""
    place: Place = as_written
    """Where it takes a request, if not at the dialect's path behind the base URL."""
    quirks: tuple[Quirk, ...] = ()
    beside: Mapping[Kind, Offer] = field(default_factory=dict)
    """What it does that is no chat."""
    needs_key: bool = True
    allows_base_url: bool = False
    key_prefix: str | None = None
    """How its keys begin, a hint for people; nothing is refused for it."""
    price_ids: tuple[str, ...] = ()
    """Its names in the price table, the one to ask first first; none: no price is known."""
    tiers_at_usual_price: tuple[str, ...] = ()
    """Tiers of service that cost what everybody pays, of those whose name suggests otherwise."""
    telemetry_name: str | None = None
    """Its name in OpenTelemetry's conventions, where that is not its id."""
    model_prefixes: tuple[str, ...] = ("",)
    """How the names of its models begin: the price table may file others' under the same name."""
    models_path: str | None = "/models"
    """Behind the base URL, of the list of models; None where there is none."""
    models_are_public: bool = False
    """Whoever asks gets that list, so it proves no key."""
    models_query: str = ""
    """What that path needs behind it to list all models at once."""
    documented: Mapping[str, Facts] = field(default_factory=dict)
    """What its pages say of its models, by name or by a pattern with `*`."""
    makes: tuple[str, ...] = ()
    """Patterns, in lower case, of the models that are this provider's own or are named in its way: a bare name that fits means this provider."""
    aliases: tuple[str, ...] = ()

    def has_name(self, model: str) -> bool:
        """The name is one that this provider gives."""
        return any(fnmatchcase(model.lower(), pattern) for pattern in self.makes)

    @property
    def names_freely(self) -> bool:
        """Whoever runs the server names its models as they like."""
        return self.pricing == "self-hosted"

    @property
    def names_by_vendor(self) -> bool:
        """There are models here whose names have a slash, `vendor/model`."""
        return self.names_freely or any("/" in pattern for pattern in self.makes)

    def may_name(self, model: str) -> bool:
        """Nothing speaks against a model of that name here."""
        return self.names_freely or self.has_name(model)

    def facts(self, model: str) -> Facts:
        """What its pages say of this model, also by a dated or `-latest` name; none where they say nothing."""
        for name in (model, undated(model)):
            if name in self.documented:
                return self.documented[name]
        fitting = (facts for name, facts in self.documented.items() if "*" in name and fnmatchcase(model, name))
        return next(fitting, UNKNOWN)

    def find_offer(self, kind: Kind, model: str) -> Offer | None:
        """Who spells this kind of question about this model; None where the provider has no answer to it."""
        offer = self.beside.get(kind)
        return offer if offer and any(fnmatchcase(model.lower(), pattern) for pattern in offer.models) else None

    def find_largest_output(self, model: str) -> int | None:
        """The most tokens that this model can say; None when nobody told."""
        return self.facts(model).largest_output

    def dialect_for(self, model: str, caller: str | None) -> str:
        """The name of the dialect to ask this model in; a caller who speaks Responses gets them from whoever offers them (promise 4)."""
        alone = any(fnmatchcase(model, pattern) for pattern in self.responses_models)
        return "responses" if alone or (self.has_responses and caller == "responses") else self.dialect

    def headers(self, key: ApiKey | None) -> Mapping[str, str]:
        """What shows the key; nothing without one."""
        return {} if key is None else self.auth(key)

    def spell(self, body: dict[str, Any]) -> dict[str, Any]:
        """The dialect's body in this vendor's words. Raises UnsupportedParameter for what the vendor cannot do."""
        for quirk in self.quirks:
            body = quirk(body)
        return refuse_leftovers(body)


def known_as(model: str) -> tuple[str, ...]:
    """The names under which a limit knows a model: its own, and that without the date, or `-latest`; Gemini's also without `models/`."""
    plain = model.removeprefix("models/")
    return tuple(dict.fromkeys((model, undated(model), plain, undated(plain))))


def undated(model: str) -> str:
    """The name without the date, or `-latest`, that it ends in."""
    return _DATE.sub("", model)
