"""Accounts on one machine: people in the table, our own issuer. Threats I1, I2 and I9."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.crypto.keys import KeyWrapper
from shared.errors import Conflict, Unauthenticated
from shared.identity.accounts import Session, User
from shared.identity.caller import Caller
from shared.identity.emails import normalise_email
from shared.identity.opaque import digest_of, mint_secret, read_id
from shared.identity.passwords import Passwords, check_password
from shared.identity.remember import Remembered
from shared.identity.signing import ALGORITHM, KeyRing
from shared.records.account import Account, Role, SignIn
from shared.records.ids import mint_id
from shared.storage import accounts
from shared.storage.table import Table

ISSUER = "urn:realmultillm:local"
AUDIENCE = "realmultillm"
TOKEN_LIFE = 30 * 60
"""Seconds of a JWT."""

SESSION_LIFE = 30 * 24 * 3600
"""Seconds until somebody signs in again, however often they refresh."""

REFRESH_PREFIX = "rt-rml-"

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_REQUIRED = ("iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "token_use")


@dataclass(frozen=True, slots=True)
class _Claims:
    """What we use of a JWT that is good in itself."""

    owner: str
    session_id: str


class LocalAccounts:
    """The port `Accounts` on the table. Who is signed in is remembered for five seconds."""

    def __init__(
        self, table: Table, key_wrapper: KeyWrapper, *, now: Callable[[], float], passwords: Passwords | None = None
    ) -> None:
        self._table = table
        self._now = now
        self._keys = KeyRing(table, key_wrapper, issuer=ISSUER, now=now)
        self._passwords = passwords or Passwords()
        self._seen: Remembered[str, Caller] = Remembered(now)

    async def sign_up(self, email: str, password: str) -> Session:
        """A new account, signed in."""
        address = normalise_email(email)
        check_password(password, address)
        if await accounts.find_account_by_email(self._table, address):
            raise Conflict("That e-mail has an account already. Sign in.")
        hashed = await self._passwords.hash(password)
        account = Account(mint_id(), address, hashed, "user", created_at=int(self._now()))
        await accounts.add_account(self._table, account)
        return await self._begin(account)

    async def sign_in(self, email: str, password: str) -> Session:
        """A new session."""
        account = await accounts.find_account_by_email(self._table, normalise_email(email))
        known = await self._passwords.matches(password, account.password if account else None)
        if account is None or not known or not account.is_active:
            raise Unauthenticated("The e-mail or the password is wrong.")
        if self._passwords.is_outdated(account.password):
            hashed = await self._passwords.hash(password)
            account = await accounts.change_account(self._table, account, password=hashed) or account
        return await self._begin(account)

    async def refresh(self, refresh_token: str) -> Session:
        """The session continued. A refresh token is good once: a second use means that somebody has a copy, so the session ends."""
        session_id = read_id(REFRESH_PREFIX, refresh_token)
        session = await accounts.find_sign_in(self._table, session_id) if session_id else None
        if session is None:
            raise _signed_out()
        _, following = mint_secret(REFRESH_PREFIX, session.id)
        fresh = hmac.compare_digest(session.refresh, digest_of(refresh_token))
        followed = await accounts.follow_refresh(self._table, session, digest_of(following)) if fresh else None
        account = await accounts.find_account(self._table, session.owner)
        if followed is None or account is None or not account.is_active:
            await self._end(session.owner, session.id)
            raise _signed_out()
        return await self._session(account, session.id, following)

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session."""
        if caller.session_id is not None:
            await self._end(caller.owner, caller.session_id)

    async def knows(self, email: str, password: str) -> bool:
        """That is their password."""
        account = await accounts.find_account_by_email(self._table, normalise_email(email))
        return await self._passwords.matches(password, account.password if account else None)

    async def change_role(self, account: Account, role: Role) -> None:
        """They are that from now on."""
        await accounts.change_account(self._table, account, role=role)

    async def remove(self, email: str) -> None:
        """The table is all that knows of them, and `erase_owner` sees to that."""

    async def verify(self, token: str) -> Caller:
        """Who the bearer is, now: the signature says which session, the table says whether it lives and what its owner may."""
        claims = await self._read(token)
        caller = self._seen.find(claims.session_id) or await self._look_up(claims)
        if caller.owner != claims.owner:
            raise _signed_out()
        return caller

    async def jwks(self) -> Mapping[str, Any]:
        """Our public keys."""
        return await self._keys.jwks()

    async def _begin(self, account: Account) -> Session:
        account = await accounts.crown_if_first(self._table, account)
        now = int(self._now())
        session_id, refresh_token = mint_secret(REFRESH_PREFIX)
        session = SignIn(
            session_id, account.owner, digest_of(refresh_token), created_at=now, expires_at=now + SESSION_LIFE
        )
        await accounts.add_sign_in(self._table, session)
        return await self._session(account, session_id, refresh_token)

    async def _session(self, account: Account, session_id: str, refresh_token: str) -> Session:
        now = int(self._now())
        token = await self._sign(account.owner, session_id, now)
        return Session(token, refresh_token, now + TOKEN_LIFE, User(account.owner, account.email, account.role))

    async def _sign(self, owner: str, session_id: str, now: int) -> str:
        import jwt  # noqa: PLC0415 - 150 ms that only sessions need

        key = await self._keys.newest()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": owner,
            "sid": session_id,
            "jti": mint_id(),
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_LIFE,
            "token_use": "access",
        }
        return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})

    async def _read(self, token: str) -> _Claims:
        """The claims, once signature, issuer, audience, use and times are right. Algorithm and keys are ours, whatever the header says."""
        import jwt  # noqa: PLC0415 - 150 ms that only sessions need

        try:
            kid = jwt.get_unverified_header(token).get("kid") if _JWT.fullmatch(token) else None
            key = await self._keys.find(kid) if isinstance(kid, str) else None
            if key is None:
                raise _not_valid()
            claims = jwt.decode(
                token,
                key.public,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": list(_REQUIRED), "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise _not_valid() from error
        self._check_times_and_use(claims)
        return _Claims(str(claims["sub"]), str(claims["sid"]))

    def _check_times_and_use(self, claims: Mapping[str, Any]) -> None:
        """By our own clock, which PyJWT does not take."""
        right_use = claims["token_use"] == "access"  # noqa: S105 - a kind of token, not one
        if not right_use or not all(type(claims[name]) is int for name in ("iat", "nbf", "exp")):
            raise _not_valid()
        if not claims["nbf"] <= self._now() < claims["exp"]:
            raise Unauthenticated("The session token has expired. Refresh it.")

    async def _look_up(self, claims: _Claims) -> Caller:
        asked_at = self._now()
        session = await accounts.find_sign_in(self._table, claims.session_id)
        account = await accounts.find_account(self._table, session.owner) if session else None
        if session is None or account is None or not account.is_active:
            raise _signed_out()
        caller = Caller(account.owner, account.email, account.role, session_id=session.id)
        self._seen.keep(session.id, caller, since=asked_at)
        return caller

    async def _end(self, owner: str, session_id: str) -> None:
        await accounts.end_sign_in(self._table, owner, session_id)
        self._seen.forget(session_id)


def _not_valid() -> Unauthenticated:
    return Unauthenticated("The session token is not valid. Sign in.")


def _signed_out() -> Unauthenticated:
    return Unauthenticated("The session is over. Sign in again.")
