"""The port to whoever wraps data keys: AWS KMS, or a key file on one machine. One contract suite runs against both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from shared.errors import CredentialCorrupt


@dataclass(frozen=True, slots=True)
class DataKey:
    """A fresh 256-bit data key, plain and wrapped. The plain one seals once and is forgotten."""

    plain: bytes = field(repr=False)
    wrapped: bytes


class KeyWrapper(Protocol):
    """`context` is authenticated, not secret: what was wrapped under one context opens under no other.

    All raise KeyServiceUnavailable when the service does not answer or does not let us, CredentialCorrupt when the wrapped key is not ours.
    """

    async def generate(self, context: Mapping[str, str]) -> DataKey:
        """A fresh data key, wrapped under the context."""
        ...

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The plain data key."""
        ...

    async def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The same data key under the newest master key; the plain one is never shown."""
        ...


def corrupt() -> CredentialCorrupt:
    """The one answer to everything that does not open, whatever the reason, so that nobody learns the reason from it."""
    return CredentialCorrupt("The stored key does not open where it lies. Enter it again.")
