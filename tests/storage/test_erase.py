"""Nothing is left of an owner but what others need. Threat K10."""

from pathlib import Path

import pytest

from shared.crypto.keyfile import KeyFile
from shared.errors import Unauthenticated
from shared.identity.local import LocalAccounts
from shared.identity.opaque import digest_of
from shared.identity.tokens import mint_token
from shared.records.config import ProviderConfig
from shared.records.limits import Limits, Scope
from shared.records.token import AccessToken
from shared.storage import layout
from shared.storage.accounts import find_account_by_email
from shared.storage.admission import Admissions, spent
from shared.storage.configs import every_config, list_configs, save_config
from shared.storage.erase import bury_owner, erase_again, erase_owner
from shared.storage.policies import save_limits
from shared.storage.quota import Claim
from shared.storage.table import Change, Item, Table
from shared.storage.tokens import add_token, find_token, list_tokens
from shared.storage.tombstones import is_buried
from tests.fakes.table import MemoryTable
from tests.storage.conftest import Clock

PASSWORD = "correct horse"


def token_of(owner: str) -> AccessToken:
    token_id, text = mint_token()
    return AccessToken(id=token_id, owner=owner, name="t", digest=digest_of(text), created_at=0, updated_at=0)


def config_of(owner: str, provider: str) -> ProviderConfig:
    return ProviderConfig(owner=owner, id=f"c-{provider}", provider=provider, created_at=0, updated_at=0)


async def test_whatever_acts_or_tells_of_them_is_gone_and_others_keep_theirs(
    table: Table, clock: Clock, tmp_path: Path
) -> None:
    wrapper = KeyFile(tmp_path / "keys.json")
    accounts = LocalAccounts(table, wrapper, now=clock)
    alice, bob = [await accounts.sign_up(f"{name}@example.com", PASSWORD) for name in ("alice", "bob")]
    kept = {}
    for owner in (alice.user.id, bob.user.id):
        kept[owner] = token_of(owner)
        await add_token(table, kept[owner])
        for provider in ("openai", "anthropic"):
            await save_config(table, config_of(owner, provider))

    await erase_owner(table, alice.user.id)

    assert await find_token(table, kept[alice.user.id].id) is None
    assert await list_tokens(table, alice.user.id) == []
    assert await list_configs(table, alice.user.id) == []
    assert await find_account_by_email(table, "alice@example.com") is None
    assert {config.owner async for config in every_config(table)} == {bob.user.id}
    with pytest.raises(Unauthenticated):
        await LocalAccounts(table, wrapper, now=clock).verify(alice.token)
    assert await list_tokens(table, bob.user.id) == [kept[bob.user.id]]
    assert (await accounts.verify(bob.token)).owner == bob.user.id


async def test_no_row_names_them_but_the_one_that_says_who_was_first(tmp_path: Path) -> None:
    """The tombstone: an opaque id that leads nowhere."""
    table = MemoryTable(now=lambda: 1_800_000_000.0)
    accounts = LocalAccounts(table, KeyFile(tmp_path / "keys.json"), now=lambda: 1_800_000_000.0)
    owner = (await accounts.sign_up("alice@example.com", PASSWORD)).user.id
    token = token_of(owner)
    await add_token(table, token)
    await save_config(table, config_of(owner, "openai"))
    admissions = Admissions(table, now=lambda: 1_800_000_000.0)
    for scope in (Scope("user", owner), Scope("token", token.id)):
        await admissions.take(scope, Limits(), Claim("R1", owner, 1_800_000_060))

    await erase_owner(table, owner)

    naming: list[Item] = [
        item for item in table.items.values() if any(name in str(item) for name in (owner, token.id, "alice"))
    ]
    assert [item["sk"] for item in naming] == ["FIRST_ADMIN"]


async def test_an_entry_without_its_config_goes_too(table: Table) -> None:
    """Whoever stored a key at that moment had written this half of it."""
    entry = layout.listed_config("somebody", "openai")
    await table.put({"pk": entry.pk, "sk": entry.sk, "owner": "somebody", "provider": "openai"})

    await erase_owner(table, "somebody")

    assert await table.get(entry) is None


async def test_it_is_looked_again_ever_less_often_until_nothing_can_come(clock: Clock) -> None:
    """What is written in their name at any time is gone when as long again has passed."""
    table = MemoryTable(now=clock)
    await bury_owner(table, "somebody", now=clock())
    left, looks = clock(), 0
    for _ in range(24 * 60):
        clock.time += 60
        await add_token(table, token_of("somebody"))
        looks += await erase_again(table, clock()) > 0
    late = token_of("somebody")
    await add_token(table, late)
    found = []
    for days in (31, 31, 63):
        clock.time = left + days * 86_400
        found.append(await erase_again(table, clock()) > 0)

    assert 8 <= looks <= 12
    assert found == [True, False, False]
    assert await find_token(table, late.id) is None
    assert not await is_buried(table, "somebody")


class Hindered(MemoryTable):
    """Its files cannot be cleaned now."""

    scrubbed = 0
    hindered = 2

    async def scrub(self, *, thoroughly: bool) -> bool:
        self.scrubbed += 1
        return self.scrubbed > self.hindered


async def test_where_files_could_not_be_cleaned_the_next_sweep_does_it(clock: Clock) -> None:
    table = Hindered(now=clock)
    await bury_owner(table, "somebody", now=clock())
    tries = []
    for _ in range(5):
        clock.time += 60
        await erase_again(table, clock())
        tries.append(table.scrubbed)

    assert tries == [1, 2, 3, 3, 3]


async def test_done_twice_it_finds_nothing_left(table: Table) -> None:
    await add_token(table, token_of("somebody"))

    await erase_owner(table, "somebody")

    assert await erase_owner(table, "somebody") == 0


async def test_what_was_counted_of_their_limits_is_spared_however_often_it_is_looked(
    table: Table, clock: Clock, tmp_path: Path
) -> None:
    """Threat I9: else a budget would begin anew for who leaves and comes again. Where nothing limits them, nothing stays."""
    accounts = LocalAccounts(table, KeyFile(tmp_path / "keys.json"), now=clock)
    limited, free = [(await accounts.sign_up(f"{name}@example.com", PASSWORD)).user.id for name in ("alice", "bob")]
    await save_limits(table, "user", limited, Limits(max_concurrent=3))
    for owner in (limited, free):
        await table.update(layout.admission("user", owner, 0), Change(increase={"s_total": 7}))
        await bury_owner(table, owner, now=clock())
        await erase_owner(table, owner)
    await erase_again(table, clock() + 60)

    assert [await spent(table, Scope("user", owner), "total") for owner in (limited, free)] == [7, 0]
