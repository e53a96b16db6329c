"""Accounts on AWS: a Cognito user pool keeps people and passwords and signs; the table says which sessions live. Threats I1, I2 and I9.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html (2026-11). The pool is closed: its client allows
ADMIN_USER_PASSWORD_AUTH and REFRESH_TOKEN_AUTH alone and people cannot sign themselves up at Cognito, so whoever guesses passwords meets
our throttle and nobody's account escapes our rules.

The session token is Cognito's *access* token. It is the one meant for APIs: it holds no e-mail, so a log or a proxy that sees it learns no
person, and the HTTP API's authorizer takes it by its `client_id`. `origin_jti`, the same through all refreshes of one sign-in, names the session.
"""

import hashlib
import hmac
import re
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.errors import Conflict, InvalidRequest, Unauthenticated
from shared.identity.accounts import Session, User
from shared.identity.caller import Caller
from shared.identity.continuation import find_continuation, seal_continuation
from shared.identity.directory import Directory, Tokens
from shared.identity.emails import normalise_email
from shared.identity.jwts import Expected, not_valid, read_claims
from shared.identity.key_set import ALGORITHM, KeySet
from shared.identity.opaque import digest_of, mint_secret, read_id
from shared.identity.passwords import check_password
from shared.identity.sessions import REFRESH_PREFIX, Sessions, signed_out
from shared.records.account import Account, Role, SignIn
from shared.records.ids import id_from
from shared.storage import accounts
from shared.storage.table import Table
from shared.storage.tombstones import is_buried

