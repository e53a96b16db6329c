"""Accounts on one machine: people in the table, our own issuer. Threats I1, I2 and I9."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from shared.crypto.keys import KeyWrapper
from shared.errors import Conflict, Unauthenticated
from shared.identity.accounts import Session, User
from shared.identity.caller import Caller
from shared.identity.emails import normalise_email
from shared.identity.jwts import Expected, PublicKey, read_claims
from shared.identity.opaque import digest_of, mint_secret, read_id
from shared.identity.passwords import Passwords, check_password
from shared.identity.sessions import REFRESH_PREFIX, Sessions, signed_out
from shared.identity.signing import ALGORITHM, KeyRing
from shared.records.account import Account, Role
from shared.records.ids import mint_id
from shared.storage import accounts
from shared.storage.table import Table

ISSUER = "urn:realmultillm:local"
AUDIENCE = "realmultillm"
TOKEN_LIFE = 30 * 60
"""Seconds of a JWT."""

_EXPECTED = Expected(ISSUER, AUDIENCE, ALGORITHM, ("iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "token_use"))


class LocalAccounts:
    """The port `Accounts` on the table. Who is signed in is remembered for five seconds."""

    def __init__(
        self, table: Table, key_wrapper: KeyWrapper, *, now: Callable[[], float], passwords: Passwords | None = None
    ) -> None:
        self._table = table
        self._now = now
        self._keys = KeyRing(table, key_wrapper, issuer=ISSUER, now=now)
        self._passwords = passwords or Passwords()
        self._sessions = Sessions(table, now=now)

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
        if account.password is not None and self._passwords.is_outdated(account.password):
            hashed = await self._passwords.hash(password)
            account = await accounts.change_account(self._table, account, password=hashed) or account
        return await self._begin(account)

    async def refresh(self, refresh_token: str) -> Session:
        """The session continued. A refresh token is good once: a second use means that somebody has a copy, so the session ends."""
        session_id = read_id(REFRESH_PREFIX, refresh_token)
        session = await accounts.find_sign_in(self._table, session_id) if session_id else None
        if session is None:
            raise signed_out()
        _, following = mint_secret(REFRESH_PREFIX, session.id)
        fresh = hmac.compare_digest(session.refresh, digest_of(refresh_token))
        followed = await accounts.follow_refresh(self._table, session, digest_of(following)) if fresh else None
        account = await accounts.find_account(self._table, session.owner)
        if followed is None or account is None or not account.is_active:
            await self._sessions.end(session.owner, session.id)
            raise signed_out()
        return await self._session(account, session.id, following)

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session."""
        if caller.session_id is not None:
            await self._sessions.end(caller.owner, caller.session_id)

    async def knows(self, email: str, password: str) -> bool:
        """That is their password."""
        account = await accounts.find_account_by_email(self._table, normalise_email(email))
        return await self._passwords.matches(password, account.password if account else None)

    async def change_role(self, account: Account, role: Role) -> None:
        """They are that from now on."""
        await accounts.change_account(self._table, account, role=role)

    async def remove(self, email: str) -> None:
        """The table is all that knows of them, and `erase_owner` sees to that."""

    def forget(self, owner: str) -> None:
        """The table is asked who is signed in."""
        self._sessions.forget(owner)

    async def verify(self, token: str) -> Caller:
        """Who the bearer is, now: the signature says which session, the table says whether it lives and what its owner may."""
        claims = await read_claims(token, _EXPECTED, self._find_key, self._now)
        return await self._sessions.caller(str(claims["sid"]), str(claims["sub"]))

    async def rewrap(self) -> int:
        """The keys that sign sessions, their data keys wrapped anew."""
        return await self._keys.rewrap()

    async def jwks(self) -> Mapping[str, Any]:
        """Our public keys."""
        return await self._keys.jwks()

    async def _begin(self, account: Account) -> Session:
        account = await accounts.crown_if_first(self._table, account)
        session_id, refresh_token = mint_secret(REFRESH_PREFIX)
        await self._sessions.begin(session_id, account.owner, digest_of(refresh_token))
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

    async def _find_key(self, kid: str) -> PublicKey | None:
        key = await self._keys.find(kid)
        return key.public if key else None
