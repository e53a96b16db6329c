"""Provider configs in the table: each under its owner, and an entry in the installation's list that it exists.

There is no transaction: the entry is written first and wiped last, and an entry without its config says nothing.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import msgspec

from shared.crypto.vault import SealedKey
from shared.errors import Conflict
from shared.records.config import ChatSettings, KeyStatus, OwnPrice, ProviderConfig
from shared.storage.layout import Listing, listed_config, listed_configs, provider_config, provider_configs
from shared.storage.table import Absent, AllOf, AnyOf, Change, Compare, Condition, ConditionFailed, Item, Table

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ChatSettings).decode
_decode_prices = msgspec.json.Decoder(dict[str, OwnPrice]).decode
_CHANGED = "The config was changed meanwhile. Read it again and repeat the change."


async def find_config(table: Table, owner: str, provider: str, *, consistent: bool = False) -> ProviderConfig | None:
    """The owner's config of that provider (its id, not an alias)."""
    item = await table.get(provider_config(owner, provider), consistent=consistent)
    return _record(item) if item else None


async def list_configs(table: Table, owner: str) -> list[ProviderConfig]:
    """All configs of the owner, by provider."""
    return [_record(item) async for item in _items(table, provider_configs(owner))]


async def every_config(table: Table) -> AsyncIterator[ProviderConfig]:
    """All configs of the installation."""
    async for entry in _items(table, listed_configs()):
        config = await find_config(table, str(entry["owner"]), str(entry["provider"]), consistent=True)
        if config:
            yield config


async def configs_page(table: Table, *, after: str | None, limit: int) -> tuple[list[tuple[str, str]], str | None]:
    """Owner and provider of configs of the installation, behind the place `after`, and the place to go on behind."""
    page = await table.query(listed_configs().pk, after=after, limit=limit)
    return [(str(entry["owner"]), str(entry["provider"])) for entry in page.items], page.after


async def save_config(table: Table, config: ProviderConfig) -> ProviderConfig:
    """Write the config in place of the revision that it was made from; the config as it lies there now.

    Raises:
        Conflict: somebody else wrote it meanwhile. Nothing was written.
    """
    saved = replace(config, revision=config.revision + 1)
    if not config.revision:
        entry = listed_config(config.owner, config.provider)
        await table.put({"pk": entry.pk, "sk": entry.sk, "owner": config.owner, "provider": config.provider})
    key = provider_config(config.owner, config.provider)
    try:
        await table.put({"pk": key.pk, "sk": key.sk, **_attributes(saved)}, when=_unchanged(config))
    except ConditionFailed as error:
        raise Conflict(_CHANGED) from error
    return saved


async def mark_key(table: Table, config: ProviderConfig, status: KeyStatus) -> None:
    """Note what was learnt of the key, unless another key is there by now."""
    if config.key_status == status:
        return
    this_key = Compare("key", "=", _key_name(config))
    try:
        await table.update(
            provider_config(config.owner, config.provider),
            Change(set={"key_status": status}, increase={"revision": 1}),
            when=this_key,
        )
    except ConditionFailed:
        return


async def cool_down(table: Table, config: ProviderConfig, until: int) -> None:
    """Let the key rest until then (epoch seconds), unless another key is there by now. A longer rest stays."""
    shorter = AnyOf((Absent("cooling_until"), Compare("cooling_until", "<", until)))
    try:
        await table.update(
            provider_config(config.owner, config.provider),
            Change(set={"cooling_until": until}),
            when=AllOf((Compare("key", "=", _key_name(config)), shorter)),
        )
    except ConditionFailed:
        return


async def delete_config(table: Table, config: ProviderConfig) -> None:
    """Forget config and key, the wrapped data key with it (threat K10), then the entry."""
    try:
        await table.delete(provider_config(config.owner, config.provider), when=Compare("id", "=", config.id))
    except ConditionFailed:
        return
    await table.delete(listed_config(config.owner, config.provider))


async def _items(table: Table, listing: Listing) -> AsyncIterator[Item]:
    page = await table.query(listing.pk, prefix=listing.prefix)
    while True:
        for item in page.items:
            yield item
        if page.after is None:
            return
        page = await table.query(listing.pk, prefix=listing.prefix, after=page.after)


def _unchanged(config: ProviderConfig) -> Condition:
    return Compare("revision", "=", config.revision) if config.revision else Absent("pk")


def _key_name(config: ProviderConfig) -> str:
    return f"{config.id}#{config.key_version}"


def _attributes(config: ProviderConfig) -> Item:
    return {
        "owner": config.owner,
        "id": config.id,
        "provider": config.provider,
        "created_at": config.created_at,
        "updated_at": config.updated_at,
        "base_url": config.base_url,
        "models": config.models,
        "settings": _encode(config.settings).decode(),
        "prices": _encode(config.prices).decode(),
        "is_active": config.is_active,
        "sealed": config.sealed.envelope if config.sealed else None,
        "key_version": config.key_version,
        "key": _key_name(config),
        "fingerprint": config.fingerprint,
        "key_status": config.key_status,
        "revision": config.revision,
        "cooling_until": config.cooling_until,
    }


def _record(item: Item) -> ProviderConfig:
    fields: dict[str, Any] = {name: value for name, value in item.items() if name not in {"pk", "sk", "key"}}
    fields["models"] = tuple(fields["models"])
    fields["settings"] = _decode(fields["settings"])
    fields["prices"] = _decode_prices(fields.get("prices", "{}"))
    fields["sealed"] = SealedKey(bytes(fields["sealed"])) if fields["sealed"] is not None else None
    return ProviderConfig(**fields)
