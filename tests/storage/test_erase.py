"""Nothing is left of an owner but what others need. Threat K10."""

import inspect
from datetime import date
from pathlib import Path
from typing import Any

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
from shared.storage.table import Change, Item, Key, Table
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


STAYS = {
    "alert": "who was suspicious, by an id that leads nowhere: it is gone after its time",
    "waiting_alert": "the same, until it is told",
    "audit_entry": "the log is whole or worth nothing",
    "audit_anchor": "the same",
    "first_admin": "so that nobody else becomes admin by being the first",
    "tombstone": "so that what is written in their name meanwhile is erased, too",
    "attempts": "digests of addresses, for minutes: else who leaves and comes again could guess anew",
    "limits_left": "what admins limited, by a keyed digest of the e-mail: else who leaves and comes again would be rid of it",
    "spared_scope": "that what was used of those limits goes on counting, by an id that leads nowhere",
    "before_usage": "nothing lies there",
    **dict.fromkeys(
        ("circuit", "circuit_window", "signing_key", "fingerprint_secret", "roles_lock", "provider_policy"),
        "the installation's",
    ),
    **dict.fromkeys(("scope_limits", "house_policy"), "the installation's"),
}
"""Kinds of rows that are not an owner's to take with them, and why."""


def theirs(owner: str, email: str, token: str, session: str) -> dict[str, list[Key]]:
    """A row of every kind that an owner can have, by the function of the layout that spells its key."""
    own: dict[str, tuple[Any, ...]] = {
        "provider_config": ("openai",),
        "route": ("mine",),
        "request": ("R1",),
        "usage": (date(2027, 1, 15), "openai", "hello", token),
        "spent": (7,),
        "countries": (),
        "cancellation": ("R1",),
        "journal": (),
        "conversation": ("C1",),
        "kept_message": ("C1", 1),
        "replay": ("N1",),
        "replay_piece": ("N1", "R1", 1),
        "replays_kept": (date(2027, 1, 15),),
        "listed_config": ("openai",),
        "access_token_of": (token,),
        "session_of": (session,),
        "account": (),
        "person": (),
        "user_limits": (),
    }
    scopes = [("user", owner, 0), ("user", owner, 3), ("token", token, 0)]
    return {
        **{name: [getattr(layout, name)(owner, *more)] for name, more in own.items()},
        "email": [layout.email(email)],
        "access_token": [layout.access_token(token)],
        "session": [layout.session(session)],
        "admission": [layout.admission(*scope) for scope in scopes],
        "holding": [layout.holding(*scope) for scope in scopes],
    }


def kinds_of_rows() -> set[str]:
    """The functions of the layout that spell the key of a row."""
    spelt = inspect.getmembers(layout, inspect.isfunction)
    return {name for name, function in spelt if inspect.signature(function).return_annotation is Key}


async def one_of_everything(table: Table, accounts: LocalAccounts, name: str) -> tuple[str, list[Key]]:
    """Somebody who has it: what other records lead to is made as it always is, all else is put where it lies."""
    email = f"{name}@example.com"
    owner = (await accounts.sign_up(email, PASSWORD)).user.id
    token, sessions = token_of(owner), layout.sessions(owner)
    await add_token(table, token)
    await save_config(table, config_of(owner, "openai"))
    (session,) = (await table.query(sessions.pk, prefix=sessions.prefix)).items
    every = theirs(owner, email, token.id, str(session["sk"]).removeprefix(sessions.prefix))
    keys = [key for those in every.values() for key in those]
    for key in keys:
        if await table.get(key) is None:
            await table.put({"pk": key.pk, "sk": key.sk, "of": owner})
    return owner, keys


def test_every_kind_of_row_is_somebody_s_to_take_with_them_or_stays_for_a_reason() -> None:
    """A kind to come fails here until it is among the rows that the next test makes, or among those that stay."""
    made = set(theirs("o", "e@example.com", "t", "s"))

    assert made | set(STAYS) == kinds_of_rows()
    assert made & set(STAYS) == set()


async def test_one_of_every_kind_of_row_goes_and_others_keep_theirs(table: Table, clock: Clock, tmp_path: Path) -> None:
    accounts = LocalAccounts(table, KeyFile(tmp_path / "keys.json"), now=clock)
    (alice, hers), (bob, his) = [await one_of_everything(table, accounts, name) for name in ("alice", "bob")]
    before = [await table.get(key) for key in his]

    await bury_owner(table, alice, now=clock())
    await erase_owner(table, alice)

    assert [key for key in hers if await table.get(key) is not None] == []
    assert (await table.query(layout.owned(alice).pk)).items == []
    assert [await table.get(key) for key in his] == before
    assert None not in before
    assert alice != bob


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
