"""A request that came with an idempotency key: who answers it, and what was answered."""

from dataclasses import dataclass, field
from typing import Literal

State = Literal["running", "kept", "too_large", "too_many"]
"""`too_large`, `too_many`: it was answered, but the answer, or all that its owner had kept that day, was more than is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who wants to be the one that answers. Times are epoch seconds."""

    owner: str
    name: str
    """A digest of the key and of what it is kept apart by."""
    holder: str
    """The id of the request that would answer, so that no other one ends what this one holds."""
    fingerprint: bytes = field(repr=False)
    """Of what was asked, keyed: of a short question nobody guesses the words from it."""
    lease: int
    """Until then nobody else answers; when it is over and nothing was kept, whoever held it has died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What lies under a key already."""

    state: State
    holder: str
    fingerprint: bytes = field(repr=False)
    lease: int
    pieces: tuple[bytes, ...] = field(default=(), repr=False)
    """The answer, sealed piece by piece in its owner's journal, the first one its head. All of them, or it is not an answer."""
