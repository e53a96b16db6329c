"""Who calls, once their credential is verified. Identity comes from here alone, never from a header or a body."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "admin"]


@dataclass(frozen=True, slots=True)
class Caller:
    """`owner` is the partition of everything that is theirs; `token_id` is set when a program calls with an access token."""

    owner: str
    email: str | None
    role: Role
    token_id: str | None = None