ADMINS: Final = "admin"
USERS: Final = "user"
"""The groups of the pool, which are the roles."""
LONGEST_USERNAME: Final = 128
"""Characters of what Cognito takes to sign in with."""
_REQUIRED: Final = ("iss", "sub", "client_id", "origin_jti", "jti", "iat", "exp", "token_use")
_AS_IT_IS: Final = re.compile(r"(?!~sha256:)[!-~]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Claims:
    """What we use of a token that is good in itself."""

    owner: str
    session_id: str
    role: Role
    expires_at: int


class CognitoAccounts:
    """The port `Accounts` on a user pool. `client_id` is its app client, which has no secret; `issuer` stands in its tokens."""

    def __init__(
        self,
        table: Table,
        directory: Directory,
        keys: KeySet,
        *,
        issuer: str,
        client_id: str,
        now: Callable[[], float],
    ) -> None:
        self._table = table
        self._directory = directory
        self._keys = keys
        self._client_id = client_id
        self._expected = Expected(issuer, None, ALGORITHM, _REQUIRED)
        self._now = now
        self._sessions = Sessions(table, now=now)

    async def sign_up(self, email: str, password: str) -> Session:
        """A new account, signed in."""
        address = _username(email)
        check_password(password, address)
        secret = spell_password(password)
        owner = await self._directory.create(address, secret)
        if owner is None:
            raise Conflict("That e-mail has an account already. Sign in.")
        await self._directory.make_permanent(address, secret)
        await self._directory.add_to_group(address, USERS)
        await accounts.keep_account(self._table, self._account(owner, address))
        return await self._enter(address, secret)

    async def sign_in(self, email: str, password: str) -> Session:
        """A new session."""
        return await self._enter(_username(email), spell_password(password))

    async def refresh(self, refresh_token: str) -> Session:
        """The session continued. Cognito is asked first: if it does not answer, the refresh token is still good."""
        session_id = read_id(REFRESH_PREFIX, refresh_token)
        session = await accounts.find_sign_in(self._table, session_id) if session_id else None
        if session is None:
            raise signed_out()
        tokens = await self._continue(session, refresh_token)
        account = await accounts.find_account(self._table, session.owner)
        if tokens is None or account is None or not account.is_active:
            await self._sessions.end(session.owner, session.id)
            raise signed_out()
        _, following = mint_secret(REFRESH_PREFIX, session.id)
        sealed = seal_continuation(tokens.refresh, following, session.id)
        if not await accounts.follow_refresh(self._table, session, digest_of(following), continues=sealed):
            await self._sessions.end(session.owner, session.id)
            raise signed_out()
        return await self._session(account, tokens, following)

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session. What Cognito would continue it for is gone with the row: nobody else has it."""
        if caller.session_id is not None:
            await self._sessions.end(caller.owner, caller.session_id)

    async def knows(self, email: str, password: str) -> bool:
        """That is their password. Cognito's own session that comes of it is nobody's: it is dropped here, and none begins in the table."""
        return await self._directory.sign_in(_username(email), spell_password(password)) is not None

    async def change_role(self, account: Account, role: Role) -> None:
        """The groups say so from the next token on; who loses a role loses it at once, by the table."""
        if role == "admin":
            await self._directory.add_to_group(account.email, ADMINS)
        else:
            await self._directory.take_from_group(account.email, ADMINS)
        await accounts.change_account(self._table, account, role=role)

    async def remove(self, email: str) -> None:
        """Cognito forgets them; their e-mail is free again."""
        await self._directory.delete(_username(email))

    def forget(self, owner: str) -> None:
        """The table is asked who is signed in."""
        self._sessions.forget(owner)

    async def verify(self, token: str) -> Caller:
        """Who the bearer is, now. An admin is one by the token's groups and by the table: whoever can write only the table gains nothing."""
        claims = self._claims(await read_claims(token, self._expected, self._keys.find, self._now))
        caller = await self._sessions.caller(claims.session_id, claims.owner)
        return caller if claims.role == "admin" else replace(caller, role="user")

    async def rewrap(self) -> int:
        """Cognito keeps its keys itself."""
        return 0

    async def jwks(self) -> Mapping[str, Any]:
        """The pool's public keys."""
        return await self._keys.document()

    async def _enter(self, address: str, secret: str) -> Session:
        tokens = await self._directory.sign_in(address, secret)
        if tokens is None:
            raise Unauthenticated("The e-mail or the password is wrong.")
        claims = self._claims(tokens.claims)
        account = await accounts.find_account(self._table, claims.owner)
        if account is None and await is_buried(self._table, claims.owner):
            await self._directory.delete(address)  # the account was deleted, and Cognito was not told
            raise Unauthenticated("The e-mail or the password is wrong.")
        if account is None:  # a crash between Cognito and the table, or somebody whom the operator invited
            account = self._account(claims.owner, address)
            await accounts.keep_account(self._table, account)
        if not account.is_active:
            raise Unauthenticated("The e-mail or the password is wrong.")
        if await accounts.is_to_be_crowned(self._table, account.owner):
            tokens = await self._crown(address, tokens)
        return await self._begin(account, tokens)

    async def _crown(self, address: str, tokens: Tokens) -> Tokens:
        """The very first is admin, from their first token on."""
        await self._directory.add_to_group(address, ADMINS)
        crowned = await self._directory.continue_session(tokens.refresh)
        if crowned is None:
            raise signed_out()
        await accounts.note_crowned(self._table)
        return crowned

    async def _begin(self, account: Account, tokens: Tokens) -> Session:
        session_id = self._claims(tokens.claims).session_id
        _, refresh_token = mint_secret(REFRESH_PREFIX, session_id)
        sealed = seal_continuation(tokens.refresh, refresh_token, session_id)
        await self._sessions.begin(session_id, account.owner, digest_of(refresh_token), continues=sealed)
        return await self._session(account, tokens, refresh_token)

    async def _continue(self, session: SignIn, refresh_token: str) -> Tokens | None:
        """Cognito's new tokens for the newest refresh token; None for a used one, or when Cognito refuses."""
        if not hmac.compare_digest(session.refresh, digest_of(refresh_token)):
            return None
        continuation = find_continuation(session.continues, refresh_token, session.id)
        return await self._directory.continue_session(continuation) if continuation else None

    async def _session(self, account: Account, tokens: Tokens, refresh_token: str) -> Session:
        """The groups of this moment are written down beside the account, where every door looks."""
        claims = self._claims(tokens.claims)
        if account.role != claims.role:
            account = await accounts.change_account(self._table, account, role=claims.role) or account
        user = User(account.owner, account.email, claims.role)
        return Session(tokens.access, refresh_token, claims.expires_at, user)

    def _claims(self, claims: Mapping[str, Any]) -> _Claims:
        owner, origin, groups = claims.get("sub"), claims.get("origin_jti"), claims.get("cognito:groups", [])
        if claims.get("client_id") != self._client_id or not isinstance(owner, str) or not isinstance(origin, str):
            raise not_valid()
        role: Role = "admin" if isinstance(groups, list) and ADMINS in groups else "user"
        return _Claims(owner, id_from(origin), role, int(claims["exp"]))

    def _account(self, owner: str, address: str) -> Account:
        return Account(owner, address, None, "user", created_at=int(self._now()))


def spell_password(password: str) -> str:
    """The password as Cognito takes it: visible ASCII as it is, any other as its digest, for Cognito refuses spaces.

    One password has several spellings in Unicode, so it is normalised first, as on one machine.
    """
    normalised = unicodedata.normalize("NFKC", password)
    if _AS_IT_IS.fullmatch(normalised):
        return normalised
    digest = hashlib.sha256(normalised.encode("utf-8", "surrogatepass")).digest()
    return f"~sha256:{urlsafe_b64encode(digest).decode().rstrip('=')}"


def _username(email: str) -> str:
    address = normalise_email(email)
    if len(address) > LONGEST_USERNAME:
        raise InvalidRequest(
            f"`email` is longer than {LONGEST_USERNAME} characters. Use a shorter one.", parameter="email"
        )
    return address
