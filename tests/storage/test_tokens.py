import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.records.token import AccessToken
from shared.storage.table import Table
from shared.storage.tokens import (
    add_token,
    change_token,
    delete_token,
    find_owned_token,
    find_token,
    list_tokens,
)

FULL = AccessToken(
    id="full",
    owner="alice",
    name="laptop",
    digest=bytes(range(32)),
    created_at=10,
    updated_at=10,
    providers=("openai", "anthropic"),
    models=(),
    requests_per_minute=5,
    tokens_per_minute=6,
    max_concurrent=7,
    budget_usd=Decimal("0.10"),
    budget_period="week",
    expires_at=20,
)
BARE = AccessToken(id="bare", owner="alice", name="desk", digest=bytes(32), created_at=5, updated_at=5)


@pytest.mark.parametrize("token", [FULL, BARE])
async def test_a_token_reads_back_as_it_was_kept_even_when_it_has_expired(table: Table, token: AccessToken) -> None:
    await add_token(table, token)

    assert await find_token(table, token.id) == token


async def test_a_list_has_the_owners_alone_the_oldest_first(table: Table) -> None:
    for token in (FULL, BARE, replace(FULL, id="foreign", owner="bob")):
        await add_token(table, token)

    assert await list_tokens(table, "alice") == [BARE, FULL]
    assert await find_owned_token(table, "alice", "foreign") is None


async def test_a_change_keeps_id_owner_and_birth(table: Table) -> None:
    """Threat I4."""
    await add_token(table, FULL)
    wanted = replace(BARE, name="new", owner="bob", id="bare", created_at=1, updated_at=30)

    changed = await change_token(table, FULL, wanted)

    assert changed == replace(BARE, id="full", name="new", created_at=10, updated_at=30)
    assert await find_token(table, "full") == changed
    assert await find_token(table, "bare") is None


async def test_what_is_gone_is_not_changed_back_into_being(table: Table) -> None:
    await add_token(table, FULL)
    await delete_token(table, FULL)
    await delete_token(table, FULL)

    assert await change_token(table, FULL, replace(FULL, name="ghost")) is None
    assert await find_token(table, "full") is None
    assert await list_tokens(table, "alice") == []


async def test_two_changes_of_different_fields_both_hold(table: Table) -> None:
    await add_token(table, FULL)

    await asyncio.gather(
        change_token(table, FULL, replace(FULL, name="renamed")),
        change_token(table, FULL, replace(FULL, requests_per_minute=99)),
    )

    assert await find_token(table, "full") == replace(FULL, name="renamed", requests_per_minute=99)
