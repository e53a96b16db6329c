"""People: an account, and a session that one signed in with."""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["user", "admin"]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in. `email` is normalised and unique; `owner` is an opaque id that never changes. Times are epoch seconds."""

    owner: str
    email: str
    password: str = field(repr=False)
    """A hash with its parameters, as `identity.passwords` writes it."""
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
