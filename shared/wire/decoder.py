"""What every decoder of a stream shares: bytes in, whole items out, at every cut the same, and never more than is allowed."""

from abc import ABC, abstractmethod
from typing import Final

from shared.errors import ProviderError, StreamLimitReached

MAX_ITEM: Final = 16 * 2**20
"""Bytes of one event, line, message or element. A picture inside an answer is one base64 line: a 4K image is some 10 MB.
For text alone this is generous; but nobody knows beforehand that a model says text alone."""
MAX_TOTAL: Final = 256 * 2**20
"""Bytes of one answer. Lambda ends a response at 200 MB, so nothing of ours can hand on more."""


class Decoder[Item](ABC):
    """Holds back what is not whole yet, and counts.

    When whole items come before a failure in the same bytes, they are handed out first and the failure is raised by the next call,
    so that no cut of the stream loses an item.
    """

    __slots__ = ("_failure", "_held", "_left", "_max_item")

    def __init__(self, *, max_item: int = MAX_ITEM, max_total: int = MAX_TOTAL) -> None:
        self._max_item = max_item
        self._left = max_total
        self._held = bytearray()
        self._failure: ProviderError | None = None

    def feed(self, data: bytes) -> list[Item]:
        """Give the items that became whole with these bytes. Raises StreamLimitReached, and what the format itself raises."""
        if self._failure is not None:
            raise self._failure
        if not data:
            return []
        self._left -= len(data)
        items: list[Item] = []
        try:
            self._read(data if self._left >= 0 else data[: self._left], items)
            if self._left < 0:
                raise StreamLimitReached("the provider's answer is longer than this gateway passes on")
        except ProviderError as failure:
            self._failure = failure
            if not items:
                raise
        return items

    def close(self) -> list[Item]:
        """Say that the bytes are at their end. Gives the last item where the format lets it end without a terminator.

        Raises StreamTruncated where half an item proves that the stream was cut, and a failure that `feed` had to hold back.
        """
        if self._failure is not None:
            raise self._failure
        return self._end()

    @abstractmethod
    def _read(self, data: bytes, items: list[Item]) -> None:
        """Append what became whole. `data` may be empty."""

    @abstractmethod
    def _end(self) -> list[Item]: ...

    def _too_long(self) -> StreamLimitReached:
        return StreamLimitReached("one event of the provider's stream is larger than this gateway passes on")
