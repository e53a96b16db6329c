"""One vendor, as data. What differs in kind is a dialect; what differs in detail is a field here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from shared.dialects.wishes import refuse_leftovers
from shared.providers.auth import Auth, bearer
from shared.providers.quirks import Quirk
from shared.secrets import ApiKey

_DATE: Final = re.compile(r"-(\d{8}|latest)$")

Feature = Literal["chat", "streaming", "tools", "json", "vision", "files", "audio", "video", "reasoning", "embeddings"]
Pricing = Literal["paid", "freemium", "free", "self-hosted"]


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
    quirks: tuple[Quirk, ...] = ()
    needs_key: bool = True
    allows_base_url: bool = False
    key_prefix: str | None = None
    """How its keys begin, a hint for people; nothing is refused for it."""
    price_ids: tuple[str, ...] = ()
    """Its names in the price table, the one to ask first first; none: no price is known."""
    model_prefixes: tuple[str, ...] = ("",)
    """How the names of its models begin: the price table may file others' under the same name."""
    models_path: str | None = "/models"
    """Behind the base URL, of the list of models; None where there is none."""
    models_are_public: bool = False
    """Whoever asks gets that list, so it proves no key."""
    models_query: str = ""
    """What that path needs behind it to list all models at once."""
    largest_outputs: Mapping[str, int] = field(default_factory=dict)
    """Tokens, for models whose provider wants to be told how much they may say."""
    aliases: tuple[str, ...] = ()

    def find_largest_output(self, model: str) -> int | None:
        """The most tokens that this model can say, also by a dated or `-latest` name; None when nobody told."""
        return self.largest_outputs.get(model) or self.largest_outputs.get(_DATE.sub("", model))

    def headers(self, key: ApiKey | None) -> Mapping[str, str]:
        """What shows the key; nothing without one."""
        return {} if key is None else self.auth(key)

    def spell(self, body: dict[str, Any]) -> dict[str, Any]:
        """The dialect's body in this vendor's words. Raises UnsupportedParameter for what the vendor cannot do."""
        for quirk in self.quirks:
            body = quirk(body)
        return refuse_leftovers(body)
