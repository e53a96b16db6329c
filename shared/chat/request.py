"""What a chat asks, whatever the caller's dialect and whatever the provider's.

A field that the caller left out is None (or empty): dialects then write nothing, so the provider's own default holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
MediaKind = Literal["image", "file", "audio", "video"]


@dataclass(frozen=True, slots=True)
class CachePoint:
    """What stands before here is worth keeping: Anthropic's `cache_control`, Bedrock's `cachePoint`. A hint, which changes no answer."""

    ttl: str | None = None
    """`5m`, `1h`, or the provider's own."""


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text."""

    text: str
    cache: CachePoint | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, a document, a sound or a video: base64 `data` with its `media_type`, or the `url` where it lies."""

    kind: MediaKind
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    name: str | None = None
    detail: str | None = None
    """OpenAI's `low`, `high`, `original` or `auto`, for images."""
    context: str | None = None
    """What Anthropic is told of a document beside it."""
    cache: CachePoint | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Thinking of an earlier turn, to be handed back byte-exact with its `signature`.

    `redacted` holds what the provider encrypted (Anthropic's `redacted_thinking.data`).
    """

    text: str = ""
    signature: str | None = None
    redacted: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model made in an earlier turn; `arguments` is JSON text as it was sent."""

    id: str
    name: str
    arguments: str = "{}"
    signature: str | None = None
    """Gemini's thought signature of this part."""
    cache: CachePoint | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer to the call with that id."""

    call_id: str
    content: "tuple[Text | Media, ...]"
    is_error: bool = False
    cache: CachePoint | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model declined, in an earlier turn."""

    text: str


Part = Text | Media | Reasoning | ToolCall | ToolResult | Refusal


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. A `tool` message holds one or more ToolResults and nothing else."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; `parameters` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None
    cache: CachePoint | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """`auto`, `none`, `required`, or the one `tool` with that name."""

    mode: Literal["auto", "none", "required", "tool"]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """`text`, any JSON object, or JSON after a schema."""

    kind: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: Mapping[str, Any] | None = None
    strict: bool | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class KinOnly:
    """A part of the caller's body that the common tongue has no word for; `parameter` is its path as the caller wrote it.

    A provider of the caller's own dialect gets it as it came. Another one refuses it by that name, unless it is `harmless`: it cannot change
    the answer (a hint for caches, a label), is left out, and the receipt says so.
    """

    parameter: str
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Original:
    """What the caller sent, for a provider who speaks the same dialect: it goes out as it came. Never changed in place."""

    dialect: str
    body: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those of the caller's that the provider has to see, such as `anthropic-beta`."""
    filled: Mapping[str, Any] = field(default_factory=dict)
    """Fields of ChatRequest that the body left open and the owner's settings say."""
    system: str | None = None
    """The owner's system prompt, where the body has none."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A whole chat request. `model` is the provider's own name for it."""

    model: str
    messages: tuple[Message, ...]
    stream: bool = False
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None
    """`none`, `minimal`, `low`, `medium`, `high` or what else the provider knows."""
    reasoning_budget: int | None = None
    """Tokens to think with, where the provider counts them (Anthropic, Gemini)."""
    user: str | None = None
    metadata: Mapping[str, str] | None = None
    service_tier: str | None = None
    verbosity: str | None = None
    """`low`, `medium` or `high`."""
    original: Original | None = None
    kin_only: tuple[KinOnly, ...] = ()
    drop: bool = False
    """What the provider cannot do is left out and told in the receipt, in place of a refusal."""
