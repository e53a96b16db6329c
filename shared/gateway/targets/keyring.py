"""The configs that a caller may use: their own first, and a shared one where an admin offers it and they have none. Never another's.

What an admin switched off is not among them, whoever's key it is.
"""

from dataclasses import replace

from shared.errors import Forbidden
from shared.identity.caller import Caller
from shared.providers.find import find_provider
from shared.providers.provider import Provider
from shared.records.config import ProviderConfig
from shared.records.policy import INSTALLATION, Policies
from shared.services import Services
from shared.storage.configs import find_config, list_configs
from shared.storage.policies import find_policies


async def find_usable(services: Services, who: Caller, provider: Provider) -> ProviderConfig | None:
    """The caller's config of that provider; else, if they have no active one, the shared one that is offered to them.

    Raises:
        Forbidden: an admin switched the provider off.
    """
    policies = await find_policies(services.table)
    check_enabled(policies, provider)
    own = await find_config(services.table, who.owner, provider.id)
    if own is not None and own.is_active:
        return own
    return await _find_shared(services, who, policies, provider.id) or own


async def all_usable(services: Services, who: Caller) -> list[ProviderConfig]:
    """All that the caller could use, by provider; those of theirs that are not active too, where nothing is shared in their place."""
    policies = await find_policies(services.table)
    own = {config.provider: config for config in await list_configs(services.table, who.owner)}
    for name in policies.providers:
        if name not in own or not own[name].is_active:
            shared = await _find_shared(services, who, policies, name)
            if shared is not None:
                own[name] = shared
    return [own[name] for name in sorted(own) if policies.of(name).is_enabled]


async def permit_policy(services: Services, provider: Provider, model: str) -> None:
    """Let through what the installation allows.

    Raises:
        Forbidden: an admin switched the provider off, or allows other models of it alone.
    """
    policies = await find_policies(services.table)
    check_enabled(policies, provider)
    if not policies.of(provider.id).allows(model):
        raise Forbidden(
            f"The admins of this installation do not allow that model of {provider.name}. GET /v1/models lists those that are.",
            details={"parameter": "model"},
        )


async def permit_provider_policy(services: Services, provider: Provider) -> None:
    """Let through what the installation allows. Raises Forbidden for a provider that is switched off."""
    check_enabled(await find_policies(services.table), provider)


def check_enabled(policies: Policies, provider: Provider) -> None:
    """Raises Forbidden for a provider that is switched off."""
    if not policies.of(provider.id).is_enabled:
        raise Forbidden(
            f"{provider.name} is switched off by the admins of this installation. Choose another provider.",
            details={"parameter": "provider"},
        )


async def _find_shared(services: Services, who: Caller, policies: Policies, provider: str) -> ProviderConfig | None:
    """The installation's own, with what is said of its models by the policy alone."""
    policy = policies.of(provider)
    if not policy.is_enabled or not policy.sharing.reaches(who.owner, who.token_id) or not find_provider(provider):
        return None
    config = await find_config(services.table, INSTALLATION, provider)
    if config is None or not config.is_active:
        return None
    return replace(config, models=policy.models or config.models)
