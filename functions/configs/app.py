"""The configs door: an owner's providers, their keys and settings, and the routes over them. Keys go in and are sealed; they come out of no route here."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Response, status

from functions.configs.change import changed
from functions.configs.rewrap import rewrap_some
from functions.configs.routes import named_routes
from functions.configs.schemas import ConfigAnswer, ConfigBody, ConfigsAnswer, RewrapAnswer, RotateBody, StoredAnswer
from functions.configs.told import told
from shared.errors import InvalidRequest, NotFound
from shared.gateway.asking.store import new_config, store
from shared.gateway.targets.named import get_named_provider
from shared.gateway.targets.permits import may_see, permit_all, permit_prices, permit_provider
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.providers.provider import Provider
from shared.records.audit import Action
from shared.records.config import ProviderConfig
from shared.services import Services
from shared.storage.configs import delete_config, find_config, list_configs
from shared.web.fastapi import StrictRoute, admin, caller, new_door
from shared.web.keys import read_key

_PREFIXES = ("/api/provider-configs", "/api/provider-config")
"""Plural, and singular for clients written so."""


def create_app(services: Services) -> FastAPI:
    """The door. Nothing is opened before the first request."""
    app = new_door(services, title="Provider configs")
    for prefix in _PREFIXES:
        app.include_router(_reading(services), prefix=prefix, tags=["Provider keys"])
        app.include_router(_writing(services), prefix=prefix, tags=["Provider keys"])
    app.include_router(named_routes(services), prefix="/api/routes", tags=["Routes"])
    app.include_router(_administering(services), tags=["Admin"])
    return app


def _reading(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StrictRoute)
    ask = Depends(caller(services))

    @routes.get("")
    async def all_configs(who: Caller = ask) -> ConfigsAnswer:
        """All configs of the caller; a fingerprint in place of each key."""
        configs = await list_configs(services.table, who.owner)
        return ConfigsAnswer(configs=[ConfigAnswer.of(config) for config in configs if may_see(who, config.provider)])

    @routes.get("/{provider}")
    async def one_config(provider: str, who: Caller = ask) -> ConfigAnswer:
        """The config of that provider."""
        row = get_named_provider(provider, None)
        permit_provider(who, row)
        return ConfigAnswer.of(await _get_config(services, who, row))

    return routes


def _writing(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StrictRoute)
    ask = Depends(caller(services))

    @routes.post("", status_code=status.HTTP_201_CREATED)
    @routes.post("/{provider}", status_code=status.HTTP_201_CREATED)
    async def store_key(body: ConfigBody, provider: str | None = None, who: Caller = ask) -> StoredAnswer:
        """Store a key with its settings. The provider is asked first, and a key that it refuses is not stored."""
        _permit(who, body)
        row = get_named_provider(provider, body.provider)
        if body.api_key is None and row.needs_key:
            raise InvalidRequest(f"{row.name} needs `apiKey`", parameter="apiKey")
        found = await find_config(services.table, who.owner, row.id, consistent=True)
        config = found or new_config(who.owner, row, services.now())
        answer = await _stored(services, row, config, body)
        await _note(services, who, "config.stored", answer, **told(config, changed(config, body)))
        return answer

    @routes.put("")
    @routes.put("/{provider}")
    async def change_config(body: ConfigBody, provider: str | None = None, who: Caller = ask) -> StoredAnswer:
        """Change what is named. A new `baseUrl` needs the key again, since a key is bound to where it may be sent."""
        _permit(who, body)
        row = get_named_provider(provider, body.provider)
        config = await _get_config(services, who, row)
        answer = await _stored(services, row, config, body)
        action: Action = "config.changed" if body.api_key is None else "config.rotated"
        await _note(services, who, action, answer, **told(config, changed(config, body)))
        return answer

    @routes.post("/{provider}/rotate")
    async def rotate_key(body: RotateBody, provider: str, who: Caller = ask) -> StoredAnswer:
        """A new key takes over in one write: until then the old one serves, from then on the new one."""
        permit_all(who)
        row = get_named_provider(provider, None)
        config = await _get_config(services, who, row)
        kept = await store(services, row, config, config, key=read_key(body.api_key), test=body.test)
        await _note(services, who, "config.rotated", answer := StoredAnswer.of(*kept))
        return answer

    @routes.delete("/{provider}", status_code=status.HTTP_204_NO_CONTENT)
    async def forget_config(provider: str, who: Caller = ask) -> Response:
        """Forget config and key for good."""
        permit_all(who)
        config = await _get_config(services, who, get_named_provider(provider, None))
        await delete_config(services.table, config)
        services.vault.forget(config.id)
        await services.table.scrub(thoroughly=False)
        await note_deed(services.audit, who, "config.forgotten", subject=config.id, provider=config.provider)
        return Response(status_code=status.HTTP_204_NO_CONTENT)

    return routes


def _administering(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StrictRoute)

    @routes.post("/api/admin/encryption/rewrap")
    async def rewrap_keys(
        who: Annotated[Caller, Depends(admin(services))],
        after: Annotated[
            str | None, Query(min_length=1, max_length=400, description="`next` of the call before.")
        ] = None,
    ) -> RewrapAnswer:
        """Wrap data keys anew by the newest master key, some at a time, until `next` is null. Nothing is opened for it."""
        tally, following = await rewrap_some(services, after)
        counts = asdict(tally)
        told = {name: str(count) for name, count in counts.items()}
        await note_deed(services.audit, who, "encryption.rewrapped", **told, done="no" if following else "yes")
        return RewrapAnswer(**counts, next=following)

    return routes


def _permit(who: Caller, body: ConfigBody) -> None:
    permit_all(who)
    if "prices" in body.model_fields_set:
        permit_prices(who)


async def _note(services: Services, who: Caller, action: Action, answer: StoredAnswer, **more: str) -> None:
    config = answer.config
    await note_deed(
        services.audit,
        who,
        action,
        subject=config.id,
        provider=config.provider,
        fingerprint=config.fingerprint,
        version=str(config.key_version),
        **more,
    )


async def _stored(services: Services, row: Provider, config: ProviderConfig, body: ConfigBody) -> StoredAnswer:
    after = changed(config, body)
    return StoredAnswer.of(*await store(services, row, config, after, key=read_key(body.api_key), test=body.test))


async def _get_config(services: Services, who: Caller, row: Provider) -> ProviderConfig:
    config = await find_config(services.table, who.owner, row.id, consistent=True)
    if config is None:
        raise NotFound(
            f"No key of {row.name} is stored: POST /api/provider-configs stores one.", details={"parameter": "provider"}
        )
    return config
