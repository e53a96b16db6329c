"""A provider, a config and a model that could answer: everything it takes to ask, but the key."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

from shared.dialects.dialect import Dialect
from shared.egress.urls import BaseUrl
from shared.health.breakers import Place
from shared.providers.provider import Provider
from shared.records.config import ProviderConfig
from shared.records.policy import INSTALLATION
from shared.secrets import ApiKey


@dataclass(frozen=True, slots=True)
class Target:
    """`model` is the provider's own name."""

    provider: Provider
    config: ProviderConfig
    model: str
    dialect: Dialect
    base: BaseUrl

    @property
    def largest_output(self) -> int | None:
        """Of the model, in tokens, where it is known."""
        return self.provider.find_largest_output(self.model)

    @property
    def place(self) -> Place:
        """Whose failures count together: all who ask a provider at its own address, or one owner at an address of theirs."""
        own = self.config.base_url is not None
        name = f"{self.provider.id} {self.base.origin}"
        return Place(f"{self.config.owner} {name}" if own else name, shared=not own, provider=self.provider.id)

    @property
    def payer(self) -> Literal["own", "shared"]:
        """Whose key it is: the caller's own, or the one that the installation shares."""
        return "shared" if self.config.owner == INSTALLATION else "own"

    @property
    def maker(self) -> str:
        """Who signs thinking: the provider, and which of its keys. Encrypted thinking opens for the key that made it alone (trap 61)."""
        key = self.config.fingerprint
        return f"{self.provider.id}@{blake2b(key.encode(), digest_size=4).hexdigest()}" if key else self.provider.id

    def url(self, path: str, query: str) -> str:
        """The URL to ask. A base URL that already ends in what the path begins with (`/v1`, `/openai/v1`) does not get it twice."""
        folders = path.split("/")
        beginnings = ("/".join(folders[:end]) for end in range(len(folders) - 1, 1, -1))
        path = path.removeprefix(next((said for said in beginnings if self.base.path.endswith(said)), ""))
        return f"{self.base.text}{path}?{query}" if query else f"{self.base.text}{path}"

    def headers(self, key: ApiKey | None) -> Mapping[str, str]:
        """What the provider wants to see of the key; in headers, never in the URL (trap 50)."""
        return self.provider.headers(key)

    def spell(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body in the vendor's words. Raises UnsupportedParameter for what the vendor cannot do."""
        return self.provider.spell(body) if self.dialect.name == self.provider.dialect else body
