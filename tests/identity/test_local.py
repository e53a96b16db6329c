import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.crypto.keyfile import KeyFile
from shared.errors import KeyServiceUnavailable, Unauthenticated
from shared.identity.local import AUDIENCE, ISSUER, TOKEN_LIFE, LocalAccounts
from shared.identity.passwords import Cost, Passwords
from shared.storage.accounts import find_account_by_email
from tests.fakes.services import CountingTable, FixedClock

EMAIL, PASSWORD = "alice@example.com", "correct horse"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def table(clock: FixedClock) -> CountingTable:
    return CountingTable(now=clock)


@pytest.fixture
def another(table: CountingTable, clock: FixedClock, tmp_path: Path) -> Callable[[], LocalAccounts]:
    """Another process of the same installation."""
    return lambda: LocalAccounts(table, KeyFile(tmp_path / "keys.json"), now=clock, passwords=Passwords(Cost(n=2**4)))


@pytest.fixture
def accounts(another: Callable[[], LocalAccounts]) -> LocalAccounts:
    return another()


async def forged(accounts: LocalAccounts, *, headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token with our own signature, and these claims or headers instead of ours; None takes one out."""
    good = (await accounts.sign_up(EMAIL, PASSWORD)).token
    key = await accounts._keys.newest()
    ours = {**jwt.decode(good, options={"verify_signature": False}), **claims}
    kept = {name: value for name, value in ours.items() if value is not None}
    return jwt.encode(kept, key.private, algorithm="ES256", headers={"kid": key.kid, **(headers or {})})


async def test_nothing_at_rest_is_a_password_a_token_or_a_private_key(
    accounts: LocalAccounts, table: CountingTable
) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)
    key = await accounts._keys.newest()
    private = key.private.private_numbers().private_value.to_bytes(32, "big")

    everything = str(table.items)

    assert PASSWORD not in everything
    assert session.refresh_token not in everything
    assert repr(private)[2:-1] not in everything
    assert not any(private in item.get("sealed", b"") for item in table.items.values() if "sealed" in item)  # type: ignore[operator]  # it is bytes


@pytest.mark.parametrize(
    ("claims", "headers"),
    [
        ({"aud": "another"}, {}),
        ({"aud": None}, {}),
        ({"iss": "https://issuer.example"}, {}),
        ({"iss": None}, {}),
        ({"exp": None}, {}),
        ({"exp": 1}, {}),
        ({"exp": "9999999999"}, {}),
        ({"nbf": 9_999_999_999}, {}),
        ({"nbf": None}, {}),
        ({"token_use": "id"}, {}),
        ({"token_use": None}, {}),
        ({"sid": None}, {}),
        ({"sid": "0000000000000000"}, {}),
        ({"sub": None}, {}),
        ({"sub": "somebody-else"}, {}),
        ({}, {"kid": "000002"}),
        ({}, {"kid": "../../etc/passwd"}),
        ({}, {"kid": ""}),
        ({}, {"crit": ["x"], "x": 1}),
        ({}, {"b64": False, "crit": ["b64"]}),
    ],
)
async def test_a_claim_or_header_that_is_not_ours_is_refused(
    accounts: LocalAccounts, claims: dict[str, Any], headers: dict[str, Any]
) -> None:
    """Threat I2: even with our own signature."""
    token = await forged(accounts, headers=headers, **claims)

    with pytest.raises(Unauthenticated):
        await accounts.verify(token)


async def test_what_the_header_says_of_keys_is_not_read(accounts: LocalAccounts) -> None:
    """Threat I2: jku, jwk, x5u."""
    mine = generate_private_key(SECP256R1())
    theirs = jwt.algorithms.ECAlgorithm.to_jwk(mine.public_key(), as_dict=True)
    headers = {"jku": "https://evil.example/jwks", "jwk": theirs, "x5u": "https://evil.example/x5u"}
    kid = (await accounts._keys.newest()).kid
    claims = {**jwt.decode(await forged(accounts), options={"verify_signature": False})}

    ours = await forged_again(accounts, claims, headers)
    foreign = jwt.encode(claims, mine, algorithm="ES256", headers={"kid": kid, **headers})

    assert (await accounts.verify(ours)).email == EMAIL
    with pytest.raises(Unauthenticated):
        await accounts.verify(foreign)


async def forged_again(accounts: LocalAccounts, claims: dict[str, Any], headers: dict[str, Any]) -> str:
    key = await accounts._keys.newest()
    return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.kid, **headers})


async def test_the_algorithm_is_ours_whatever_the_header_says(accounts: LocalAccounts) -> None:
    """Threat I2: none, and our public key as an HMAC secret."""
    claims = jwt.decode(await forged(accounts), options={"verify_signature": False})
    key = await accounts._keys.newest()
    x, y = (number.to_bytes(32, "big") for number in (key.public.public_numbers().x, key.public.public_numbers().y))
    secrets = [x + y, key.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)]

    spoken = [by_hand({"alg": algorithm, "kid": key.kid}, claims) for algorithm in ("none", "None", "HS256")]
    tokens = [f"{spoken[0]}.", f"{spoken[0]}.AA", f"{spoken[1]}.AA"]
    tokens += [f"{spoken[2]}.{in_base64(hmac.digest(secret, spoken[2].encode(), 'sha256'))}" for secret in secrets]

    for token in tokens:
        with pytest.raises(Unauthenticated):
            await accounts.verify(token)


def by_hand(*parts: dict[str, Any]) -> str:
    return ".".join(in_base64(json.dumps(part).encode()) for part in parts)


def in_base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


async def test_a_session_token_lives_half_an_hour(accounts: LocalAccounts, clock: FixedClock) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)
    clock.pass_by(TOKEN_LIFE - 1)
    await accounts.verify(session.token)

    clock.pass_by(1)

    with pytest.raises(Unauthenticated, match="expired"):
        await accounts.verify(session.token)


async def test_keys_turn_without_a_gap_and_the_old_one_is_refused_once_it_is_gone(
    accounts: LocalAccounts, another: Callable[[], LocalAccounts], table: CountingTable, clock: FixedClock
) -> None:
    """Threat I2: stale JWKS."""
    elsewhere = another()
    old = await accounts.sign_up(EMAIL, PASSWORD)
    await elsewhere.verify(old.token)

    await accounts._keys.rotate()
    new = await accounts.sign_in(EMAIL, PASSWORD)

    assert jwt.get_unverified_header(old.token)["kid"] != jwt.get_unverified_header(new.token)["kid"]
    for token in (old.token, new.token):
        await accounts.verify(token)
        await elsewhere.verify(token)
    assert len((await elsewhere.jwks())["keys"]) == 2
    await table.delete(next(_key for _key in _signing_keys(table)))
    clock.pass_by(300)
    await elsewhere.verify(new.token)
    with pytest.raises(Unauthenticated):
        await elsewhere.verify(old.token)


def _signing_keys(table: CountingTable) -> Any:
    from shared.storage.table import Key  # noqa: PLC0415 - here alone

    return (Key(pk, sk) for pk, sk in sorted(table.items) if pk == "ISSUER")


async def test_an_unknown_kid_makes_us_look_once_in_five_minutes(
    accounts: LocalAccounts, table: CountingTable, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threat I2."""
    token = await forged(accounts, headers={"kid": "999999"})
    queries = 0
    ask = table.query

    async def counted(*arguments: Any, **more: Any) -> Any:
        nonlocal queries
        queries += 1
        return await ask(*arguments, **more)

    monkeypatch.setattr(table, "query", counted)
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await accounts.verify(token)

    assert queries == 1


async def test_two_processes_that_start_at_once_have_one_key(another: Callable[[], LocalAccounts]) -> None:
    processes = [another() for _ in range(10)]

    sets = await asyncio.gather(*(process.jwks() for process in processes))

    assert all(one == sets[0] for one in sets)
    assert len(sets[0]["keys"]) == 1


async def test_a_signing_key_that_does_not_open_is_503_never_401(
    accounts: LocalAccounts, table: CountingTable, another: Callable[[], LocalAccounts]
) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)
    for key in _signing_keys(table):
        table.items[key.pk, key.sk]["sealed"] = b"RMLK" + bytes(100)

    with pytest.raises(KeyServiceUnavailable):
        await another().verify(session.token)


