"""The contract of the Accounts port, against the table on one machine and against a user pool of Cognito (moto)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import jwt
import pytest

from shared.errors import Conflict, InvalidRequest, StorageUnavailable, Unauthenticated
from shared.identity.accounts import Accounts
from shared.identity.sessions import SESSION_LIFE
from shared.records.limits import Limits, Scope
from shared.storage.accounts import find_account
from shared.storage.erase import bury_owner, erase_again, erase_owner
from shared.storage.policies import DEFAULT_USER, find_limits, forget_policies, list_user_limits, save_limits
from tests.fakes.services import CountingTable, FixedClock
from tests.identity.conftest import EMAIL, PASSWORD, Installation, unverified


async def test_a_session_says_who_somebody_is(accounts: Accounts, clock: FixedClock) -> None:
    session = await accounts.sign_up("Alice@EXAMPLE.com", PASSWORD)

    caller = await accounts.verify(session.token)

    assert (caller.owner, caller.email, caller.role) == (session.user.id, EMAIL, "admin")
    assert caller.session_id is not None
    assert clock() < session.expires_at < clock() + 2 * 3600
    assert session.token not in repr(session)
    assert session.refresh_token not in repr(session)


async def test_somebody_who_signs_in_is_who_signed_up(accounts: Accounts) -> None:
    up = await accounts.sign_up(EMAIL, PASSWORD)
    inside = await accounts.sign_in("ALICE@example.com", PASSWORD)

    assert inside.user == up.user
    assert (await accounts.verify(inside.token)).owner == up.user.id


async def test_an_owner_is_an_opaque_id(accounts: Accounts) -> None:
    """Threat K2: AWS shows it in CloudTrail."""
    session = await accounts.sign_up(EMAIL, PASSWORD)

    assert "alice" not in session.user.id
    assert len(session.user.id) >= 16


@pytest.mark.parametrize("guess", ["wrong horse", "correct horse ", "Correct horse", "", " ", "x" * 256, "é" * 40])
async def test_a_wrong_password_and_a_wrong_email_are_told_in_the_same_words(accounts: Accounts, guess: str) -> None:
    """Threat I1."""
    await accounts.sign_up(EMAIL, PASSWORD)
    said = set()
    for email in (EMAIL, "nobody@example.com"):
        with pytest.raises(Unauthenticated) as refused:
            await accounts.sign_in(email, guess)
        said.add(refused.value.message)

    assert said == {"The e-mail or the password is wrong."}


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "12345678",
        "p" * 98,  # moto takes no longer one as it is
        "x y" * 85,
        "žluťoučký kůň",
        "密码密码密码密码",
        "~sha256:abc",
        "tab\tand\nline",
        "%20%20%20%20",
    ],
)
async def test_any_eight_characters_are_a_password(accounts: Accounts, password: str) -> None:
    await accounts.sign_up(EMAIL, password)

    assert (await accounts.sign_in(EMAIL, password)).user.email == EMAIL
    with pytest.raises(Unauthenticated):
        await accounts.sign_in(EMAIL, password + "x")


async def test_a_password_is_the_same_however_its_accents_are_spelt(accounts: Accounts) -> None:
    """NIST SP 800-63B, 3.1.1.2."""
    await accounts.sign_up(EMAIL, "caf\u00e9 caf\u00e9")

    assert (await accounts.sign_in(EMAIL, "cafe\u0301 cafe\u0301")).user.email == EMAIL


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257, EMAIL])
async def test_what_is_no_password_is_refused_by_name(accounts: Accounts, password: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await accounts.sign_up(EMAIL, password)

    assert refused.value.parameter == "password"


async def test_nothing_at_rest_is_a_password_or_a_token(accounts: Accounts, table: CountingTable) -> None:
    """Threat K8."""
    first = await accounts.sign_up(EMAIL, PASSWORD)
    second = await accounts.refresh(first.refresh_token)
    everything = str(table.items)

    for session in (first, second):
        assert session.token not in everything
        assert session.refresh_token not in everything
        assert session.refresh_token.encode().hex() not in everything
    assert PASSWORD not in everything


async def test_of_many_who_come_first_at_once_one_is_admin(accounts: Accounts) -> None:
    people = [f"person{number}@example.com" for number in range(12)]
    sessions = await asyncio.gather(*(accounts.sign_up(email, PASSWORD) for email in people))
    callers = [await accounts.verify(session.token) for session in sessions]

    assert sorted(session.user.role for session in sessions) == ["admin"] + ["user"] * 11
    assert [caller.role for caller in callers] == [session.user.role for session in sessions]


async def test_of_many_who_claim_one_email_at_once_one_has_it(accounts: Accounts) -> None:
    answers = await asyncio.gather(
        *(accounts.sign_up(EMAIL, f"{PASSWORD}{n}") for n in range(8)), return_exceptions=True
    )

    assert sum(isinstance(answer, Conflict) for answer in answers) == 7


async def test_a_refresh_goes_on_as_the_same_session(accounts: Accounts) -> None:
    first = await accounts.sign_up(EMAIL, PASSWORD)
    second = await accounts.refresh(first.refresh_token)
    callers = [await accounts.verify(session.token) for session in (first, second)]

    assert second.user == first.user
    assert second.refresh_token != first.refresh_token
    assert callers[0] == callers[1]


async def test_a_session_token_has_its_end(accounts: Accounts, clock: FixedClock) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)
    clock.pass_by(session.expires_at - clock() - 1)
    await accounts.verify(session.token)

    clock.pass_by(1)

    with pytest.raises(Unauthenticated, match="expired"):
        await accounts.verify(session.token)


async def test_other_sessions_outlive_a_sign_out(accounts: Accounts) -> None:
    here = await accounts.sign_up(EMAIL, PASSWORD)
    there = await accounts.sign_in(EMAIL, PASSWORD)

    await accounts.sign_out(await accounts.verify(here.token))

    assert (await accounts.verify(there.token)).owner == here.user.id


async def test_a_refresh_token_used_twice_ends_the_session(accounts: Accounts) -> None:
    first = await accounts.sign_up(EMAIL, PASSWORD)
    second = await accounts.refresh(first.refresh_token)
    await accounts.verify(second.token)

    with pytest.raises(Unauthenticated):
        await accounts.refresh(first.refresh_token)

    for token in (first.token, second.token):
        with pytest.raises(Unauthenticated):
            await accounts.verify(token)
    with pytest.raises(Unauthenticated):
        await accounts.refresh(second.refresh_token)


async def test_of_many_who_refresh_at_once_at_most_one_goes_on(accounts: Accounts) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)

    answers = await asyncio.gather(
        *(accounts.refresh(session.refresh_token) for _ in range(20)), return_exceptions=True
    )

    assert sum(not isinstance(answer, Unauthenticated) for answer in answers) <= 1


async def test_a_session_ends_after_a_month_however_often_it_is_refreshed(
    accounts: Accounts, clock: FixedClock
) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)
    clock.pass_by(SESSION_LIFE - 1)
    session = await accounts.refresh(session.refresh_token)

    clock.pass_by(2)

    with pytest.raises(Unauthenticated):
        await accounts.refresh(session.refresh_token)


async def test_an_invented_refresh_token_asks_nobody(accounts: Accounts, table: CountingTable) -> None:
    """Threat I1."""
    session = await accounts.sign_up(EMAIL, PASSWORD)
    before = table.reads

    for token in ("", "rt-rml-", session.refresh_token[:-1], session.refresh_token.replace("rt-", "sk-", 1), "é" * 40):
        with pytest.raises(Unauthenticated):
            await accounts.refresh(token)

    assert table.reads == before


async def test_a_table_that_does_not_answer_is_503_never_401(
    accounts: Accounts, table: CountingTable, clock: FixedClock
) -> None:
    """Trap 74."""
    session = await accounts.sign_up(EMAIL, PASSWORD)
    table.down = True

    for ask in (
        accounts.verify(session.token),
        accounts.sign_in(EMAIL, PASSWORD),
        accounts.refresh(session.refresh_token),
        accounts.sign_up("bob@example.com", PASSWORD),
    ):
        with pytest.raises(StorageUnavailable):
            await ask


async def test_an_email_has_one_account_however_it_is_written(accounts: Accounts) -> None:
    await accounts.sign_up(EMAIL, PASSWORD)

    for spelling in ("ALICE@EXAMPLE.COM", "Alice@Example.com"):
        with pytest.raises(Conflict):
            await accounts.sign_up(spelling, PASSWORD)


@pytest.mark.parametrize(
    "email", ["", "alice", "alice@", "@example.com", "a b@example.com", "a@b@c", "a@-x.com", "a\n@x.de"]
)
async def test_what_is_no_email_is_refused_by_name(accounts: Accounts, email: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await accounts.sign_up(email, PASSWORD)

    assert refused.value.parameter == "email"


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token + "=",
        lambda token: token + ".",
        lambda token: token.replace(".", "=.", 1),
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: token.rpartition(".")[0],
        lambda token: " " + token,
        lambda token: token + "\n",
        lambda token: token[:-8] + ("AAAAAAAA" if not token.endswith("AAAAAAAA") else "BBBBBBBB"),
        lambda _: "eyJhbGciOiJFUzI1NiJ9.W10.x",
        lambda _: "eyJhbGciOiJFUzI1NiIsImtpZCI6MX0.e30.x",
        lambda _: "eyJ.eyJ.eyJ",
    ],
)
async def test_a_token_is_spelled_one_way(accounts: Accounts, change: Callable[[str], str]) -> None:
    """Threat I2."""
    session = await accounts.sign_up(EMAIL, PASSWORD)

    with pytest.raises(Unauthenticated):
        await accounts.verify(change(session.token))


async def test_signing_out_is_effective_at_once_here_and_within_five_seconds_elsewhere(
    accounts: Accounts, another: Callable[[], Accounts], clock: FixedClock
) -> None:
    """Threat I9, ASVS 8.3.2."""
    elsewhere = another()
    session = await accounts.sign_up(EMAIL, PASSWORD)
    caller = await accounts.verify(session.token)
    await elsewhere.verify(session.token)

    await accounts.sign_out(caller)

    with pytest.raises(Unauthenticated):
        await accounts.verify(session.token)
    clock.pass_by(5)
    with pytest.raises(Unauthenticated):
        await elsewhere.verify(session.token)


async def test_a_session_of_another_installation_is_nobodys(accounts: Accounts, table: CountingTable) -> None:
    """A token with a good signature and no session of ours, as after the table was lost."""
    session = await accounts.sign_up(EMAIL, PASSWORD)
    table.items.clear()

    with pytest.raises(Unauthenticated):
        await accounts.verify(session.token)


async def test_a_deactivated_account_is_out_within_five_seconds(
    accounts: Accounts, table: CountingTable, clock: FixedClock
) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)
    await accounts.verify(session.token)
    next(item for item in table.items.values() if "is_active" in item)["is_active"] = False

    clock.pass_by(5)

    with pytest.raises(Unauthenticated):
        await accounts.verify(session.token)
    with pytest.raises(Unauthenticated, match="The e-mail or the password"):
        await accounts.sign_in(EMAIL, PASSWORD)
    with pytest.raises(Unauthenticated):
        await accounts.refresh(session.refresh_token)


async def test_who_is_admin_no_more_in_the_table_is_none_within_five_seconds(
    accounts: Accounts, table: CountingTable, clock: FixedClock
) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)
    await accounts.verify(session.token)
    next(item for item in table.items.values() if "is_active" in item)["role"] = "user"

    clock.pass_by(5)

    assert (await accounts.verify(session.token)).role == "user"


async def test_a_crash_before_the_crown_is_mended_at_the_next_sign_in(accounts: Accounts, table: CountingTable) -> None:
    await accounts.sign_up(EMAIL, PASSWORD)
    next(item for item in table.items.values() if "is_active" in item)["role"] = "user"
    next(item for item in table.items.values() if "crowned" in item)["crowned"] = False

    assert (await accounts.sign_in(EMAIL, PASSWORD)).user.role == "admin"


@pytest.mark.parametrize(
    ("claims", "headers"),
    [
        ({"iss": "https://issuer.example"}, {}),
        ({"iss": None}, {}),
        ({"exp": None}, {}),
        ({"exp": 1}, {}),
        ({"exp": "9999999999"}, {}),
        ({"exp": True}, {}),
        ({"exp": 9e9}, {}),
        ({"nbf": 9_999_999_999}, {}),
        ({"iat": "now"}, {}),
        ({"token_use": "id"}, {}),
        ({"token_use": None}, {}),
        ({"sub": None}, {}),
        ({"sub": "somebody-else"}, {}),
        ({"jti": None}, {}),
        ({}, {"kid": "000002"}),
        ({}, {"kid": "../../etc/passwd"}),
        ({}, {"kid": ""}),
        ({}, {"kid": None}),
        ({}, {"crit": ["x"], "x": 1}),
        ({}, {"b64": False, "crit": ["b64"]}),
    ],
)
async def test_a_claim_or_header_that_is_not_ours_is_refused_even_with_our_own_signature(
    installation: Installation, accounts: Accounts, claims: dict[str, Any], headers: dict[str, Any]
) -> None:
    """Threat I2."""
    session = await accounts.sign_up(EMAIL, PASSWORD)
    good = await installation.forge(session.token, {}, {})
    bad = await installation.forge(session.token, claims, headers)

    assert (await accounts.verify(good)).owner == session.user.id
    with pytest.raises(Unauthenticated):
        await accounts.verify(bad)


async def test_anybody_can_verify_a_session_by_the_key_set(accounts: Accounts) -> None:
    """As an authorizer in front of the doors does."""
    session = await accounts.sign_up(EMAIL, PASSWORD)
    keys = jwt.PyJWKSet.from_dict(dict(await accounts.jwks()))
    header = jwt.get_unverified_header(session.token)
    key = next(key for key in keys.keys if key.key_id == header["kid"])

    claims = jwt.decode(session.token, key, algorithms=[header["alg"]], options={"verify_aud": False})

    assert claims == unverified(session.token)


async def test_a_password_is_known_without_a_session(accounts: Accounts) -> None:
    await accounts.sign_up(EMAIL, PASSWORD)

    assert await accounts.knows("Alice@example.com", PASSWORD)
    assert not await accounts.knows(EMAIL, "another horse")
    assert not await accounts.knows("nobody@example.com", PASSWORD)


async def test_a_role_is_given_and_taken_away(
    installation: Installation, accounts: Accounts, another: Callable[[], Accounts]
) -> None:
    """Threat I9: whoever loses a role has lost it within five seconds, without signing in again."""
    await accounts.sign_up("root@example.com", PASSWORD)
    session = await accounts.sign_up(EMAIL, PASSWORD)
    account = await find_account(installation.table, session.user.id)
    assert account is not None
    await accounts.change_role(account, "admin")
    promoted = await another().sign_in(EMAIL, PASSWORD)
    roles = [promoted.user.role, (await another().verify(promoted.token)).role]
    await accounts.change_role(account, "user")

    assert roles == ["admin", "admin"]
    assert (await another().verify(promoted.token)).role == "user"
    assert (await another().sign_in(EMAIL, PASSWORD)).user.role == "user"


async def test_who_was_removed_is_nobody_and_their_email_is_free(
    installation: Installation, accounts: Accounts
) -> None:
    """Threat K10."""
    gone = await accounts.sign_up(EMAIL, PASSWORD)
    await erase_owner(installation.table, gone.user.id)
    await accounts.remove(EMAIL)
    await accounts.remove(EMAIL)

    with pytest.raises(Unauthenticated):
        await accounts.sign_in(EMAIL, PASSWORD)
    assert (await accounts.sign_up(EMAIL, PASSWORD)).user.id != gone.user.id


OLD_LIMITS = Limits(requests_per_minute=3, budget_usd=Decimal("2.50"), budget_period="total")


async def left_and_back(installation: Installation, accounts: Accounts, owner: str) -> str:
    """Their new id; how they spell their e-mail makes nobody else of them."""
    now = installation.clock()
    await bury_owner(installation.table, owner, now=now)
    await erase_owner(installation.table, owner)
    await erase_owner(installation.table, owner)  # as if the first time had been interrupted
    await accounts.remove(EMAIL)
    await erase_again(installation.table, now + 60)
    return (await accounts.sign_up(EMAIL.upper(), PASSWORD)).user.id


async def limits_of(installation: Installation, owner: str) -> tuple[tuple[Scope, Limits], ...]:
    forget_policies(installation.table)
    return await find_limits(installation.table, owner, None, "openai", "m")


async def test_leaving_and_coming_again_washes_no_limits_away(installation: Installation, accounts: Accounts) -> None:
    """Threat I9: what was spent of them goes on counting, too, each time again."""
    owner = (await accounts.sign_up(EMAIL, PASSWORD)).user.id
    await save_limits(installation.table, "user", owner, OLD_LIMITS)
    second = await left_and_back(installation, accounts, owner)
    third = await left_and_back(installation, accounts, second)
    stranger = (await accounts.sign_up("bob@example.com", PASSWORD)).user.id

    assert len({owner, second, third}) == 3
    assert await limits_of(installation, third) == ((Scope("user", owner), OLD_LIMITS),)
    assert await limits_of(installation, second) == await limits_of(installation, stranger) == ()
    assert "alice@" not in str([item for item in installation.table.items.values() if "LEFT" in str(item["pk"])])


async def test_what_was_spent_of_the_limits_of_everybody_counts_on_too(
    installation: Installation, accounts: Accounts
) -> None:
    owner = (await accounts.sign_up(EMAIL, PASSWORD)).user.id
    await save_limits(installation.table, "user", DEFAULT_USER, OLD_LIMITS)
    back = await left_and_back(installation, accounts, owner)

    assert await limits_of(installation, back) == ((Scope("user", owner), OLD_LIMITS),)


async def test_an_admin_changes_and_lifts_what_came_back(installation: Installation, accounts: Accounts) -> None:
    table, owner = installation.table, (await accounts.sign_up(EMAIL, PASSWORD)).user.id
    await save_limits(table, "user", owner, OLD_LIMITS)
    back = await left_and_back(installation, accounts, owner)
    await save_limits(table, "user", back, replace(OLD_LIMITS, requests_per_minute=None))
    changed = await limits_of(installation, back)
    await save_limits(table, "user", back, Limits())
    listed, lifted = await list_user_limits(table, after=None, limit=10), await limits_of(installation, back)
    again = await left_and_back(installation, accounts, back)

    assert changed == ((Scope("user", owner), replace(OLD_LIMITS, requests_per_minute=None)),)
    assert (listed, lifted, await limits_of(installation, again)) == (([], None), (), ())


async def test_who_loses_the_race_for_an_email_leaves_no_limits_behind(
    installation: Installation, accounts: Accounts
) -> None:
    table, owner = installation.table, (await accounts.sign_up(EMAIL, PASSWORD)).user.id
    await save_limits(table, "user", owner, OLD_LIMITS)
    await erase_owner(table, owner)
    await accounts.remove(EMAIL)
    tries = await asyncio.gather(*(accounts.sign_up(EMAIL, PASSWORD) for _ in range(5)), return_exceptions=True)
    (winner,) = [each.user.id for each in tries if not isinstance(each, BaseException)]

    assert await list_user_limits(table, after=None, limit=10) == ([(winner, OLD_LIMITS)], None)
