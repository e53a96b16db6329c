"""A config as it is to be: whether its key may stay, and what becomes of a new one. Nothing is kept unsealed, and nothing that its provider refuses."""

from dataclasses import replace

from shared.crypto.fingerprint import fingerprint
from shared.errors import Conflict, InvalidRequest
from shared.gateway.asking.probe import probe, trial_target
from shared.gateway.asking.trials import admit_trial
from shared.gateway.targets.keyring import permit_provider_policy
from shared.gateway.targets.target import Target
from shared.providers.provider import Provider
from shared.records.config import ProviderConfig
from shared.records.ids import mint_ulid
from shared.records.trial import Trial
from shared.secrets import ApiKey
from shared.services import Services
from shared.storage.configs import save_config
from shared.storage.installation import fingerprint_secret


def new_config(owner: str, provider: Provider, now: float) -> ProviderConfig:
    """A config with nothing in it yet."""
    return ProviderConfig(
        owner=owner, id=mint_ulid(now), provider=provider.id, created_at=int(now), updated_at=int(now)
    )


async def store(
    services: Services,
    provider: Provider,
    before: ProviderConfig,
    after: ProviderConfig,
    *,
    key: ApiKey | None,
    test: bool,
) -> tuple[ProviderConfig, Trial | None]:
    """Keep it in one write; the config as it lies there, and what came of trying the key if one was given and tried.

    Raises:
        InvalidRequest: a field is wrong, a key is missing, or the provider refuses it.
        Conflict: the key was sealed for another place and has to be given again (threat K1), or somebody else was quicker.
        LimitReached: too many keys were tried.
        Forbidden: the provider is switched off, so its keys are not tried.
    """
    now = int(services.now())
    target = trial_target(provider, replace(after, updated_at=now, cooling_until=0), services.settings)
    if key is None:
        _check_key_may_stay(before, target.config, provider)
        return await save_config(services.table, target.config), None
    trial = await _try(services, target, key) if test else None
    saved = await save_config(services.table, await _sealed(services, target, key, trial))
    services.vault.forget(saved.id)
    return saved, trial


def _check_key_may_stay(before: ProviderConfig, after: ProviderConfig, provider: Provider) -> None:
    if before.sealed is not None and before.base_url != after.base_url:
        raise Conflict(
            "The stored key belongs to the stored `baseUrl`. Send `apiKey` together with the new one.",
            details={"parameter": "apiKey"},
        )
    if before.sealed is None and provider.needs_key:
        raise InvalidRequest(f"{provider.name} needs `apiKey`", parameter="apiKey")


async def _try(services: Services, target: Target, key: ApiKey) -> Trial:
    await permit_provider_policy(services, target.provider)
    await admit_trial(services.table, target.config.owner, services.now())
    trial = await probe(target, key, services.client)
    if trial.refused:
        raise InvalidRequest(
            f"{trial.message} Nothing was stored. Correct `apiKey`, or store it untried with `test`: false.",
            parameter="apiKey",
            details={"error": trial.error},
        )
    return trial


async def _sealed(services: Services, target: Target, key: ApiKey, trial: Trial | None) -> ProviderConfig:
    """With the key as its next version, for the place that was tried and no other."""
    config = replace(
        target.config,
        key_version=target.config.key_version + 1,
        fingerprint=fingerprint(key, await fingerprint_secret(services.table)),
        key_status="valid" if trial and trial.valid else "untested",
    )
    return replace(config, sealed=await services.vault.seal(key, config.binding(target.base.origin)))
