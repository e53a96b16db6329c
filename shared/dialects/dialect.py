"""What every dialect towards a provider offers: write a request, read a reply, read a stream, explain a failure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.chat.events import ChatEvent
from shared.chat.request import ChatRequest, MediaKind
from shared.dialects.listed import ListedModel
from shared.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Written:
    """A request in the provider's words. `path` comes behind the base URL, every segment percent-encoded; no secret is in here."""

    path: str
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


class OpenStream(Protocol):
    """Makes a reader of one stream. `verbatim`: it also says each event as the provider wrote it."""

    def __call__(self, *, verbatim: bool = False) -> "StreamReader":
        """A new one."""
        ...


class StreamReader(Protocol):
    """Reads one stream. It must be the same for every cut of the same bytes."""

    skipped: int
    """Pieces that were passed over, for they were no JSON object."""
    dropped: int
    """Pieces behind the end, as far as they came together with it."""

    def feed(self, data: bytes) -> Sequence[ChatEvent]:
        """Events that became whole with these bytes. Raises a ProviderError when the stream says that it failed."""
        ...

    def close(self) -> Sequence[ChatEvent]:
        """The bytes are at their end. Raises StreamTruncated when the stream had not said so itself."""
        ...

    @property
    def finished(self) -> bool:
        """The stream has said that it ends; what follows is dropped."""
        ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API family, towards a provider."""

    name: str
    write: Callable[[ChatRequest, int | None], Written]
    """(request, the largest output of the model if the catalogue knows it) → what to send."""
    read: Callable[[bytes], list[ChatEvent]]
    """A whole 200 body → the same events as a stream would have said. Raises BadResponse, or ProviderFailed for an error inside."""
    stream: OpenStream
    explain: Callable[[int, Mapping[str, str], bytes], ProviderError]
    """(status ≥ 300, lower-case headers, body) → whose fault it is. Never echoes what is not a message."""
    models: Callable[[bytes], list[ListedModel]]
    """The body of the model list → the models that the key may use, with what is told of them. Raises BadResponse."""
    kin: Callable[[dict[str, Any], ChatRequest], dict[str, Any]] | None = None
    """What a caller's own body in this dialect still needs before it goes out as it came: (a copy of it, the request) → the body."""
    deaf_to: frozenset[str] = frozenset()
    """Hints for which this family has no word: `user`, `metadata` (labels), `strict` (tools), `cache` (CachePoint), `failure` (of a
    tool); or `json` (mode), which it is asked for in words. They are told in the receipt."""
    calls_in_parallel: bool = False
    """It cannot be kept from several tool calls in one turn; where the caller wants one at a time, the gateway sees to that."""
    fetches: frozenset[MediaKind] = frozenset()
    """What these providers fetch by https URL themselves; of all else the gateway sends the bytes (trap 51)."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What goes with the question for the list of models; a chat has its own in `Written`."""
