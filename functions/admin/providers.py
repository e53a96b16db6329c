"""Providers: switched on or off, held to some models, and the installation's own key with who may use it."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends

from functions.admin.schemas import (
    ChangedPolicyAnswer,
    ProviderBody,
    ProviderPoliciesAnswer,
    ProviderPolicyAnswer,
    SharedKeyBody,
)
from functions.admin.sharing import changed_sharing, check_sharing
from shared.errors import InvalidRequest
from shared.gateway.asking.store import new_config, store
from shared.gateway.targets.named import get_named_provider
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.providers.provider import Provider
from shared.providers.rows import PROVIDERS
from shared.records.changes import differences, members, of_limits
from shared.records.config import ProviderConfig
from shared.records.policy import INSTALLATION, ProviderPolicy
from shared.records.trial import Trial
from shared.services import Services
from shared.storage.configs import delete_config, find_config, list_configs
from shared.storage.policies import find_policies, forget_policies, save_provider_policy
from shared.web.fastapi import StrictRoute, admin
from shared.web.keys import KeyTrial, read_key


def routes(services: Services) -> APIRouter:
    """`GET /providers`, `GET` and `PUT /providers/{provider}`."""
    router = APIRouter(route_class=StrictRoute)
    Admin = Annotated[Caller, Depends(admin(services))]  # noqa: N806 - a type

    @router.get("/providers")
    async def provider_policies(_who: Admin) -> ProviderPoliciesAnswer:
        """What holds for each provider. None is left out, so whatever is not decided is shown as it is."""
        forget_policies(services.table)
        policies = await find_policies(services.table)
        shared = {config.provider: config for config in await list_configs(services.table, INSTALLATION)}
        answers = [ProviderPolicyAnswer.of(row.name, policies.of(row.id), shared.get(row.id)) for row in PROVIDERS]
        return ProviderPoliciesAnswer(providers=answers)

    @router.get("/providers/{provider}")
    async def provider_policy(provider: str, _who: Admin) -> ProviderPolicyAnswer:
        """What holds for a provider."""
        row = get_named_provider(provider, None)
        forget_policies(services.table)
        policy = (await find_policies(services.table)).of(row.id)
        return ProviderPolicyAnswer.of(row.name, policy, await _find_shared(services, row))

    @router.put("/providers/{provider}")
    async def change_provider(provider: str, body: ProviderBody, who: Admin) -> ChangedPolicyAnswer:
        """Switch a provider on or off, hold it to some models, share a key. What is left out stays; effective within five seconds."""
        row = get_named_provider(provider, None)
        forget_policies(services.table)
        before = (await find_policies(services.table)).of(row.id)
        policy = _changed(before, body)
        if "sharing" in body.model_fields_set:
            has_key = await _will_have_key(services, row, body)
            await check_sharing(services, row, before.sharing, policy.sharing, has_key=has_key)
        trial = await _change_key(services, who, row, body) if "shared_key" in body.model_fields_set else None
        if body.model_fields_set - {"shared_key"}:
            await save_provider_policy(services.table, policy)
            await _note(services, who, before, policy)
        answer = ProviderPolicyAnswer.of(row.name, policy, await _find_shared(services, row))
        return ChangedPolicyAnswer(**dict(answer), test_result=KeyTrial.of(trial) if trial else None)

    return router


def _changed(policy: ProviderPolicy, body: ProviderBody) -> ProviderPolicy:
    named = body.model_fields_set
    if "is_enabled" in named and body.is_enabled is None:
        raise InvalidRequest("`isEnabled` cannot be null. Leave it out to keep it.", parameter="isEnabled")
    return replace(
        policy,
        is_enabled=policy.is_enabled if body.is_enabled is None else body.is_enabled,
        models=_models(body) if "models" in named else policy.models,
        sharing=changed_sharing(policy.sharing, body.sharing) if "sharing" in named else policy.sharing,
    )


def _models(body: ProviderBody) -> tuple[str, ...] | None:
    return None if body.models is None else tuple(dict.fromkeys(body.models))


async def _will_have_key(services: Services, row: Provider, body: ProviderBody) -> bool:
    """Once this change is done."""
    if "shared_key" in body.model_fields_set:
        return body.shared_key is not None
    return await _find_shared(services, row) is not None


async def _change_key(services: Services, who: Caller, row: Provider, body: ProviderBody) -> Trial | None:
    found = await find_config(services.table, INSTALLATION, row.id, consistent=True)
    if body.shared_key is not None:
        return await _store_key(services, who, row, body.shared_key, found)
    if found is not None:
        await delete_config(services.table, found)
        services.vault.forget(found.id)
        await services.table.scrub(thoroughly=False)
        await note_deed(services.audit, who, "admin.shared_key_forgotten", subject=found.id, provider=row.id)
    return None


async def _store_key(
    services: Services, who: Caller, row: Provider, body: SharedKeyBody, found: ProviderConfig | None
) -> Trial | None:
    """Sealed like any other key, under the installation's name."""
    if body.api_key is None and row.needs_key:
        raise InvalidRequest(f"{row.name} needs `sharedKey.apiKey`", parameter="sharedKey.apiKey")
    config = found or new_config(INSTALLATION, row, services.now())
    after = replace(config, base_url=body.base_url)
    saved, trial = await store(services, row, config, after, key=read_key(body.api_key), test=body.test)
    await note_deed(
        services.audit,
        who,
        "admin.shared_key_stored",
        subject=saved.id,
        provider=row.id,
        fingerprint=saved.fingerprint,
        version=str(saved.key_version),
    )
    return trial


async def _note(services: Services, who: Caller, before: ProviderPolicy, after: ProviderPolicy) -> None:
    """What changed, with its values."""
    shown = [
        {"is_enabled": policy.is_enabled, "models": policy.models, "sharing.to": policy.sharing.to}
        for policy in (before, after)
    ]
    changed = {
        **differences(*shown),
        **members("sharing.ids", before.sharing.ids, after.sharing.ids),
        **of_limits(before.sharing.limits, after.sharing.limits, "sharing.limits."),
    }
    await note_deed(services.audit, who, "admin.provider_changed", subject=after.provider, **changed)


async def _find_shared(services: Services, row: Provider) -> ProviderConfig | None:
    return await find_config(services.table, INSTALLATION, row.id, consistent=True)
