import asyncio
from dataclasses import replace

from shared.errors import Conflict
from shared.records.account import Account, SignIn
from shared.storage import layout
from shared.storage.accounts import (
    add_account,
    add_sign_in,
    change_account,
    crown_if_first,
    end_sign_in,
    find_account,
    find_account_by_email,
    find_sign_in,
    follow_refresh,
)
from shared.storage.table import Table

ALICE = Account(owner="a1", email="alice@example.com", password="scrypt$…", role="user", created_at=1)
NOW = 1_800_000_000
SESSION = SignIn(id="s1", owner="a1", refresh=b"1" * 32, created_at=NOW, expires_at=NOW + 60)


async def test_an_account_is_found_by_owner_and_by_email(table: Table) -> None:
    await add_account(table, ALICE)

    assert await find_account(table, "a1") == await find_account_by_email(table, ALICE.email) == ALICE
    assert await find_account_by_email(table, "nobody@example.com") is None


async def test_of_many_with_one_email_one_is_kept_and_the_others_leave_nothing(table: Table) -> None:
    people = [replace(ALICE, owner=f"a{number}") for number in range(20)]

    answers = await asyncio.gather(*(add_account(table, one) for one in people), return_exceptions=True)

    kept = [one for one in people if await find_account(table, one.owner)]
    listed = await table.query(layout.people().pk)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 19
    assert kept == [await find_account_by_email(table, ALICE.email)]
    assert [item["sk"] for item in listed.items] == [kept[0].owner]


async def test_of_fifty_at_once_one_is_crowned_and_stays_it(table: Table) -> None:
    people = [replace(ALICE, owner=f"a{number}", email=f"{number}@example.com") for number in range(50)]
    for one in people:
        await add_account(table, one)

    crowned = await asyncio.gather(*(crown_if_first(table, one) for one in people))
    again = [await crown_if_first(table, one) for one in crowned]

    assert sorted(one.role for one in crowned) == ["admin"] + ["user"] * 49
    assert again == list(crowned)
    assert [await find_account(table, one.owner) for one in crowned] == list(crowned)


async def test_what_changes_changes_alone(table: Table) -> None:
    await add_account(table, ALICE)

    assert await change_account(table, ALICE, password="new") == replace(ALICE, password="new")
    assert await change_account(table, ALICE, role="admin") == replace(ALICE, password="new", role="admin")
    assert await change_account(table, replace(ALICE, owner="nobody"), role="admin") is None


async def test_one_refresh_token_is_followed_by_one(table: Table) -> None:
    await add_sign_in(table, SESSION)

    followed = await asyncio.gather(*(follow_refresh(table, SESSION, bytes([n]) * 32) for n in range(10)))

    winners = [one for one in followed if one]
    assert len(winners) == 1
    assert await find_sign_in(table, "s1") == winners[0]


async def test_a_session_that_has_ended_does_not_go_on(table: Table) -> None:
    await add_sign_in(table, SESSION)
    await end_sign_in(table, "a1", "s1")

    assert await find_sign_in(table, "s1") is None
    assert await follow_refresh(table, SESSION, b"2" * 32) is None
