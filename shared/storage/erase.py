"""Everything that is kept of an owner, taken away. Threat K10: without its wrapped data key a provider key opens nowhere, in no copy."""

from shared.records.limits import Scope
from shared.storage import layout
from shared.storage.accounts import end_sign_ins, find_account, remove_account
from shared.storage.admission import forget_scope
from shared.storage.configs import delete_config, list_configs
from shared.storage.policies import forget_policies
from shared.storage.returning import keep_limits
from shared.storage.table import Key, Table
from shared.storage.tokens import delete_token, list_tokens


async def erase_owner(table: Table, owner: str) -> int:
    """What can still act goes first: access tokens, sessions, provider keys; then all else under their name, and the account.

    What admins limited of them is kept for when they come back (`returning`). Interrupted, it is begun again. The number of items that were left under the name at the end of the first three.
    """
    account = await find_account(table, owner)
    limits_stay = account is not None and await keep_limits(table, account)
    while tokens := await list_tokens(table, owner):
        for token in tokens:
            await delete_token(table, token)
    await end_sign_ins(table, owner)
    for config in await list_configs(table, owner):
        await delete_config(table, config)
    await table.delete(layout.user_limits(owner))
    forget_policies(table)
    left = await _forget_all(table, layout.owned(owner))
    if not limits_stay:
        await forget_scope(table, Scope("user", owner))
    await remove_account(table, owner)
    return left


async def _forget_all(table: Table, listing: layout.Listing) -> int:
    forgotten = 0
    while items := (await table.query(listing.pk, prefix=listing.prefix)).items:
        for item in items:
            await table.delete(Key(str(item["pk"]), str(item["sk"])))
        forgotten += len(items)
    return forgotten
