"""What admins limited of somebody who left, kept for when the same e-mail signs up again: else leaving would wash limits away, and what was spent of them.

It lies under a digest of the e-mail, keyed with the installation's secret: no e-mail and no account is kept. `scope` names where was counted
what they used, by the id of their account of then, which leads nowhere; who comes back goes on there.
"""

from contextlib import suppress
from typing import Final

from shared.records.account import Account
from shared.records.limits import Limits
from shared.storage import layout
from shared.storage.installation import digest_of_email
from shared.storage.policies import DEFAULT_USER, find_policies
from shared.storage.table import Absent, ConditionFailed, Item, Table

_PLACE: Final = frozenset({"pk", "sk", "id"})
_LIMITING: Final = frozenset({"scope", *Limits.__dataclass_fields__})


async def keep_limits(table: Table, account: Account) -> None:
    """Before the account is erased: keep what limits it, by name or like all others. Begun again, it keeps what it kept."""
    key = layout.limits_left(await digest_of_email(table, account.email))
    own = await table.get(layout.user_limits(account.owner), consistent=True)
    by_name = own is not None and not _LIMITING.isdisjoint(own)
    by_default = ("user", DEFAULT_USER) in (await find_policies(table)).limits
    if not by_name and not by_default:
        return
    kept: Item = {"pk": key.pk, "sk": key.sk, "kind": "user", "scope": account.owner, **_fields(own or {})}
    spare = layout.spared_scope(str(kept["scope"]))
    await table.put({"pk": spare.pk, "sk": spare.sk})
    with suppress(ConditionFailed):  # it was interrupted, and their own limits are there already
        await table.put(kept, when=None if by_name else Absent("pk"))


async def spared(table: Table, owner: str) -> bool:
    """What is counted under that id goes on counting, though its account is gone."""
    return await table.get(layout.spared_scope(owner), consistent=True) is not None


async def apply_limits(table: Table, account: Account) -> None:
    """Before a new account can be used: what was kept of that e-mail limits it, too."""
    kept = await table.get(layout.limits_left(await digest_of_email(table, account.email)), consistent=True)
    if kept is not None:
        key = layout.user_limits(account.owner)
        await table.put({"pk": key.pk, "sk": key.sk, "id": account.owner, **_fields(kept)})


async def forget_kept(table: Table, account: Account) -> None:
    """They are back: what holds for them lies under their account again."""
    await table.delete(layout.limits_left(await digest_of_email(table, account.email)))


def _fields(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in _PLACE}
