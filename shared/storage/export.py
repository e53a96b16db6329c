"""Everything that is kept of an owner, as they may have it: their account, every item under their name, their access tokens, what they did.

Bytes are left out wherever they stand, for whatever is kept as bytes is sealed, or a digest: no key leaves with an export, however a
record to come may name its fields (threat K6).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from shared.records.audit import AuditEntry
from shared.storage import layout
from shared.storage.accounts import find_account
from shared.storage.audit import every_entry
from shared.storage.table import Item, Table, Value
from shared.storage.tokens import list_tokens

_OURS: Final = frozenset({"pk", "expires_at"})
"""Where an item lies is our affair."""


@dataclass(frozen=True, slots=True)
class Export:
    """`items` by their place under the owner's name; `deeds` are entries of the audit log."""

    account: dict[str, Any]
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    deeds: list[dict[str, Any]] = field(default_factory=list)


async def export_owner(table: Table, owner: str) -> Export:
    """All of it, as JSON has it: amounts as text, so that none is rounded."""
    account = await find_account(table, owner)
    export = Export(
        {}
        if account is None
        else {
            "id": account.owner,
            "email": account.email,
            "role": account.role,
            "is_active": account.is_active,
            "created_at": account.created_at,
        }
    )
    async for item in _items(table, owner):
        export.items[str(item["sk"])] = _shown(item)
    for token in await list_tokens(table, owner):
        key = layout.access_token_of(owner, token.id)
        export.items[key.sk] = _shown(await table.get(layout.access_token(token.id), consistent=True) or {})
    for name, place in (("LIMITS", layout.user_limits(owner)), ("COUNTRIES", layout.countries(owner))):
        found = await table.get(place, consistent=True)
        if found is not None:
            export.items[name] = _shown(found)
    async for entry in every_entry(table):
        if owner in {entry.actor, entry.subject}:
            export.deeds.append(_deed(entry))
    return export


async def _items(table: Table, owner: str) -> AsyncIterator[Item]:
    listing, after = layout.owned(owner), None
    while True:
        page = await table.query(listing.pk, prefix=listing.prefix, after=after)
        for item in page.items:
            yield item
        if page.after is None:
            return
        after = page.after


def _deed(entry: AuditEntry) -> dict[str, Any]:
    return {"number": entry.number, "at": entry.at, "action": entry.action, "details": dict(entry.details)}


def _shown(item: Item) -> dict[str, Any]:
    fields = {name: value for name, value in item.items() if name not in {*_OURS, "sk"}}
    return {name: _plain(value) for name, value in fields.items() if not _is_secret(value)}


def _is_secret(value: Value) -> bool:
    return isinstance(value, bytes | bytearray | memoryview)


def _plain(value: Value) -> Any:
    match value:
        case Decimal():
            return f"{value:f}"
        case frozenset():
            return sorted(value)
        case Mapping():
            return {name: _plain(member) for name, member in value.items() if not _is_secret(member)}
        case str():
            return value
        case Sequence():
            return [_plain(member) for member in value if not _is_secret(member)]
        case _:
            return value
