"""People: an account, and a session that one signed in with."""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["user", "admin"]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in. `email` is normalised and unique; `owner` is an opaque id that never changes. Times are epoch seconds."""

    owner: str
    email: str
    password: str | None = field(repr=False)
    """A hash with its parameters, as `identity.passwords` writes it; None where another directory keeps passwords."""
    role: Role
    created_at: int
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class SignIn:
    """A session: a family of refresh tokens, of which the newest alone is good."""

    id: str
    owner: str
    refresh: bytes = field(repr=False)
    """SHA-256 of the newest refresh token."""
    created_at: int
    expires_at: int
    """Also the item's TTL: past it the session is as good as gone."""
    continues: bytes | None = field(default=None, repr=False)
    """What another directory continues the session for, sealed under the newest refresh token, which is not here."""
