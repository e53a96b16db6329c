"""Everything that is kept of an owner, taken away. Threat K10: without its wrapped data key a provider key opens nowhere, in no copy.

They are buried first: from then on nobody signs in, and what another process writes in their name all the same, because it has not heard
of it yet or carries a chat of theirs to its end, is erased again until nothing comes any more.
"""

from shared.records.limits import Scope
from shared.storage import layout
from shared.storage.accounts import change_account, end_sign_ins, find_account, remove_account
from shared.storage.admission import forget_scope
from shared.storage.configs import delete_config, list_configs
from shared.storage.holdings import forget_holdings
from shared.storage.policies import forget_policies
from shared.storage.returning import keep_limits, spared
from shared.storage.table import Key, Table
from shared.storage.tokens import delete_token, list_tokens
from shared.storage.tombstones import bury, due_tombstones, put_off, remove, try_soon


async def bury_owner(table: Table, owner: str, *, now: float) -> None:
    """They leave: nobody signs in as them any more, and whatever is theirs will be erased, should whoever does it now be interrupted."""
    await bury(table, owner, [token.id for token in await list_tokens(table, owner)], now=now)
    account = await find_account(table, owner)
    if account is not None:
        await change_account(table, account, is_active=False)


async def erase_owner(table: Table, owner: str, *, tokens: frozenset[str] = frozenset()) -> int:
    """What can still act goes first: access tokens, sessions, provider keys; then all else under their name, and the account.

    What admins limited of them is kept for when they come back, and where it is counted with it. Interrupted, it is begun again. `tokens` are ids of those
    that went before. How many things were found.
    """
    found = 0
    account = await find_account(table, owner)
    if account is not None:
        await keep_limits(table, account)
    while living := await list_tokens(table, owner):
        for token in living:
            await delete_token(table, token)
        tokens |= {token.id for token in living}
        found += len(living)
    await end_sign_ins(table, owner)
    for config in await list_configs(table, owner):
        await delete_config(table, config)
        found += 1
    await _forget_all(table, layout.listed_configs_of(owner))
    await table.delete(layout.user_limits(owner))
    forget_policies(table)
    found += await _forget_all(table, layout.owned(owner))
    await table.delete(layout.countries(owner))
    scopes = [Scope("token", token) for token in sorted(tokens)]
    for scope in scopes if await spared(table, owner) else (Scope("user", owner), *scopes):
        await forget_scope(table, scope)
        await forget_holdings(table, scope)
    await remove_account(table, owner)
    return found


async def erase_again(table: Table, now: float) -> int:
    """What was written since in the name of somebody who left. How many things were found."""
    found = 0
    async for stone in due_tombstones(table, now):
        tokens = stone.tokens | {token.id for token in await list_tokens(table, stone.owner)}
        these = await erase_owner(table, stone.owner, tokens=tokens)
        if stone.is_over(now) and not these:
            await remove(table, stone)
        elif (stone.is_clean and not these) or await table.scrub(thoroughly=True):
            await put_off(table, stone, tokens, now=now)
        else:
            await try_soon(table, stone, tokens)
        found += these
    return found


async def _forget_all(table: Table, listing: layout.Listing) -> int:
    forgotten = 0
    while items := (await table.query(listing.pk, prefix=listing.prefix)).items:
        for item in items:
            await table.delete(Key(str(item["pk"]), str(item["sk"])))
        forgotten += len(items)
    return forgotten
