"""Google Cloud's credentials: a service account's JSON, an access token that somebody else got, or an API key of the express mode.

A service account signs who it is and gets an access token for that: https://developers.google.com/identity/protocols/oauth2/service-account
(2026-11). The place to ask is always Google's own, never the file's `token_uri`, which whoever made the file could point anywhere.
"""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from shared.dialects.explain import read_body
from shared.dialects.failures import failure
from shared.dialects.lenient import find_count, find_text, record
from shared.egress.exchange import Client, Inbound, Outbound, Timeouts
from shared.errors import BadResponse, CredentialRejected, InvalidRequest, ProviderError
from shared.secrets import ApiKey
from shared.wire.json import read_lenient

TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - where tokens come from, not a secret
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
LIFETIME: Final = 3600
"""Seconds that a signature is good for, the most that Google takes."""
EARLY: Final = 300.0
"""Seconds before its end from which on a token is not used any more."""
PATIENCE: Final = Timeouts(connect=5.0, first_byte=15.0, idle=10.0, total=20.0)
_MOST: Final = 1000
_LARGEST: Final = 64 * 1024
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_WORD: Final = re.compile(r"[a-z_]{1,40}")
_TOKEN: Final = re.compile(r"[!-~]{1,8192}")
_REFUSALS: Final = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What of its JSON is needed."""

    email: str
    key_id: str | None
    private_key: str = field(repr=False)


class Tokens:
    """Access tokens until shortly before their end, by what stands for an owner's key and never by a name that another's could have too."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[float, ApiKey]] = OrderedDict()

    def find(self, place: bytes, now: float) -> ApiKey | None:
        """The token, if it is still good."""
        until, token = self._kept.get(place, (0.0, None))
        return token if until > now else None

    def keep(self, place: bytes, token: ApiKey, until: float) -> None:
        """Remember it; the oldest goes when there are too many."""
        self._kept[place] = (until, token)
        self._kept.move_to_end(place)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)


_TOKENS: Final = Tokens()


async def authorise(
    key: ApiKey, outbound: Outbound, *, owner: str, client: Client, now: Callable[[], float], tokens: Tokens = _TOKENS
) -> Mapping[str, str]:
    """The headers to add. `outbound` does not matter: none of these credentials signs it.

    Raises:
        InvalidRequest: the key is JSON, but no service account's.
        ProviderError: Google gives no token for it.
    """
    del outbound
    text = key.reveal().strip()
    if text.startswith("{"):
        token = await _token(text, owner=owner, client=client, now=now, tokens=tokens)
        return {"authorization": f"Bearer {token.reveal()}"}
    if text.startswith("ya29."):
        return {"authorization": f"Bearer {text}"}
    return {"x-goog-api-key": text}


async def _token(text: str, *, owner: str, client: Client, now: Callable[[], float], tokens: Tokens) -> ApiKey:
    place = hashlib.sha256(f"{owner}\0{text}".encode()).digest()
    kept = tokens.find(place, now())
    if kept is not None:
        return kept
    account = read_account(text)
    began = now()
    token, lifetime = await _exchange(await asyncio.to_thread(_sign, account, int(began)), client)
    tokens.keep(place, token, began + lifetime - EARLY)
    return token


def read_account(text: str) -> ServiceAccount:
    """The service account that the JSON tells of. Raises InvalidRequest, which repeats nothing of it."""
    try:
        said = record(read_lenient(text))
    except ValueError:
        said = {}
    email, private_key = find_text(said.get("client_email")), find_text(said.get("private_key"))
    if said.get("type") != "service_account" or email is None or private_key is None:
        raise _malformed(
            "is no service account's JSON; paste the whole key file, with `type`, `client_email` and `private_key`"
        )
    return ServiceAccount(email, find_text(said.get("private_key_id")), private_key)


def _sign(account: ServiceAccount, at: int) -> str:
    """Who it is and what it wants to do, signed. https://www.rfc-editor.org/rfc/rfc7523."""
    import jwt  # noqa: PLC0415 - 150 ms that only service accounts need

    claims = {"iss": account.email, "scope": SCOPE, "aud": TOKEN_URL, "iat": at, "exp": at + LIFETIME}
    try:
        return jwt.encode(claims, account.private_key, "RS256", {"kid": account.key_id} if account.key_id else None)
    except (ValueError, TypeError, jwt.PyJWTError):
        raise _malformed(
            "has a `private_key` that is no RSA key in PEM form; paste the key file as it was made"
        ) from None


def _malformed(what: str) -> InvalidRequest:
    return InvalidRequest(f"`apiKey` {what}", parameter="apiKey")


async def _exchange(signed: str, client: Client) -> tuple[ApiKey, float]:
    """The access token, and the seconds that it lives."""
    asked = Outbound(
        "POST",
        TOKEN_URL,
        {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
        urlencode({"grant_type": _GRANT, "assertion": signed}).encode(),
    )
    async with client.send(asked, PATIENCE) as inbound:
        said = record(read_body(await inbound.read(_LARGEST)))
        if inbound.status != 200:  # noqa: PLR2004 - the one status that carries a token
            raise _refused(inbound, said)
    token = find_text(said.get("access_token"))
    if token is None or not _TOKEN.fullmatch(token):
        raise BadResponse("Google answered the service account with something that is no access token")
    return ApiKey(token), float(find_count(said.get("expires_in")) or 0)


def _refused(inbound: Inbound, said: Mapping[str, Any]) -> ProviderError:
    """Its word is told, and nothing else that it says: that could repeat what was signed."""
    word = find_text(said.get("error")) or ""
    word = word if _WORD.fullmatch(word) else "no reason given"
    message = f"Google gives no access token for this service account ({word})"
    if inbound.status in _REFUSALS:
        return CredentialRejected(message, details={"providerStatus": inbound.status, "providerCode": word})
    return failure(inbound.status, message, code=word)
