"""What of the catalogue somebody may see: what their access token is for, and what the installation allows."""

from dataclasses import dataclass

from shared.gateway.targets.keyring import check_enabled
from shared.gateway.targets.permits import may_ask, may_see, permit_provider
from shared.identity.caller import Caller
from shared.providers.provider import Provider
from shared.records.policy import Policies


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, and what holds for everybody."""

    who: Caller
    policies: Policies

    def has(self, row: Provider) -> bool:
        """The provider is in it."""
        return may_see(self.who, row.id) and self.policies.of(row.id).is_enabled

    def has_model(self, row: Provider, model: str) -> bool:
        """That model of the provider is in it."""
        return may_ask(self.who, row, model) and self.policies.of(row.id).allows(model)

    def check(self, row: Provider) -> None:
        """Raises Forbidden where the provider is not in it."""
        permit_provider(self.who, row)
        check_enabled(self.policies, row)
