"""What admins decide, as it lies in the table and as each process remembers it."""

from decimal import Decimal

import pytest

from shared.records.config import ProviderConfig
from shared.records.limits import Limits, Scope
from shared.records.policy import Moderation, ProviderPolicy, Sharing, Webhook
from shared.records.token import AccessToken
from shared.storage import layout
from shared.storage.configs import save_config
from shared.storage.policies import (
    DEFAULT_USER,
    _Memory,
    find_limits,
    find_policies,
    list_user_limits,
    save_limits,
    save_moderation,
    save_provider_policy,
    save_webhook,
)
from shared.storage.table import Table
from tests.fakes.services import CountingTable, FixedClock

SOME = Limits(requests_per_minute=5, budget_usd=Decimal("2.50"), budget_period="day")


def token(**limits: int) -> AccessToken:
    return AccessToken("t1", "alice", "ci", b"", created_at=0, updated_at=0, **limits)  # type: ignore[arg-type]  # ints


async def test_where_nobody_said_anything_everything_is_allowed_and_nothing_is_shared(table: Table) -> None:
    policy = (await find_policies(table)).of("openai")

    assert policy.allows("gpt-5")
    assert not policy.sharing.reaches("alice", None)
    assert await find_limits(table, "alice", None, "openai", "gpt-5") == ()


async def test_a_policy_reads_back_as_it_was_saved(table: Table) -> None:
    policy = ProviderPolicy("openai", is_enabled=False, models=("gpt-5",), sharing=Sharing("users", ("alice",), SOME))
    moderation = Moderation(before=True, by=("rules",), words=("bad",), shapes=("iban",))
    await save_provider_policy(table, policy)
    await save_moderation(table, moderation)
    await save_webhook(table, Webhook("https://alerts.example.com/x"))

    policies = await find_policies(table)

    assert policies.of("openai") == policy
    assert policies.moderation == moderation
    assert policies.webhook == Webhook("https://alerts.example.com/x")


async def test_a_change_is_seen_by_who_made_it_at_once(table: Table) -> None:
    assert (await find_policies(table)).of("openai").is_enabled

    await save_provider_policy(table, ProviderPolicy("openai", is_enabled=False))

    assert not (await find_policies(table)).of("openai").is_enabled


async def test_limits_of_every_scope_are_found_together(table: Table) -> None:
    await save_limits(table, "user", "alice", SOME)
    await save_limits(table, "organisation", "organisation", Limits(max_concurrent=9))
    await save_limits(table, "provider", "openai", Limits(tokens_per_minute=100))
    await save_limits(table, "model", "openai/gpt-5", Limits(requests_per_minute=1))
    await save_limits(table, "model", "openai/other", Limits(requests_per_minute=2))

    found = await find_limits(table, "alice", token(requests_per_minute=3), "openai", "gpt-5")

    assert found == (
        (Scope("token", "t1"), Limits(requests_per_minute=3)),
        (Scope("user", "alice"), SOME),
        (Scope("organisation", "organisation"), Limits(max_concurrent=9)),
        (Scope("provider", "openai"), Limits(tokens_per_minute=100)),
        (Scope("model", "openai/gpt-5"), Limits(requests_per_minute=1)),
    )


async def test_a_budget_of_nothing_is_a_limit_and_limits_of_nothing_are_none(table: Table) -> None:
    """Trap 68."""
    await save_limits(table, "user", "alice", Limits(budget_usd=Decimal(0), budget_period="total"))
    before = await find_limits(table, "alice", None, "openai", "m")
    await save_limits(table, "user", "alice", Limits())

    assert before == ((Scope("user", "alice"), Limits(budget_usd=Decimal(0), budget_period="total")),)
    assert await find_limits(table, "alice", None, "openai", "m") == ()
    assert await list_user_limits(table, after=None, limit=10) == ([], None)


async def test_the_limits_of_a_shared_key_hold_for_who_has_no_key_of_their_own(table: Table) -> None:
    await save_provider_policy(table, ProviderPolicy("openai", sharing=Sharing("all", (), SOME)))
    await save_config(table, ProviderConfig("bob", "c", "openai", 0, 0))

    assert await find_limits(table, "alice", None, "openai", "m") == ((Scope("provider", "shared:openai"), SOME),)
    assert await find_limits(table, "bob", None, "openai", "m") == ()


async def test_who_has_no_limits_of_their_own_has_those_of_everybody_each_by_themselves(table: Table) -> None:
    await save_limits(table, "user", DEFAULT_USER, SOME)
    await save_limits(table, "user", "alice", Limits(max_concurrent=1))
    own, others = [await find_limits(table, who, None, "openai", "m") for who in ("alice", "bob")]
    listed = await list_user_limits(table, after=None, limit=10)
    await save_limits(table, "user", "alice", Limits())
    lifted = await find_limits(table, "alice", None, "openai", "m")
    await save_limits(table, "user", DEFAULT_USER, Limits())

    assert own == ((Scope("user", "alice"), Limits(max_concurrent=1)),)
    assert others == ((Scope("user", "bob"), SOME),)
    assert listed == ([("alice", Limits(max_concurrent=1))], None)
    assert lifted == ((Scope("user", "alice"), SOME),)
    assert await find_limits(table, "bob", None, "openai", "m") == ()


async def test_a_user_has_limits_of_their_own_and_nobody_elses(table: Table) -> None:
    """Threat I3."""
    await save_limits(table, "user", "alice", SOME)

    assert await find_limits(table, "bob", None, "openai", "m") == ()
    assert await list_user_limits(table, after=None, limit=10) == ([("alice", SOME)], None)


@pytest.mark.parametrize(("seconds", "reads"), [(4.9, 1), (5.0, 2)])
async def test_another_process_knows_of_a_change_within_five_seconds(seconds: float, reads: int) -> None:
    """Threat I9."""
    clock = FixedClock()
    table, memory = CountingTable(now=clock), _Memory(clock)
    await memory.limits_of(table, "alice")
    before = await memory.policies(table)
    await table.put({"pk": (key := layout.user_limits("alice")).pk, "sk": key.sk, "id": "alice", "max_concurrent": 1})
    clock.pass_by(seconds)
    _, limits = await memory.limits_of(table, "alice")

    assert table.reads == reads
    assert limits == (Limits(max_concurrent=1) if reads > 1 else None)
    assert ((await memory.policies(table)) is before) is (reads == 1)
