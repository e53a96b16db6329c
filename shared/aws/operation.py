"""One operation of a service of AWS, asked once: the port between engines and transport."""

from collections.abc import Awaitable
from typing import Any, Final, Protocol

NOT_DONE: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TransactionConflictException",
        "ReplicatedWriteConflictException",
        "TooManyRequestsException",
        "LimitExceededException",
        "Throttling",
    }
)
"""Refusals after which the operation certainly did not happen, and may soon.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html and the section CommonErrors of each API reference
"""
_SERVER_ERROR: Final = 500


class Refused(Exception):
    """The service answered with an error. `code` is its name without the namespace, `item` what ALL_OLD gave back, still typed."""

    def __init__(self, code: str, message: str, *, status: int, item: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.item = item

    @property
    def certainly_not_done(self) -> bool:
        """It may be asked again, whatever it does."""
        return self.code in NOT_DONE

    @property
    def may_pass(self) -> bool:
        """A later attempt may succeed."""
        return self.certainly_not_done or self.status >= _SERVER_ERROR


class NoAnswer(Exception):
    """No connection, no answer in time, an answer that is none, or no identity to ask with. The operation may have happened."""


class Ask(Protocol):
    """The transport: sends an operation (`GetItem`) with its payload once, gives the answer, raises Refused or NoAnswer."""

    def __call__(self, operation: str, payload: dict[str, Any]) -> Awaitable[dict[str, Any]]:
        """The answer, as the API reference spells it; bytes are text in base64."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
