"""What an answer says as it grows. Noun, then action. Every dialect reads plain answers and streams into these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "other"]
"""`other`: the provider said something without a counterpart, kept in `Finish.raw`; never turned into `stop`."""


@dataclass(slots=True)
class Start:
    """The provider's own id and name of the model, as far as it tells them."""

    id: str | None = None
    model: str | None = None
    created: int | None = None


@dataclass(slots=True)
class TextDelta:
    """More of the visible answer."""

    text: str
    choice: int = 0


@dataclass(slots=True)
class ReasoningDelta:
    """More of the visible thinking."""

    text: str
    choice: int = 0


@dataclass(slots=True)
class ReasoningSignature:
    """What closes a block of thinking: `signature` as sent, or `redacted` data in place of visible thinking."""

    signature: str | None = None
    redacted: str | None = None
    choice: int = 0


@dataclass(slots=True)
class RefusalDelta:
    """More of a refusal, where the provider tells it apart from the text."""

    text: str
    choice: int = 0


@dataclass(slots=True)
class ToolCallStart:
    """A call begins. `index` counts the calls of one choice from 0, in the order they began, whatever the provider numbers."""

    index: int
    id: str | None
    name: str
    choice: int = 0
    signature: str | None = None


@dataclass(slots=True)
class ToolCallDelta:
    """More of the JSON text of that call's arguments."""

    index: int
    arguments: str
    choice: int = 0


@dataclass(slots=True)
class MediaOutput:
    """A picture or sound that the model made, base64."""

    media_type: str
    data: str
    choice: int = 0


@dataclass(slots=True)
class Annotation:
    """What we have no word of our own for and keep as it came (logprobs, citations, grounding, the provider's own tool calls).

    `name` is the provider's name of the field, `value` its JSON.
    """

    name: str
    value: Any
    choice: int = 0


@dataclass(slots=True)
class Answered:
    """The provider has answered: `headers` are those of its answer that callers may see. `attempts` counts the questions until then."""

    headers: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 1
    provider: str = ""
    """Who has, where several could; `model` is its own name of the model."""
    model: str = ""
    kin: bool = False
    """It speaks the caller's dialect."""
    signer: str = ""
    """Who signs its thinking."""
    tried: tuple[str, ...] = ()
    """Who could not before it, and why: `provider/model outcome`."""
    dropped: tuple[str, ...] = ()
    """As in the receipt, for those who look at heads."""


@dataclass(slots=True)
class Verbatim:
    """One event of a stream, or a whole body, as the provider wrote it, for callers who speak the same dialect. The key is masked.

    `said` is the same decoded; `name` is the event's, empty where it has none.
    """

    data: bytes
    said: Mapping[str, Any]
    name: str = ""


@dataclass(slots=True)
class Usage:
    """Counted tokens in OpenAI's sense; the last one of a stream holds, none is summed.

    `input` includes what was read from and written to the cache, `output` includes reasoning. None = not reported; 0 is a value.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    total: int | None = None
    cost: Decimal | None = None
    """US dollars, when the provider itself says so."""
    raw: Mapping[str, Any] = field(default_factory=dict)
    """The provider's own object."""
    estimated: bool = False


@dataclass(slots=True)
class Finish:
    """A choice is complete. `raw` is the provider's word."""

    reason: FinishReason
    raw: str | None = None
    choice: int = 0


ChatEvent = (
    Start
    | TextDelta
    | ReasoningDelta
    | ReasoningSignature
    | RefusalDelta
    | ToolCallStart
    | ToolCallDelta
    | MediaOutput
    | Annotation
    | Answered
    | Verbatim
    | Usage
    | Finish
)
