"""Server-sent events, read as the WHATWG prescribes: https://html.spec.whatwg.org/multipage/server-sent-events.html (read 2026-01).

It works on bytes. All that has a meaning in an event stream is ASCII, so the text of a frame is decoded only when somebody asks,
long after its bytes came together: a code point cut by the network is whole again, and JSON readers take the bytes as they are.
"""

from dataclasses import dataclass
from typing import Final

from shared.wire.decoder import MAX_ITEM, MAX_TOTAL, Decoder

_BOM: Final = b"\xef\xbb\xbf"
_LF: Final = 0x0A
_STRAY_KEPT: Final = 64 * 2**10
_MAX_LINES: Final = 64 * 2**10
"""Lines of one event: an object for each costs far more than its bytes, so bytes alone would not bound memory and time."""


@dataclass(slots=True)
class Frame:
    """One event: its name (`message` when it has none), its data as UTF-8 bytes, and the last event id that the stream gave."""

    event: str
    data: bytes
    id: str | None = None

    @property
    def text(self) -> str:
        """The data as text; what is not UTF-8 becomes U+FFFD."""
        return self.data.decode("utf-8", "replace")

    @property
    def done(self) -> bool:
        """It is the `[DONE]` of the OpenAI family, with or without spaces around it."""
        return self.data.strip() == b"[DONE]"

    @property
    def silent(self) -> bool:
        """It carries nothing: empty, or a keepalive comment disguised as data (`data: : keepalive`). No JSON begins with a colon."""
        return self.data.lstrip()[:1] in (b"", b":")


class SseDecoder(Decoder[Frame]):
    """Bytes → frames. `feed` gives exactly the events that a browser would dispatch.

    `close` gives, beyond the standard, the last event when the stream ended without its blank line, as real providers do.
    That frame may be cut: when its data is not JSON, the stream was truncated.

    `max_item` bounds one event with all its lines, and thereby each line; `max_total` all bytes of the stream.
    """

    __slots__ = ("_after_cr", "_begun", "_id", "_stray")

    def __init__(self, *, max_item: int = MAX_ITEM, max_total: int = MAX_TOTAL) -> None:
        super().__init__(max_item=max_item, max_total=max_total)
        self._begun = False
        self._after_cr = False
        self._id: str | None = None
        self._stray = bytearray()

    @property
    def stray(self) -> bytes:
        """The first 64 KiB of lines that are no field of an event stream, joined with LF; whole after `close`.

        The standard ignores them. They are what a provider says when it answers with a plain body instead of a stream:
        Google's pretty-printed JSON error, another's JSON or HTML page.
        """
        return bytes(self._stray)

    def _read(self, data: bytes, items: list[Frame]) -> None:
        if not self._begun:
            data = self._without_bom(data)
        if self._after_cr or b"\r" in data:
            data = self._with_lf_alone(data)
        if self._held:
            if not self._ends_event(data):
                self._hold(data)
                return
            data = b"".join((self._held, data))
            self._held.clear()
        *events, rest = data.split(b"\n\n")
        for event in events:
            if len(event) > self._max_item and len(event.lstrip(b"\n")) > self._max_item:
                raise self._too_long()
            if event.startswith(b"data: ") and b"\n" not in event:
                items.append(Frame("message", event[6:], self._id))
            elif frame := self._find_frame(event):
                items.append(frame)
        if rest := rest.lstrip(b"\n"):
            self._hold(rest)

    def _end(self) -> list[Frame]:
        event = bytes(self._held).removesuffix(b"\n")
        self._held.clear()
        if len(event) > self._max_item:
            raise self._too_long()
        frame = self._find_frame(event)
        return [frame] if frame else []

    def _find_frame(self, event: bytes) -> Frame | None:
        """Read the lines of one event, without its blank line. None when it has no data: a comment, or a bare name or id."""
        if event.count(b"\n") > _MAX_LINES:
            raise self._too_long()
        name, data = b"", []
        for line in event.split(b"\n"):
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            match field:
                case b"data":
                    data.append(value)
                case b"event":
                    name = value
                case b"id":
                    self._id = self._id if b"\0" in value else value.decode("utf-8", "replace")
                case b"" | b"retry":
                    pass
                case _:
                    self._keep_stray(line)
        return Frame(name.decode("utf-8", "replace") or "message", b"\n".join(data), self._id) if data else None

    def _ends_event(self, data: bytes) -> bool:
        return b"\n\n" in data or (data[:1] == b"\n" and self._held[-1] == _LF)

    def _keep_stray(self, line: bytes) -> None:
        if len(self._stray) < _STRAY_KEPT:
            self._stray += line[: _STRAY_KEPT - len(self._stray) - 1] + b"\n"

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > self._max_item + 1:  # the LF of its last line may be among them
            raise self._too_long()

    def _with_lf_alone(self, data: bytes) -> bytes:
        """CRLF and CR become LF. A CR at the very end counts at once; the LF that may follow it in the next read does not."""
        if self._after_cr and data[:1] == b"\n":
            data = data[1:]
        self._after_cr = data[-1:] == b"\r"
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _without_bom(self, data: bytes) -> bytes:
        head = bytes(self._held) + data
        self._held.clear()
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._held += head
            return b""
        self._begun = True
        return head.removeprefix(_BOM)
