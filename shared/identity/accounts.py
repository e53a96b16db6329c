"""The port to whoever knows people: the table on one machine, Cognito on AWS. One contract suite runs against both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.identity.caller import Caller, Role
from shared.records.account import Account


@dataclass(frozen=True, slots=True)
class User:
    """A person, as they may see themselves."""

    id: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class Session:
    """What signing in gives. `token` is a JWT until `expires_at` (epoch seconds); `refresh_token` is good once."""

    token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: int
    user: User


class Accounts(Protocol):
    """People with e-mail and password. The first of an installation is its admin, exactly one under any concurrency.

    All raise StorageUnavailable (or KeyServiceUnavailable) when what they stand on does not answer; never Unauthenticated instead.
    """

    async def sign_up(self, email: str, password: str) -> Session:
        """A new account, signed in. Raises InvalidRequest, Conflict when the e-mail has one already."""
        ...

    async def sign_in(self, email: str, password: str) -> Session:
        """A new session. Raises Unauthenticated, alike in words and time whether the e-mail or the password is wrong."""
        ...

    async def refresh(self, refresh_token: str) -> Session:
        """The session continued under a new refresh token. Raises Unauthenticated; a token used before ends the session."""
        ...

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session: its tokens are refused everywhere within five seconds."""
        ...

    async def knows(self, email: str, password: str) -> bool:
        """That is the password of whoever has that e-mail. No session comes of it."""
        ...

    async def change_role(self, account: Account, role: Role) -> None:
        """They are that from now on: in their next session at the latest, and an admin no more within five seconds."""
        ...

    async def remove(self, email: str) -> None:
        """Forget whoever has that e-mail, as far as more than the table knows of them. Done again, it does no harm."""
        ...

    def forget(self, owner: str) -> None:
        """What this process remembers of that owner's sessions: the table has changed, and it is to be asked."""
        ...

    async def verify(self, token: str) -> Caller:
        """Who the bearer of this JWT is, now. Raises Unauthenticated."""
        ...

    async def rewrap(self) -> int:
        """Wrap the data keys of the issuer's own keys anew by the newest master key; how many. Raises CredentialCorrupt for one that is none of ours."""
        ...

    async def jwks(self) -> Mapping[str, Any]:
        """The issuer's public keys, a JWK set (RFC 7517)."""
        ...
