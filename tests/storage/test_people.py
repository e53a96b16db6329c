"""All accounts, and one change of roles at a time."""

import pytest

from shared.errors import Conflict
from shared.records.account import Account, Role
from shared.storage.accounts import add_account, change_account
from shared.storage.people import LONGEST_TURN, changing_roles, every_account, has_other_admin, list_people
from shared.storage.table import Table


def account(name: str, role: Role = "user") -> Account:
    return Account(name, f"{name}@example.com", "x", role, created_at=1)


async def test_people_come_page_by_page_and_by_a_part_of_their_email(table: Table) -> None:
    for name in ("ann", "bob", "cat"):
        await add_account(table, account(name))
    first, following = await list_people(table, limit=2)
    rest, end = await list_people(table, after=following, limit=2)

    assert [each.owner for each in first + rest] == ["ann", "bob", "cat"]
    assert (following, end) == ("bob", None)
    assert [each.owner for each in (await list_people(table, search="ob@"))[0]] == ["bob"]
    assert [each.owner async for each in every_account(table)] == ["ann", "bob", "cat"]


async def test_an_admin_who_may_not_sign_in_administers_nothing(table: Table) -> None:
    await add_account(table, account("ann", "admin"))
    await add_account(table, account("bob", "admin"))
    assert await has_other_admin(table, "ann")

    await change_account(table, account("bob"), is_active=False)

    assert not await has_other_admin(table, "ann")


async def test_roles_are_changed_by_one_at_a_time(table: Table) -> None:
    async with changing_roles(table, 1_800_000_000.0):
        with pytest.raises(Conflict):
            async with changing_roles(table, 1_800_000_000.0):
                pytest.fail("two had the turn at once")

    async with changing_roles(table, 1_800_000_000.0):
        pass


async def test_a_turn_of_who_died_ends(table: Table) -> None:
    dead = changing_roles(table, 1_800_000_000.0)
    await dead.__aenter__()

    async with changing_roles(table, 1_800_000_000.0 + LONGEST_TURN):
        await dead.__aexit__(None, None, None)
        with pytest.raises(Conflict):
            async with changing_roles(table, 1_800_000_001.0):
                pytest.fail("the dead one gave the turn of another away")
