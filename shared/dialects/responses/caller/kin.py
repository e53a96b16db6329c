"""Towards a caller whose provider speaks this dialect itself: every event as the provider wrote it."""

from typing import Final

from shared.chat.events import ChatEvent, Verbatim
from shared.chat.receipt import Done
from shared.dialects.caller import About
from shared.dialects.lenient import find_count, find_text
from shared.dialects.responses.caller.errors import error_event
from shared.errors import ProviderError, RealMultiLLMError
from shared.wire.json import write

_LAST: Final = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled", "error"}
)


class KinSpeaker:
    """Says what was said."""

    __slots__ = ("_about", "_ended", "_number")

    def __init__(self, about: About) -> None:
        self._about = about
        self._number = 0
        self._ended = False

    def say(self, event: ChatEvent | Done) -> bytes:
        """The provider's own event. `event:` says what `type` says, also where the provider left it out: trap 89."""
        if not isinstance(event, Verbatim):
            return b""
        kind = find_text(event.said.get("type")) or event.name
        number = find_count(event.said.get("sequence_number"))
        self._number = self._number + 1 if number is None else number + 1
        self._ended = self._ended or kind in _LAST
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), event.data.replace(b"\n", b"\ndata: "))

    def fail(self, error: RealMultiLLMError) -> bytes:
        """The provider's own last event, if it said one, and else ours; never twice."""
        if self._ended:
            return b""
        said = error.verbatim if isinstance(error, ProviderError) else None
        if said is None:
            return error_event(error, self._about.id, self._number)
        kind = find_text(said.get("type"))
        return b"event: %b\ndata: %b\n\n" % ((kind if kind and kind in _LAST else "error").encode(), write(said))
