"""Streams for tests: the recorded bytes of `tests/fixtures`, and what a reader says when they come in pieces."""

from collections.abc import Iterable
from pathlib import Path

from shared.chat.events import ChatEvent
from shared.dialects.dialect import StreamReader
from shared.errors import ProviderError

_FIXTURES = Path(__file__).parents[1] / "fixtures"


def fixture(name: str) -> bytes:
    """The bytes of a fixture, for example `anthropic/server_tool.sse`."""
    return (_FIXTURES / name).read_bytes()


def hear(reader: StreamReader, pieces: Iterable[bytes]) -> list[ChatEvent]:
    """All that a whole stream says."""
    events = [event for piece in pieces for event in reader.feed(piece)]
    return [*events, *reader.close()]


def hear_failing(reader: StreamReader, pieces: Iterable[bytes]) -> tuple[list[ChatEvent], ProviderError | None]:
    """All that a stream says, and how it failed, if it did."""
    events: list[ChatEvent] = []
    try:
        for piece in pieces:
            events.extend(reader.feed(piece))
        events.extend(reader.close())
    except ProviderError as error:
        return events, error
    return events, None


def cut(body: bytes, at: int) -> tuple[bytes, bytes]:
    """The same bytes in two reads."""
    return body[:at], body[at:]
