"""The issuer's keys, and what is said of a token while they cannot be fetched (faults.md, Cognito / JWKS down; threat I2)."""

import asyncio
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from shared.egress.exchange import Outbound
from shared.errors import StorageUnavailable, Unreachable
from shared.identity.key_set import AFTER_A_FAILURE, FRESH, LONGEST_KEPT, ONCE_IN, KeySet, read_key
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.services import FixedClock

URL = "https://issuer.example/jwks.json"


@cache
def private(bits: int) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


def number(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).decode().rstrip("=")


def jwk(kid: Any = "k1", bits: int = 2048, **changes: Any) -> dict[str, Any]:
    numbers = private(bits).public_key().public_numbers()
    key = {"kid": kid, "kty": "RSA", "use": "sig", "alg": "RS256", "n": number(numbers.n), "e": number(numbers.e)}
    return {name: value for name, value in {**key, **changes}.items() if value is not None}


class Issuer:
    """Has these keys; may be down."""

    def __init__(self, *kids: str) -> None:
        self.kids = list(kids)
        self.down = False
        self.said: Answer | None = None
        self.clock = FixedClock()
        self.client = FakeClient(self._answer)
        self.keys = KeySet(URL, client=self.client, now=self.clock)

    @property
    def asked(self) -> int:
        return len(self.client.asked)

    def _answer(self, _: Outbound) -> Answer:
        if self.down:
            return Unreachable("no")
        return self.said or FakeAnswer(200, {"keys": [jwk(kid) for kid in self.kids]})


async def test_the_set_is_fetched_once_for_all_its_keys() -> None:
    issuer = Issuer("k1", "k2")
    found = [await issuer.keys.find(kid) for kid in ("k1", "k2", "k1")]

    assert [key.public_numbers() for key in found if key] == [private(2048).public_key().public_numbers()] * 3
    assert issuer.asked == 1
    assert issuer.client.asked[0].url == URL


async def test_a_hundred_at_once_fetch_it_once() -> None:
    issuer = Issuer("k1")
    found = await asyncio.gather(*(issuer.keys.find("k1") for _ in range(100)))

    assert all(found)
    assert issuer.asked == 1


async def test_an_unknown_kid_is_looked_for_once_in_five_minutes() -> None:
    issuer = Issuer("k1")
    await issuer.keys.find("k1")
    for _ in range(20):
        assert await issuer.keys.find("forged") is None

    assert issuer.asked == 2
    issuer.clock.pass_by(ONCE_IN)
    assert await issuer.keys.find("forged") is None
    assert issuer.asked == 3


async def test_keys_turn_without_a_gap_and_a_key_taken_back_is_refused() -> None:
    """Threat I2: JWKS rotated mid-run."""
    issuer = Issuer("k1")
    await issuer.keys.find("k1")
    issuer.kids = ["k2"]

    assert await issuer.keys.find("k2") is not None
    assert await issuer.keys.find("k1") is None


async def test_a_key_taken_back_is_not_used_for_longer_than_an_hour() -> None:
    issuer = Issuer("k1", "k2")
    await issuer.keys.find("k1")
    issuer.kids = ["k2"]
    issuer.clock.pass_by(FRESH)

    assert await issuer.keys.find("k1") is None


async def test_while_the_issuer_is_down_its_keys_are_good_for_a_day() -> None:
    """Fault 26."""
    issuer = Issuer("k1")
    await issuer.keys.find("k1")
    issuer.down = True
    issuer.clock.pass_by(LONGEST_KEPT - 1)

    assert await issuer.keys.find("k1") is not None
    assert (await issuer.keys.document())["keys"]
    issuer.clock.pass_by(1)
    with pytest.raises(StorageUnavailable):
        await issuer.keys.find("k1")


async def test_a_new_kid_while_the_issuer_is_down_is_503_never_401() -> None:
    """Fault 26."""
    issuer = Issuer("k1")
    await issuer.keys.find("k1")
    issuer.down = True
    for _ in range(5):
        with pytest.raises(StorageUnavailable) as refused:
            await issuer.keys.find("k2")
        assert refused.value.retry_after == AFTER_A_FAILURE

    assert issuer.asked == 2
    issuer.kids, issuer.down = ["k1", "k2"], False
    issuer.clock.pass_by(AFTER_A_FAILURE)
    assert await issuer.keys.find("k2") is not None


async def test_an_issuer_that_is_down_from_the_start_is_503_and_not_besieged() -> None:
    issuer = Issuer("k1")
    issuer.down = True
    for _ in range(20):
        with pytest.raises(StorageUnavailable):
            await issuer.keys.find("k1")

    assert issuer.asked == 1


@pytest.mark.parametrize(
    "said",
    [
        FakeAnswer(500, {"keys": []}),
        FakeAnswer(404, b"no"),
        FakeAnswer(200, b"<html>"),
        FakeAnswer(200, {}),
        FakeAnswer(200, {"keys": 5}),
        FakeAnswer(200, {"keys": {}}),
        FakeAnswer(200, {"keys": []}),
        FakeAnswer(200, {"keys": ["k1", None]}),
        FakeAnswer(200, {"keys": [{"kid": "k1", "kty": "oct", "k": "AAAA"}]}),
    ],
)
async def test_an_answer_without_a_key_is_none_and_the_old_keys_stay(said: Answer) -> None:
    issuer = Issuer("k1")
    await issuer.keys.find("k1")
    issuer.said = said
    issuer.clock.pass_by(FRESH)

    assert await issuer.keys.find("k1") is not None
    assert issuer.asked == 2


@pytest.mark.parametrize(
    "key",
    [
        jwk(use="enc"),
        jwk(alg="RS512"),
        jwk(alg="PS256"),
        jwk(kty="EC"),
        jwk(kty="oct", k="AAAA"),
        jwk(key_ops=["sign"]),
        jwk(key_ops=["encrypt", "wrapKey"]),
        jwk(key_ops="verify"),
        jwk(kid=None),
        jwk(kid=5),
        jwk(n=None),
        jwk(e=None),
        jwk(n="AQAB"),
        jwk(n=5),
        jwk(n=jwk()["n"] + "="),
        jwk(n=" " + jwk()["n"]),
        jwk(n="é" * 300),
        jwk(e="AAAA"),
        jwk(e="AQ"),
        jwk(e="Ag"),
        jwk(bits=1024),
    ],
)
def test_a_key_for_another_use_or_too_weak_is_none_of_ours(key: dict[str, Any]) -> None:
    """RFC 7517, 4.2 to 4.4; RFC 7518, 3.3: PyJWT alone would take some of them."""
    assert read_key(key) is None


@pytest.mark.parametrize(
    "key", [jwk(), jwk(use=None), jwk(alg=None), jwk(key_ops=["verify"]), jwk(x5t="any", unknown=1)]
)
def test_a_key_that_may_verify_is_taken(key: dict[str, Any]) -> None:
    found = read_key(key)

    assert found is not None
    assert found.public_numbers() == private(2048).public_key().public_numbers()
