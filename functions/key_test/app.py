"""The key test door: tries a key, given or stored, and says in our own words what came of it, or which models it may use."""

from dataclasses import replace

from fastapi import Depends, FastAPI

from functions.key_test import models
from functions.key_test.schemas import TrialBody
from shared.errors import CredentialCorrupt, InvalidRequest, NotFound
from shared.gateway.asking.open_key import open_key
from shared.gateway.asking.probe import probe, trial_target
from shared.gateway.asking.trials import admit_trial
from shared.gateway.guard.suspicion import note_refused_key
from shared.gateway.targets.keyring import permit_provider_policy
from shared.gateway.targets.named import get_named_provider
from shared.gateway.targets.permits import permit_provider
from shared.gateway.targets.target import Target
from shared.identity.caller import Caller
from shared.providers.provider import Provider
from shared.records.config import ProviderConfig
from shared.records.trial import Trial
from shared.services import Services
from shared.storage.configs import find_config, mark_key
from shared.web.fastapi import caller, new_door
from shared.web.keys import KeyTrial, read_key


def create_app(services: Services) -> FastAPI:
    """The door. Nothing is opened before the first request."""
    app = new_door(services, title="Key test")
    app.include_router(models.routes(services))
    ask = Depends(caller(services))

    @app.post("/api/providers/{provider}/test", tags=["Provider keys"])
    async def test_provider(provider: str, body: TrialBody | None = None, who: Caller = ask) -> KeyTrial:
        """Try a key of this provider, the stored one if none is given. It costs one token at most."""
        return KeyTrial.of(await _try(services, who, provider, body or TrialBody()))

    @app.post("/api/test-api-key", tags=["Provider keys"])
    @app.post("/api/provider-config/test", tags=["Provider keys"])
    async def test_key(body: TrialBody, who: Caller = ask) -> KeyTrial:
        """Try a key, the stored one if none is given. It costs one token at most."""
        return KeyTrial.of(await _try(services, who, body.provider, body))

    return app


async def _try(services: Services, who: Caller, named: str | None, body: TrialBody) -> Trial:
    provider = get_named_provider(named, body.provider)
    permit_provider(who, provider)
    await permit_provider_policy(services, provider)
    await admit_trial(services.table, who.owner, services.now())
    config = await find_config(services.table, who.owner, provider.id, consistent=True)
    stored = config is not None and config.sealed is not None
    if body.api_key is None and (stored or provider.needs_key):
        return await _try_stored(services, who, provider, body, config)
    target = _given_target(services, who, provider, body, config)
    return await _noted(services, who, provider, await probe(target, read_key(body.api_key), services.client))


def _given_target(
    services: Services, who: Caller, provider: Provider, body: TrialBody, stored: ProviderConfig | None
) -> Target:
    """Where a given key is tried: at the place named with it, else where the caller's stored config is."""
    blank = ProviderConfig(owner=who.owner, id="", provider=provider.id, created_at=0, updated_at=0)
    config = stored or blank
    placed = replace(config, base_url=body.base_url or config.base_url)
    return trial_target(provider, placed, services.settings, model=body.model)


async def _try_stored(
    services: Services, who: Caller, provider: Provider, body: TrialBody, config: ProviderConfig | None
) -> Trial:
    """Try the stored key at its stored place, and note what was learnt of it."""
    if body.base_url is not None:
        raise InvalidRequest("`baseUrl` is for a key that is given with it: send `apiKey` too", parameter="apiKey")
    if config is None or config.sealed is None:
        raise NotFound(f"No key of {provider.name} is stored. Send `apiKey`.", details={"parameter": "apiKey"})
    target = trial_target(provider, config, services.settings, model=body.model)
    try:
        key = await open_key(services, target)
    except CredentialCorrupt as error:
        return Trial(valid=False, success=False, message=error.message, error=error.code)
    trial = await probe(target, key, services.client)
    if trial.valid or trial.refused:
        await mark_key(services.table, config, "valid" if trial.valid else "rejected")
    return await _noted(services, who, provider, trial)


async def _noted(services: Services, who: Caller, provider: Provider, trial: Trial) -> Trial:
    """Many keys that a provider refuses look like somebody who tries those of others."""
    if trial.refused:
        await note_refused_key(services.table, who.owner, provider.id, services.now())
    return trial
