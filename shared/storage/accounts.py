"""Accounts and their sessions in the table.

There is no transaction. An account is written first and its e-mail claimed last, so an account exists once its e-mail says so, and whoever
loses the race for an e-mail wipes what they wrote. A session is found by its id; its word under its owner is written first.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from shared.errors import Conflict
from shared.records.account import Account, Role, SignIn
from shared.storage import layout
from shared.storage.returning import apply_limits, forget_kept
from shared.storage.table import Absent, AllOf, Change, Compare, ConditionFailed, Item, Key, Present, Table, Value


async def add_account(table: Table, account: Account) -> None:
    """Keep a new account.

    Raises:
        Conflict: the e-mail has one already.
    """
    await _write_account(table, account)
    claim = _item(layout.email(account.email), {"owner": account.owner})
    try:
        await table.put(claim, when=Absent("pk"))
    except ConditionFailed as taken:
        await table.delete(layout.person(account.owner))
        await table.delete(layout.account(account.owner))
        await table.delete(layout.user_limits(account.owner))
        raise Conflict("That e-mail has an account already. Sign in.") from taken
    await forget_kept(table, account)


async def keep_account(table: Table, account: Account) -> None:
    """Keep an account whose e-mail nobody else can have: another directory sees to that."""
    await _write_account(table, account)
    await forget_kept(table, account)


async def _write_account(table: Table, account: Account) -> None:
    """What limited somebody of that e-mail before holds from the first moment. Listed first: who goes over everybody misses nobody."""
    await apply_limits(table, account)
    await table.put(_item(layout.person(account.owner), {"email": account.email}))
    await table.put(_item(layout.account(account.owner), asdict(account)))


async def find_account(table: Table, owner: str) -> Account | None:
    """The account of that owner."""
    item = await table.get(layout.account(owner), consistent=True)
    return Account(**_fields(item)) if item else None


async def find_account_by_email(table: Table, email: str) -> Account | None:
    """The account with that normalised e-mail. Two reads, whether there is one or not."""
    claim = await table.get(layout.email(email), consistent=True)
    return await find_account(table, str(claim["owner"]) if claim else "nobody")


async def list_owners(table: Table) -> AsyncIterator[str]:
    """Everybody who has an account, in no order that means anything."""
    listing, after = layout.people(), None
    while True:
        page = await table.query(listing.pk, prefix=listing.prefix, after=after)
        for item in page.items:
            yield str(item["sk"])
        after = page.after
        if after is None:
            return


async def owners_page(table: Table, *, after: str | None, limit: int) -> tuple[list[str], str | None]:
    """Some of them, behind the place `after`, and the place to go on behind."""
    page = await table.query(layout.people().pk, after=after, limit=limit)
    return [str(item["sk"]) for item in page.items], page.after


async def change_account(
    table: Table,
    account: Account,
    *,
    role: Role | None = None,
    password: str | None = None,
    is_active: bool | None = None,
) -> Account | None:
    """Write another role, another hash of the password, or whether they may sign in; the account as it is afterwards, or None if it is gone."""
    changes: dict[str, Value] = {"role": role, "password": password, "is_active": is_active}
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        item = await table.update(layout.account(account.owner), Change(set=given), when=Present("pk"))
    except ConditionFailed:
        return None
    return Account(**_fields(item))


async def crown_if_first(table: Table, account: Account) -> Account:
    """Make the very first account admin: who claims the one place, exactly one under any concurrency, is crowned, once.

    A crash between claim and crown is mended when that account signs in again; a crown taken away later stays away.
    """
    if not await is_to_be_crowned(table, account.owner):
        return account
    admin = await change_account(table, account, role="admin")
    await note_crowned(table)
    return admin or account


async def is_to_be_crowned(table: Table, owner: str) -> bool:
    """Whether this is the very first account, and not admin yet. Asking claims the place, for exactly one."""
    place = await table.get(layout.first_admin(), consistent=True) or await _claim_first(table, owner)
    return place["owner"] == owner and not place["crowned"]


async def note_crowned(table: Table) -> None:
    """The first account is admin now; this never happens again."""
    await table.update(layout.first_admin(), Change(set={"crowned": True}))


async def _claim_first(table: Table, owner: str) -> Item:
    place = _item(layout.first_admin(), {"owner": owner, "crowned": False})
    try:
        await table.put(place, when=Absent("pk"))
    except ConditionFailed as taken:
        return taken.item or place
    return place


async def add_sign_in(table: Table, session: SignIn) -> None:
    """Keep a new session."""
    word = {"expires_at": session.expires_at}
    await table.put(_item(layout.session_of(session.owner, session.id), word))
    given = {name: value for name, value in asdict(session).items() if value is not None}
    await table.put(_item(layout.session(session.id), given))


async def find_sign_in(table: Table, session_id: str) -> SignIn | None:
    """The session, unless it has ended."""
    item = await table.get(layout.session(session_id), consistent=True)
    return SignIn(**_fields(item)) if item else None


async def follow_refresh(
    table: Table, session: SignIn, refresh: bytes, *, continues: bytes | None = None
) -> SignIn | None:
    """Let a new refresh token follow the newest; None if another did meanwhile, or the session has ended."""
    newest = AllOf((Present("pk"), Compare("refresh", "=", session.refresh)))
    change: dict[str, Value] = {"refresh": refresh}
    if continues is not None:
        change["continues"] = continues
    try:
        await table.update(layout.session(session.id), Change(set=change), when=newest)
    except ConditionFailed:
        return None
    return replace(session, refresh=refresh, continues=continues)


async def end_sign_in(table: Table, owner: str, session_id: str) -> None:
    """The session is over; none of its tokens is good any more."""
    await table.delete(layout.session(session_id))
    await table.delete(layout.session_of(owner, session_id))


async def end_sign_ins(table: Table, owner: str) -> None:
    """All of the owner's sessions are over."""
    listing = layout.sessions(owner)
    while items := (await table.query(listing.pk, prefix=listing.prefix)).items:
        for item in items:
            await end_sign_in(table, owner, str(item["sk"]).removeprefix(listing.prefix))


async def remove_account(table: Table, owner: str) -> None:
    """Forget the person; the e-mail is free again. Whoever was the first admin stays written as such, by an id that leads nowhere."""
    account = await find_account(table, owner)
    if account is not None:
        await table.delete(layout.email(account.email))
    await table.delete(layout.person(owner))
    await table.delete(layout.account(owner))


def _item(key: Key, fields: Mapping[str, Value]) -> Item:
    return {"pk": key.pk, "sk": key.sk, **fields}


def _fields(item: Item) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in {"pk", "sk"}}
