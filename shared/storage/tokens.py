"""Access tokens in the table: the token by its id, and a word under its owner that it exists.

There is no transaction: the word is written first and wiped last, and a word without its token says nothing.
"""

from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any, cast

from shared.records.limits import Scope
from shared.records.token import AccessToken
from shared.storage import layout
from shared.storage.admission import forget_scope
from shared.storage.table import AllOf, Change, Compare, Condition, ConditionFailed, Item, Present, Table

MOST_TOKENS = 100
"""Of one owner. A page of the table, so that a list is one query."""


async def find_token(table: Table, token_id: str) -> AccessToken | None:
    """The token with that id, whoever owns it."""
    item = await table.get(layout.access_token(token_id), consistent=True)
    return _record(item) if item else None


async def find_owned_token(table: Table, owner: str, token_id: str) -> AccessToken | None:
    """The token, if it is theirs: another's looks as if it were not there (threat I3)."""
    token = await find_token(table, token_id)
    return token if token and token.owner == owner else None


async def list_tokens(table: Table, owner: str) -> list[AccessToken]:
    """All tokens of the owner, the oldest first."""
    listing = layout.access_tokens(owner)
    page = await table.query(listing.pk, prefix=listing.prefix, limit=MOST_TOKENS)
    ids = [str(item["sk"]).removeprefix(listing.prefix) for item in page.items]
    tokens = [await find_owned_token(table, owner, token_id) for token_id in ids]
    return sorted((token for token in tokens if token), key=lambda token: (token.created_at, token.id))


async def add_token(table: Table, token: AccessToken) -> None:
    """Keep a new token."""
    word = layout.access_token_of(token.owner, token.id)
    await table.put({"pk": word.pk, "sk": word.sk})
    key = layout.access_token(token.id)
    await table.put({"pk": key.pk, "sk": key.sk, **_attributes(token)})


async def change_token(table: Table, old: AccessToken, new: AccessToken) -> AccessToken | None:
    """Write what differs; the token as it is afterwards, or None if it is gone. Id, owner and birth never change (threat I4)."""
    before, after = _attributes(old), _attributes(replace(new, id=old.id, owner=old.owner, created_at=old.created_at))
    differing = {name: value for name, value in after.items() if value != before.get(name)}
    gone = [name for name in before if name not in after]
    try:
        item = await table.update(
            layout.access_token(old.id), Change(set=differing, remove=gone), when=_still(old.owner)
        )
    except ConditionFailed:
        return None
    return _record(item)


async def delete_token(table: Table, token: AccessToken) -> None:
    """Forget the token, then the word."""
    try:
        await table.delete(layout.access_token(token.id), when=_still(token.owner))
    except ConditionFailed:
        return
    await table.delete(layout.access_token_of(token.owner, token.id))
    await forget_scope(table, Scope("token", token.id))


def _still(owner: str) -> Condition:
    return AllOf((Present("pk"), Compare("owner", "=", owner)))


def _attributes(token: AccessToken) -> Item:
    """Without what is not set. `expires_at` would be the TTL, and a list must still show what has expired."""
    fields = {name: value for name, value in asdict(token).items() if value is not None}
    if "expires_at" in fields:
        fields["valid_until"] = fields.pop("expires_at")
    return fields


def _record(item: Item) -> AccessToken:
    fields: dict[str, Any] = {name: value for name, value in item.items() if name not in {"pk", "sk", "valid_until"}}
    for name, kind in (
        ("providers", tuple),
        ("models", tuple),
        ("routes", tuple),
        ("origins", tuple),
        ("budget_usd", Decimal),
    ):
        if name in fields:
            fields[name] = kind(fields[name])
    return AccessToken(**fields, expires_at=cast("int | None", item.get("valid_until")))