async def test_an_unknown_email_takes_as_long_as_a_wrong_password(
    table: CountingTable, clock: FixedClock, tmp_path: Path
) -> None:
    """Threat I1: medians of both, over a cost that stands out from the noise."""
    accounts = LocalAccounts(table, KeyFile(tmp_path / "keys.json"), now=clock, passwords=Passwords(Cost(n=2**12)))
    await accounts.sign_up(EMAIL, PASSWORD)

    async def refused(email: str) -> float:
        began = time.perf_counter()
        with pytest.raises(Unauthenticated, match="e-mail or the password"):
            await accounts.sign_in(email, "wrong horse")
        return time.perf_counter() - began

    known, unknown = [], []
    for _ in range(9):
        known.append(await refused(EMAIL))
        unknown.append(await refused("nobody@example.com"))

    assert 0.5 < median(known) / median(unknown) < 2


async def test_a_password_is_hashed_anew_when_the_cost_has_grown(
    accounts: LocalAccounts, table: CountingTable, clock: FixedClock, tmp_path: Path
) -> None:
    await accounts.sign_up(EMAIL, PASSWORD)
    costlier = LocalAccounts(table, KeyFile(tmp_path / "keys.json"), now=clock, passwords=Passwords(Cost(n=2**5)))

    await costlier.sign_in(EMAIL, PASSWORD)

    account = await find_account_by_email(table, EMAIL)
    assert account is not None
    assert account.password is not None
    assert account.password.startswith("scrypt$32$8$1$")
    await accounts.sign_in(EMAIL, PASSWORD)


async def test_a_crown_taken_away_stays_away(accounts: LocalAccounts, table: CountingTable) -> None:
    await accounts.sign_up(EMAIL, PASSWORD)
    next(item for item in table.items.values() if "password" in item)["role"] = "user"

    assert (await accounts.sign_in(EMAIL, PASSWORD)).user.role == "user"


@pytest.mark.parametrize("email", ["a@corp.local", "a@localhost", "ä@münchen.example", "a+b@example.test"])
async def test_on_one_machine_every_domain_is_a_domain(accounts: LocalAccounts, email: str) -> None:
    assert (await accounts.sign_up(email, PASSWORD)).user.email == email


def test_issuer_and_audience_are_ours() -> None:
    assert (ISSUER, AUDIENCE) == ("urn:realmultillm:local", "realmultillm")
