"""The outbox on AWS: an SQS queue. What is taken and not deleted is seen again later, and after some times put aside by the queue itself.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/ (2026-11), asked in JSON: the queue's URL is a name here, and never a place that is asked.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from shared.aws.operation import Ask, NoAnswer, Refused
from shared.errors import StorageUnavailable
from shared.storage.outbox import Parcel

_ATTEMPTS: Final = 2
_AT_ONCE: Final = 10
"""Messages that SQS gives at once, at most."""


class SqsOutbox:
    """The port `Outbox` on the queue of this URL."""

    def __init__(self, queue: str, ask: Ask) -> None:
        self._queue = queue
        self._ask = ask

    async def put(self, line: str) -> None:
        """Keep it. Where an answer is lost it may lie there twice, as with any standard queue."""
        await self._send("SendMessage", {"MessageBody": line})

    async def batches(self) -> AsyncGenerator[Sequence[Parcel]]:
        """Until there seem to be none: without waiting not every one is seen each time, and the next minute sees the rest."""
        while messages := (await self._send("ReceiveMessage", {"MaxNumberOfMessages": _AT_ONCE})).get("Messages"):
            yield [Parcel(message["Body"], message["ReceiptHandle"]) for message in messages]

    async def drop(self, parcels: Sequence[Parcel]) -> None:
        """Forget them."""
        for parcel in parcels:
            await self._send("DeleteMessage", {"ReceiptHandle": parcel.receipt})

    async def close(self) -> None:
        """Let go of connections."""
        await self._ask.close()

    async def _send(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """At once again where that may help: whoever puts has two seconds left to live."""
        cause: Refused | NoAnswer | None = None
        for _ in range(_ATTEMPTS):
            try:
                return await self._ask(operation, {"QueueUrl": self._queue, **payload})
            except Refused as refused:
                cause = refused
                if not refused.may_pass:
                    break
            except NoAnswer as no_answer:
                cause = no_answer
        raise StorageUnavailable("the queue of settlements does not answer", retry_after=1) from cause
