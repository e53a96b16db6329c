"""What an admin decides for everybody: which providers and models, with which shared keys, what may be said, who is told of alarms."""

from dataclasses import dataclass, field
from typing import Final, Literal

from shared.crypto.binding import WEBHOOK, Binding
from shared.crypto.vault import SealedKey
from shared.records.limits import Limits

INSTALLATION: Final = "installation"
"""The owner of shared keys. No person's id is like it: those have 16 characters without i, l, o and u, or are UUIDs."""

SharedWith = Literal["nobody", "all", "users", "tokens"]
Judge = Literal["rules", "provider"]
SignUp = Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who may use the installation's own key of a provider, and how much of it all of them together."""

    to: SharedWith = "nobody"
    ids: tuple[str, ...] = ()
    """Of users, or of access tokens, as `to` says."""
    limits: Limits = field(default_factory=Limits)

    def reaches(self, owner: str, token_id: str | None) -> bool:
        """It is for whoever calls."""
        match self.to:
            case "all":
                return True
            case "users":
                return owner in self.ids
            case "tokens":
                return token_id is not None and token_id in self.ids
            case _:
                return False


@dataclass(frozen=True, slots=True)
class ProviderPolicy:
    """Of one provider. `models` are the provider's own names; None allows all, an empty one none."""

    provider: str
    is_enabled: bool = True
    models: tuple[str, ...] | None = None
    sharing: Sharing = field(default_factory=Sharing)

    def allows(self, model: str) -> bool:
        """The provider is on, and that model is one that may be used."""
        return self.is_enabled and (self.models is None or model in self.models)


@dataclass(frozen=True, slots=True)
class Moderation:
    """Whether what is asked and answered in chats is judged, and by whom.

    `words` are refused wherever they stand as words, in any case; `shapes` are names of fixed patterns. Nobody's own regular expression
    is ever run (threat H9). A `provider` judges with the installation's own key.
    """

    before: bool = False
    after: bool = False
    by: tuple[Judge, ...] = ("rules",)
    words: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    provider: str | None = None
    model: str | None = None
    refuse_unjudged: bool = True
    """When the provider that judges does not answer: refuse, or let it pass."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where alerts are told. Without a secret of its own, an alert is signed with what the environment holds."""

    url: str
    sealed: SealedKey | None = None
    """What alerts are signed with. It opens for the origin of `url` alone."""
    version: int = 0
    """Counts the secrets that it had."""
    fingerprint: str | None = None

    def binding(self, origin: str) -> Binding:
        """Where the secret belongs, told at that origin: nothing that wraps or opens provider keys opens it."""
        return Binding(INSTALLATION, "webhook", "alerts", origin, self.version, purpose=WEBHOOK)


@dataclass(frozen=True, slots=True)
class Policies:
    """All of them but the limits of single users."""

    providers: dict[str, ProviderPolicy] = field(default_factory=dict)
    limits: dict[tuple[str, str], Limits] = field(default_factory=dict)
    """By kind and id of their scope."""
    moderation: Moderation = field(default_factory=Moderation)
    webhook: Webhook | None = None
    sign_up: SignUp = "open"

    def of(self, provider: str) -> ProviderPolicy:
        """What holds for that provider; where nobody said anything, everything is allowed and nothing shared."""
        return self.providers.get(provider) or ProviderPolicy(provider)
