"""Who calls, once their credential is verified. Identity comes from here alone, never from a header or a body."""

from dataclasses import dataclass, field

from shared.records.account import Role as Role  # noqa: PLC0414 - a caller's role is asked for here
from shared.records.token import AccessToken


@dataclass(frozen=True, slots=True)
class Caller:
    """`owner` is the partition of everything that is theirs. A program has `token_id`, and in `token` what it may do; a person has `session_id`."""

    owner: str
    email: str | None
    role: Role
    token_id: str | None = None
    token: AccessToken | None = field(default=None, repr=False)
    session_id: str | None = None
