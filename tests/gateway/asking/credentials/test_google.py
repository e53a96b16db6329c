"""Google Cloud's three kinds of key, and what each becomes."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.egress.exchange import Outbound
from shared.errors import (
    BadResponse,
    CredentialRejected,
    InvalidRequest,
    ProviderFailed,
    RealMultiLLMError,
    Throttled,
    Unreachable,
)
from shared.gateway.asking.credentials.google import SCOPE, TOKEN_URL, Tokens, authorise, read_account
from shared.secrets import ApiKey
from tests.fakes.client import Answer, FakeAnswer, FakeClient

ASKED = Outbound("POST", "https://aiplatform.googleapis.com/v1/publishers/google/models/m:generateContent")
NOON = 1_700_000_000.0


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def account(**changes: Any) -> ApiKey:
    """A service account's key file, with a `token_uri` that nobody should believe."""
    pem = private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    said = {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "k1",
        "private_key": pem.decode(),
        "client_email": "robot@p.iam.gserviceaccount.com",
        "token_uri": "https://evil.example/token",
        **changes,
    }
    return ApiKey(json.dumps(said, indent=2))


class Google:
    """Gives a new token to whoever asks."""

    def __init__(self, lifetime: int = 3600) -> None:
        self.client = FakeClient(self._answer)
        self.tokens = Tokens()
        self.now = NOON
        self._lifetime = lifetime

    def _answer(self, _asked: Outbound) -> Answer:
        token = f"ya29.{len(self.client.asked)}"
        return FakeAnswer(200, {"access_token": token, "expires_in": self._lifetime, "token_type": "Bearer"})

    async def show(self, key: ApiKey, owner: str = "alice") -> dict[str, str]:
        return dict(
            await authorise(key, ASKED, owner=owner, client=self.client, now=lambda: self.now, tokens=self.tokens)
        )


async def test_a_service_account_signs_who_it_is_and_gets_a_token() -> None:
    google = Google()

    assert await google.show(account()) == {"authorization": "Bearer ya29.1"}

    (asked,) = google.client.asked
    form = parse_qs(asked.body.decode())
    assert (asked.method, asked.url) == ("POST", TOKEN_URL)
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    (signed,) = form["assertion"]
    claims = jwt.decode(
        signed, private_key().public_key(), ["RS256"], audience=TOKEN_URL,
        options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    assert claims == {
        "iss": "robot@p.iam.gserviceaccount.com",
        "scope": SCOPE,
        "aud": TOKEN_URL,
        "iat": int(NOON),
        "exp": int(NOON) + 3600,
    }
    assert jwt.get_unverified_header(signed)["kid"] == "k1"


async def test_the_files_own_token_uri_is_never_asked() -> None:
    """Whoever made the file could point it anywhere. Trap 75."""
    google = Google()

    await google.show(account(token_uri="http://169.254.169.254/latest"))

    assert [asked.url for asked in google.client.asked] == [TOKEN_URL]


async def test_a_token_is_kept_until_five_minutes_before_its_end() -> None:
    google, key = Google(), account()
    shown = [await google.show(key)]
    for moment in (NOON + 3299, NOON + 3300):
        google.now = moment
        shown.append(await google.show(key))

    assert [headers["authorization"] for headers in shown] == ["Bearer ya29.1", "Bearer ya29.1", "Bearer ya29.2"]


async def test_a_token_belongs_to_one_key_of_one_owner_whatever_they_are_called() -> None:
    """The same robot with another key, and the same key of another owner."""
    google = Google()
    shown = [
        await google.show(key, owner)
        for key, owner in (
            (account(), "alice"),
            (account(private_key_id="k2"), "alice"),
            (account(), "bob"),
            (account(), "alice"),
        )
    ]

    assert [headers["authorization"][-1] for headers in shown] == ["1", "2", "3", "1"]


async def test_a_token_that_is_about_to_end_is_not_kept() -> None:
    google = Google(lifetime=300)

    assert [await google.show(account()) for _ in range(2)] == [
        {"authorization": "Bearer ya29.1"},
        {"authorization": "Bearer ya29.2"},
    ]


def test_no_more_tokens_are_kept_than_fit() -> None:
    tokens = Tokens()
    for number in range(1001):
        tokens.keep(str(number).encode(), ApiKey("t"), NOON)

    assert tokens.find(b"0", NOON - 1) is None
    assert tokens.find(b"1", NOON - 1) == ApiKey("t")


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("ya29.a0AfH6", {"authorization": "Bearer ya29.a0AfH6"}),
        ("AIzaSyD-1", {"x-goog-api-key": "AIzaSyD-1"}),
        ("AQ.Ab8RN6", {"x-goog-api-key": "AQ.Ab8RN6"}),
    ],
)
async def test_other_keys_are_shown_as_they_are(key: str, shown: dict[str, str]) -> None:
    """Trap 50."""
    google = Google()

    assert await google.show(ApiKey(key)) == shown
    assert google.client.asked == []


