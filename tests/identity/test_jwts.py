"""What a token is, whoever issued it. The two homes' contract holds the claims; here is the spelling. Threat I2."""

import hmac
import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.errors import Unauthenticated
from shared.identity.jwts import Expected, PublicKey, read_claims

NOW = 1_800_000_000
CLAIMS = {"iss": "us", "sub": "alice", "exp": NOW + 60, "token_use": "access"}


@cache
def rsa() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@cache
def ec() -> EllipticCurvePrivateKey:
    return generate_ec(SECP256R1())


def token(algorithm: str = "RS256", key: Any = None, **changes: Any) -> str:
    return jwt.encode({**CLAIMS, **changes}, key or rsa(), algorithm=algorithm, headers={"kid": "k1"})


async def claims_of(text: str, *, algorithm: str = "RS256", audience: str | None = None) -> Any:
    keys: dict[str, PublicKey] = {"k1": rsa().public_key() if algorithm == "RS256" else ec().public_key()}

    async def find(kid: str) -> PublicKey | None:
        return keys.get(kid)

    return await read_claims(text, Expected("us", audience, algorithm, ("sub", "exp", "token_use")), find, lambda: NOW)


async def test_a_good_token_says_what_was_signed() -> None:
    assert await claims_of(token()) == CLAIMS
    assert (await claims_of(token("ES256", ec()), algorithm="ES256"))["sub"] == "alice"


async def test_an_issuer_whose_tokens_name_no_audience_may_name_one() -> None:
    assert (await claims_of(token(aud="somebody")))["aud"] == "somebody"


async def test_an_audience_that_is_asked_for_is_needed() -> None:
    assert (await claims_of(token(aud="we"), audience="we"))["aud"] == "we"
    for text in (token(), token(aud="they"), token(aud=["they"])):
        with pytest.raises(Unauthenticated):
            await claims_of(text, audience="we")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
async def test_another_algorithm_of_the_same_key_is_refused(algorithm: str) -> None:
    with pytest.raises(Unauthenticated):
        await claims_of(token(algorithm))


async def test_a_key_of_another_kind_is_refused() -> None:
    for text, algorithm in ((token("ES256", ec()), "RS256"), (token(), "ES256")):
        with pytest.raises(Unauthenticated):
            await claims_of(text, algorithm=algorithm)


async def test_a_public_key_is_no_secret_of_an_hmac() -> None:
    spoken = ".".join(in_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "k1"}, CLAIMS))
    for form, encoding in ((PublicFormat.SubjectPublicKeyInfo, Encoding.PEM), (PublicFormat.PKCS1, Encoding.DER)):
        secret = rsa().public_key().public_bytes(encoding, form)
        with pytest.raises(Unauthenticated):
            await claims_of(f"{spoken}.{in_base64(hmac.digest(secret, spoken.encode(), 'sha256'))}")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 5, ["RS256"]])
async def test_a_token_without_a_signature_of_ours_is_refused(algorithm: Any) -> None:
    spoken = ".".join(in_base64(json.dumps(part).encode()) for part in ({"alg": algorithm, "kid": "k1"}, CLAIMS))
    for signature in ("", "AA", token().rpartition(".")[2]):
        with pytest.raises(Unauthenticated):
            await claims_of(f"{spoken}.{signature}")


async def test_the_unused_bits_of_the_last_letter_are_nobodys_to_choose() -> None:
    """Wycheproof's JWS vectors, padding: one signature has one spelling."""
    good = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = alphabet.index(good[-1])
    others = [good[:-1] + alphabet[place ^ bits] for bits in range(1, 16)]

    assert await claims_of(good) == CLAIMS
    for text in others:
        with pytest.raises(Unauthenticated):
            await claims_of(text)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b", "a.b.c.d", "eyJ.eyJ.eyJ", "A.A.A", "é.é.é", "{}.{}.{}"])
async def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        await claims_of(text)


@pytest.mark.parametrize("payload", [b"", b"[]", b"5", b"null", b"\xff", b'{"exp":1}', b'"text"'])
async def test_signed_but_no_claims_is_refused(payload: bytes) -> None:
    text = jwt.api_jws.encode(payload, rsa(), algorithm="RS256", headers={"kid": "k1"})

    with pytest.raises(Unauthenticated):
        await claims_of(text)


def in_base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
