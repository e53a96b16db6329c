"""What came of trying a provider's key."""

from dataclasses import dataclass

from shared.errors import CredentialRejected


@dataclass(frozen=True, slots=True)
class Trial:
    """`valid`: the provider takes the key. `success`: it would answer a chat now. `error` is a code of the errors' tree.

    `message` is in our own words. `latency_ms` is None when nobody answered.
    """

    valid: bool
    success: bool
    message: str
    latency_ms: int | None = None
    error: str | None = None

    @property
    def refused(self) -> bool:
        """The provider said no to the key, rather than nothing of it."""
        return self.error == CredentialRejected.code
