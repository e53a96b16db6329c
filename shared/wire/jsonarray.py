"""A JSON array that arrives in pieces, as Gemini streams when it is not asked for `alt=sse`.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent (read 2026-01)
"""

import re
from collections.abc import Iterator
from typing import Final

from shared.errors import BadResponse, StreamTruncated
from shared.wire.decoder import MAX_ITEM, MAX_TOTAL, Decoder

_SPACE: Final = b" \t\r\n"
_STRUCTURE: Final = re.compile(rb'["{}\[\],]')
_IN_STRING: Final = re.compile(rb'["\\]')


class JsonArrayDecoder(Decoder[bytes]):
    """Bytes → each element of the top-level array, as soon as it is whole. What it holds is not checked here.

    A top-level object, such as a pretty-printed error instead of the array, is given as the one element.
    Raises BadResponse when the first byte belongs to neither; `close` raises StreamTruncated in the middle of an element.
    """

    __slots__ = ("_alone", "_depth", "_escaped", "_in_string", "finished")

    def __init__(self, *, max_item: int = MAX_ITEM, max_total: int = MAX_TOTAL) -> None:
        super().__init__(max_item=max_item, max_total=max_total)
        self._depth = 0
        self._alone = False
        self._in_string = False
        self._escaped = False
        self.finished = False
        """The array, or the lone object, is closed. What follows is dropped."""

    def _read(self, data: bytes, items: list[bytes]) -> None:
        if self.finished:
            return
        if self._depth == 0:
            data = self._open(data)
        begin = 0
        for at in self._marks(data):
            mark = data[at]
            if mark in b"{[":
                self._depth += 1
            elif mark in b"}]":
                self._depth -= 1
            if self._depth == 0 or (self._depth == 1 and mark == ord(",")):
                self._give(data[begin:at], items)
                begin = at + 1
            elif self._depth == 1:
                self._give(data[begin : at + 1], items)
                begin = at + 1
            if self._depth == 0 or (self._alone and self._depth == 1):
                self.finished = True
                return
        self._held += data[begin:]
        self._check()

    def _end(self) -> list[bytes]:
        if self._held.strip():
            raise StreamTruncated("the provider's answer ended in the middle of a JSON value")
        return []

    def _open(self, data: bytes) -> bytes:
        data = data.lstrip(_SPACE)
        match data[:1]:
            case b"[":
                self._depth = 1
                return data[1:]
            case b"{":
                self._depth, self._alone = 1, True
                return data
            case b"":
                return b""
            case _:
                raise BadResponse("the provider answered with something that is not JSON")

    def _marks(self, data: bytes) -> Iterator[int]:
        """Where brackets and commas stand, outside strings."""
        at, self._escaped = int(self._escaped), False
        while mark := (_IN_STRING if self._in_string else _STRUCTURE).search(data, at):
            at = mark.end()
            match mark[0]:
                case b'"':
                    self._in_string = not self._in_string
                case b"\\":
                    self._escaped = at == len(data)
                    at += 1
                case _:
                    yield mark.start()

    def _give(self, last: bytes, items: list[bytes]) -> None:
        self._held += last
        self._check()
        if element := bytes(self._held).strip(_SPACE):
            items.append(element)
        self._held.clear()

    def _check(self) -> None:
        if len(self._held) > self._max_item:
            raise self._too_long()
