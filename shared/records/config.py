"""What an owner keeps for one provider: the sealed key, where it may be sent, and how they like to chat there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from shared.crypto.binding import Binding
from shared.crypto.vault import SealedKey

KeyStatus = Literal["valid", "rejected", "untested", "needs_reentry"]
"""What is known of the key: the provider took it, refused it, was not asked; or it does not open any more (trap 76)."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """What a chat with this provider uses when the request does not say. None: the provider's own default."""

    default_model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    reasoning_effort: str | None = None
    system_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """What an owner pays for a model by an agreement of their own: US dollars for a million tokens. None: the same as what it is a kind of."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    input_audio: Decimal | None = None
    output_audio: Decimal | None = None
    reasoning: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One owner's config of one provider; there is one at most. Times are epoch seconds.

    `id` is minted anew with every config, so a key of a deleted one opens in no later one. `key_version` counts the keys that this config had,
    `revision` every writing of the row; 0 is not written yet.
    """

    owner: str
    id: str
    provider: str
    created_at: int
    updated_at: int
    base_url: str | None = None
    """In place of the provider's own; None is the provider's own."""
    models: tuple[str, ...] = ()
    """What the owner wants to see of this provider's models; none is all."""
    settings: ChatSettings = field(default_factory=ChatSettings)
    prices: Mapping[str, OwnPrice] = field(default_factory=dict)
    """By the name of a model, or by a pattern of names with `*`."""
    is_active: bool = True
    sealed: SealedKey | None = None
    """None where the provider needs no key."""
    key_version: int = 0
    fingerprint: str | None = None
    key_status: KeyStatus = "untested"
    revision: int = 0
    cooling_until: int = 0
    """The provider wants to hear nothing of this key before then."""

    def binding(self, origin: str) -> Binding:
        """Where the key belongs. `origin` is `scheme://host:port` of the URL about to be asked, worked out from that URL and from nothing kept (threat K1)."""
        return Binding(
            owner=self.owner, config=self.id, provider=self.provider, origin=origin, version=self.key_version
        )
