"""The provider's own words, to a caller who speaks as it does: event by event as they came."""

from typing import Final

from shared.chat.events import ChatEvent, Verbatim
from shared.chat.receipt import Done
from shared.dialects.anthropic.caller.errors import describe
from shared.dialects.anthropic.caller.stream import event
from shared.dialects.caller import About
from shared.errors import RealMultiLLMError

_STOP: Final = "message_stop"


class KinSpeaker:
    """Speaks one stream. Only an end that the provider left out is put in: clients wait for it. Trap 11."""

    __slots__ = ("_about", "_ended")

    def __init__(self, about: About) -> None:
        self._about = about
        self._ended = False

    def say(self, said: ChatEvent | Done) -> bytes:
        """The event's bytes; nothing for what we read in it."""
        match said:
            case Verbatim():
                name = said.said.get("type") or said.name
                self._ended = self._ended or name == _STOP
                return b"event: %s\ndata: %s\n\n" % (str(name).encode(), said.data.replace(b"\n", b"\ndata: "))
            case Done() if not self._ended:
                return event(_STOP, {})
            case _:
                return b""

    def fail(self, error: RealMultiLLMError) -> bytes:
        """The last event, after which nothing comes."""
        return event("error", dict(describe(error, self._about.id)))
