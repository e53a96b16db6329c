"""How events of a response are framed: `event:` says again what `type` says (trap 89), and all are counted."""

from typing import Any

from shared.wire.json import write


class Frames:
    """Frames the events of one stream."""

    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    def frame(self, kind: str, **fields: Any) -> bytes:
        """One event. The number is its place in the stream."""
        return b"event: %b\ndata: %b\n\n" % (
            kind.encode(),
            write({"type": kind, **fields, "sequence_number": self.number()}),
        )

    def number(self) -> int:
        """The next one."""
        count = self._count
        self._count = count + 1
        return count


def delta_head(kind: str, **fields: Any) -> bytes:
    """What all deltas of one text begin with; `delta_frame` says the rest."""
    return b'event: %b\ndata: %b,"delta":' % (kind.encode(), write({"type": kind, **fields})[:-1])


def delta_frame(head: bytes, words: str, number: int) -> bytes:
    """More of that text."""
    return b'%b%b,"sequence_number":%d}\n\n' % (head, write(words), number)
