"""The body of a native chat request, as records. They validate what callers send, and the OpenAPI document is made from them.

Messages have OpenAI's form, so that an answer's message can be appended to the next request as it is; options are ours.
https://platform.openai.com/docs/api-reference/chat/create (2026-11)
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

MOST_FALLBACKS = 8
"""Of one request. More than three questions are never asked; the others are for those who rest at the time."""
Count = Annotated[int, Meta(ge=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]


class Part(Struct, tag_field="type", forbid_unknown_fields=True):
    """A piece of a message."""


class TextPart(Part, tag="text"):
    """Plain text."""

    text: str


class ImageUrl(Struct, forbid_unknown_fields=True):
    """A `data:` URL, or an https URL that the provider (or the gateway for it) fetches."""

    url: str
    detail: Literal["auto", "low", "high", "original"] | None = None


class ImagePart(Part, tag="image_url"):
    """A picture."""

    image_url: ImageUrl


class FileData(Struct, forbid_unknown_fields=True):
    """A document: `file_data` as a `data:` URL, or the https `url` where it lies."""

    file_data: str | None = None
    url: str | None = None
    filename: str | None = None


class FilePart(Part, tag="file"):
    """A document, such as a PDF."""

    file: FileData


class AudioData(Struct, forbid_unknown_fields=True):
    """Base64 sound and its format, for example `wav` or `mp3`."""

    data: str
    format: str


class AudioPart(Part, tag="input_audio"):
    """A sound."""

    input_audio: AudioData


class VideoUrl(Struct, forbid_unknown_fields=True):
    """A `data:` URL, or a URL that the provider fetches."""

    url: str


class VideoPart(Part, tag="video_url"):
    """A film."""

    video_url: VideoUrl


class RefusalPart(Part, tag="refusal"):
    """The model declined, in an earlier turn."""

    refusal: str


Content = str | list[TextPart | ImagePart | FilePart | AudioPart | VideoPart | RefusalPart]
ResultContent = str | list[TextPart | ImagePart | FilePart | AudioPart | VideoPart]
TextContent = str | list[TextPart]


class CalledFunction(Struct, forbid_unknown_fields=True):
    """A function's name and the JSON text of its arguments."""

    name: str
    arguments: str = "{}"


class CallBody(Struct, forbid_unknown_fields=True):
    """A tool call of an earlier turn; `signature` goes back byte-exact where the provider gave one."""

    id: str
    function: CalledFunction
    type: Literal["function"] = "function"
    signature: str | None = None
    index: int | None = None


class ReasoningDetail(Struct, forbid_unknown_fields=True):
    """A block of thinking of an earlier turn, to be handed back byte-exact."""

    text: str = ""
    signature: str | None = None
    redacted: str | None = None


class MessageBody(Struct, tag_field="role", forbid_unknown_fields=True):
    """One turn."""


class SystemMessage(MessageBody, tag="system"):
    """Instructions."""

    content: TextContent
    name: str | None = None


class DeveloperMessage(MessageBody, tag="developer"):
    """Instructions; the same as `system`."""

    content: TextContent
    name: str | None = None


class UserMessage(MessageBody, tag="user"):
    """What the user says or shows."""

    content: Content
    name: str | None = None


class AssistantMessage(MessageBody, tag="assistant"):
    """An earlier answer, as we gave it."""

    content: Content | None = None
    refusal: str | None = None
    tool_calls: list[CallBody] | None = None
    reasoning: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    name: str | None = None


class ToolMessage(MessageBody, tag="tool"):
    """The result of the call with that id."""

    content: ResultContent
    tool_call_id: str
    is_error: bool = False
    name: str | None = None


class FunctionBody(Struct, forbid_unknown_fields=True):
    """A function the model may call; `parameters` is a JSON schema."""

    name: Annotated[str, Meta(min_length=1, max_length=128)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolBody(Struct, forbid_unknown_fields=True):
    """A tool."""

    function: FunctionBody
    type: Literal["function"] = "function"


class FunctionName(Struct, forbid_unknown_fields=True):
    """Which function."""

    name: str


class ChosenTool(Struct, forbid_unknown_fields=True):
    """This one tool."""

    function: FunctionName
    type: Literal["function"] = "function"


class SchemaBody(Struct, forbid_unknown_fields=True):
    """A JSON schema with a name."""

    schema: dict[str, Any]
    name: str = "answer"
    description: str | None = None
    strict: bool | None = None


class FormatBody(Struct, forbid_unknown_fields=True):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaBody | None = None


class OptionsBody(Struct, rename="camel", forbid_unknown_fields=True):
    """How to answer. What is left out is the provider's own default."""

    model: str | None = None
    temperature: float | None = None
    max_tokens: AtLeastOne | None = None
    top_p: float | None = None
    top_k: Count | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: str | list[str] | None = None
    system_prompt: str | None = None
    seed: int | None = None
    n: AtLeastOne | None = None
    logprobs: bool | None = None
    top_logprobs: Count | None = None
    tools: Annotated[list[ToolBody], Meta(max_length=128)] | None = None
    tool_choice: Literal["auto", "none", "required"] | ChosenTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: FormatBody | None = None
    reasoning_effort: str | None = None
    reasoning_budget: Count | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None
    service_tier: str | None = None


class FallbackBody(Struct, forbid_unknown_fields=True):
    """A model of that provider."""

    provider: str
    model: Annotated[str, Meta(min_length=1, max_length=256)]


AnyMessage = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage
Messages = Annotated[list[AnyMessage], Meta(min_length=1, max_length=2048)]


class ChatBody(Struct, rename="camel", forbid_unknown_fields=True):
    """A native chat request."""

    messages: Messages
    provider: str | None = None
    model: str | None = None
    options: OptionsBody | None = None
    fallback: (
        Annotated[
            list[Annotated[str, Meta(min_length=1, max_length=256)] | FallbackBody],
            Meta(
                max_length=MOST_FALLBACKS,
                description="Whom to ask next, in that order, where the model cannot answer: names as `model` has them, or `{provider, model}`.",
            ),
        ]
        | None
    ) = None
    conversation_id: str | None = None
    """Go on with that conversation: what was said in it is the context."""
    keep: bool | None = None
    """Keep what is said; what goes on with a conversation is kept unless this is false."""


class TargetBody(Struct, forbid_unknown_fields=True):
    """One of those who are compared."""

    provider: str | None = None
    model: str | None = None


class ComparisonBody(Struct, rename="camel", forbid_unknown_fields=True):
    """The same messages and options for several targets at once."""

    messages: Messages
    targets: Annotated[list[str | TargetBody], Meta(min_length=2, max_length=8)]
    """Each as provider/model, a route's name, or apart."""
    options: OptionsBody | None = None
    stream: bool = True
