import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import StorageUnavailable, Unauthenticated
from shared.identity.opaque import digest_of, read_id
from shared.identity.tokens import PREFIX, AccessTokens, mint_token
from shared.records.account import Account
from shared.records.token import AccessToken
from shared.storage.accounts import add_account, change_account
from shared.storage.tokens import add_token, delete_token
from tests.fakes.services import CountingTable, FixedClock


async def kept(table: CountingTable, *, expires_at: int | None = None) -> tuple[AccessToken, str]:
    token_id, token = mint_token()
    record = AccessToken(
        token_id,
        "alice",
        "laptop",
        digest_of(token),
        created_at=1,
        updated_at=1,
        expires_at=expires_at,
        models=("a/b",),
    )
    await add_token(table, record)
    return record, token


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def table(clock: FixedClock) -> CountingTable:
    return CountingTable(now=clock)


@pytest.fixture
def tokens(table: CountingTable, clock: FixedClock) -> AccessTokens:
    return AccessTokens(table, now=clock)


async def test_a_good_token_says_whose_it_is_and_what_it_may(tokens: AccessTokens, table: CountingTable) -> None:
    record, token = await kept(table)

    caller = await tokens.verify(token)

    assert (caller.owner, caller.role, caller.token_id, caller.token) == ("alice", "user", record.id, record)
    assert token not in repr(caller)


async def test_a_wrong_checksum_is_refused_without_asking_the_table(tokens: AccessTokens, table: CountingTable) -> None:
    """Threat I1."""
    _, token = await kept(table)
    before = table.reads

    for place in range(len(token)):
        changed = token[:place] + ("x" if token[place] != "x" else "y") + token[place + 1 :]
        with pytest.raises(Unauthenticated):
            await tokens.verify(changed)

    assert table.reads == before


@given(st.text())
def test_no_text_by_chance_is_a_token(text: str) -> None:
    assert read_id(PREFIX, text) is None
    assert read_id(PREFIX, PREFIX + text) is None


async def test_an_unknown_id_and_a_wrong_secret_read_alike(tokens: AccessTokens, table: CountingTable) -> None:
    """Threat I1: the same words, and one read each."""
    record, _ = await kept(table)
    said, reads = [], []

    for token in (mint_token()[1], mint_token(record.id)[1]):
        before = table.reads
        with pytest.raises(Unauthenticated) as refused:
            await tokens.verify(token)
        said.append(refused.value.message)
        reads.append(table.reads - before)

    assert said[0] == said[1]
    assert reads == [1, 1]


async def test_a_token_is_looked_up_once_in_five_seconds(
    tokens: AccessTokens, table: CountingTable, clock: FixedClock
) -> None:
    await add_account(table, Account("alice", "alice@example.com", None, "user", 1))
    _, token = await kept(table)
    table.reads = 0

    for _ in range(10):
        await tokens.verify(token)
    clock.pass_by(4.9)
    await tokens.verify(token)
    assert table.reads == 2

    clock.pass_by(0.1)
    await tokens.verify(token)
    assert table.reads == 4


async def test_revocation_is_effective_within_five_seconds_elsewhere_and_at_once_here(
    tokens: AccessTokens, table: CountingTable, clock: FixedClock
) -> None:
    """Threat I9."""
    elsewhere = AccessTokens(table, now=clock)
    record, token = await kept(table)
    await tokens.verify(token)
    await elsewhere.verify(token)

    await delete_token(table, record)
    tokens.forget(record)

    with pytest.raises(Unauthenticated):
        await tokens.verify(token)
    clock.pass_by(5)
    with pytest.raises(Unauthenticated):
        await elsewhere.verify(token)


async def test_an_expired_token_is_refused_though_it_is_remembered(
    tokens: AccessTokens, table: CountingTable, clock: FixedClock
) -> None:
    _, token = await kept(table, expires_at=int(clock()) + 2)
    await tokens.verify(token)

    clock.pass_by(2)

    with pytest.raises(Unauthenticated, match="expired"):
        await tokens.verify(token)


async def test_a_table_that_does_not_answer_is_503_never_401(tokens: AccessTokens, table: CountingTable) -> None:
    """Trap 74."""
    _, token = await kept(table)
    table.down = True

    with pytest.raises(StorageUnavailable):
        await tokens.verify(token)


async def test_a_cached_token_does_not_let_a_similar_one_in(tokens: AccessTokens, table: CountingTable) -> None:
    """CVE-2026-35030: the cache is keyed on all of it."""
    record, token = await kept(table)
    await tokens.verify(token)

    with pytest.raises(Unauthenticated):
        await tokens.verify(mint_token(record.id)[1])


async def test_a_token_of_who_may_not_sign_in_any_more_is_refused_within_five_seconds(
    tokens: AccessTokens, table: CountingTable, clock: FixedClock
) -> None:
    """Threat I9: an admin deactivates a person, and their programs with them."""
    account = Account("alice", "alice@example.com", "x", "user", created_at=1)
    await add_account(table, account)
    _, token = await kept(table)
    await tokens.verify(token)
    await change_account(table, account, is_active=False)
    clock.pass_by(5)

    with pytest.raises(Unauthenticated):
        await tokens.verify(token)

    await change_account(table, account, is_active=True)
    assert (await tokens.verify(token)).owner == "alice"