@pytest.mark.parametrize(
    "key",
    [
        ApiKey("{"),
        ApiKey("{}"),
        ApiKey('{"type":"authorized_user","client_email":"a","private_key":"b"}'),
        account(client_email=None),
        account(private_key=7),
        account(private_key="-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"),
        account(private_key="s3cr3t"),
    ],
    ids=["no JSON", "empty", "a user's", "no address", "no key", "broken PEM", "no PEM"],
)
async def test_json_that_is_no_service_account_is_refused_and_not_repeated(key: ApiKey) -> None:
    """Trap 77."""
    with pytest.raises(InvalidRequest) as caught:
        await Google().show(key)

    assert caught.value.parameter == "apiKey"
    assert caught.value.__cause__ is None
    assert not any(word in caught.value.message for word in ("c2VjcmV0", "s3cr3t", "robot@"))


@pytest.mark.parametrize(
    ("status", "body", "kind", "word"),
    [
        (400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, CredentialRejected, "invalid_grant"),
        (401, {"error": "invalid_client"}, CredentialRejected, "invalid_client"),
        (400, {"error": "eyJhbGciOi.leaked"}, CredentialRejected, "no reason given"),
        (429, {}, Throttled, "no reason given"),
        (503, b"<html>", ProviderFailed, "no reason given"),
        (200, {"access_token": "a\r\nx-evil: 1"}, BadResponse, "no access token"),
        (200, b"<html>", BadResponse, "no access token"),
    ],
)  # fmt: skip
async def test_a_refusal_is_told_by_its_word_alone(
    status: int, body: Any, kind: type[RealMultiLLMError], word: str
) -> None:
    """Trap 77."""
    client = FakeClient(lambda _: FakeAnswer(status, body))

    with pytest.raises(kind) as caught:
        await authorise(account(), ASKED, owner="alice", client=client, now=lambda: NOON, tokens=Tokens())

    assert word in caught.value.message
    assert "leaked" not in caught.value.message


async def test_a_google_that_does_not_answer_is_no_refusal_and_nothing_is_kept() -> None:
    answers: list[Callable[[], Answer]] = [
        lambda: Unreachable("no route"),
        lambda: FakeAnswer(200, {"access_token": "ya29.ok", "expires_in": 3599}),
    ]
    client, tokens = FakeClient(lambda _: answers.pop(0)()), Tokens()

    with pytest.raises(Unreachable):
        await authorise(account(), ASKED, owner="alice", client=client, now=lambda: NOON, tokens=tokens)

    shown = await authorise(account(), ASKED, owner="alice", client=client, now=lambda: NOON, tokens=tokens)
    assert shown == {"authorization": "Bearer ya29.ok"}


def test_a_service_account_shows_nothing_of_its_key() -> None:
    """Trap 77."""
    read = read_account(account().reveal())

    assert "PRIVATE KEY" in read.private_key
    assert "PRIVATE KEY" not in repr(read)
