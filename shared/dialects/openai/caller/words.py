"""What plain answers and streams say alike, in OpenAI's words: https://platform.openai.com/docs/api-reference/chat/object (2026-11)."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.chat.events import Annotation, FinishReason, MediaOutput
from shared.chat.request import ChatRequest

type Json = dict[str, Any]


def answer_id(request_id: str) -> str:
    """The id of an answer that has none in this dialect."""
    return f"chatcmpl-{request_id}"


def call_id(request_id: str, choice: int, index: int) -> str:
    """The id of a call that nobody gave one."""
    return f"call_{request_id}{choice}{index}"


def finish_word(reason: FinishReason, raw: str | None, *, legacy: bool) -> str:
    """OpenAI's word. What has none keeps the provider's own, for no other is true; clients take any string. Trap 24."""
    if reason == "other":
        return raw or "other"
    return "function_call" if legacy and reason == "tool_calls" else reason


def is_legacy(request: ChatRequest) -> bool:
    """The caller named `functions`, so that they look for a `function_call`."""
    return bool(request.original and request.original.body.get("functions"))


def wants_usage(request: ChatRequest) -> bool:
    """The caller asked for the chunk that tells the usage. Trap 80."""
    options = request.original.body.get("stream_options") if request.original else None
    return isinstance(options, Mapping) and options.get("include_usage") is True


def write_media(media: Iterable[MediaOutput]) -> dict[str, Any]:
    """Pictures as routers give them (https://openrouter.ai/docs/features/multimodal/image-generation, 2026-11), the rest as files."""
    pictures: list[Json] = []
    others: list[Json] = []
    for made in media:
        url = f"data:{made.media_type};base64,{made.data}"
        if made.media_type.startswith("image/"):
            pictures.append({"type": "image_url", "image_url": {"url": url}, "index": len(pictures)})
        else:
            others.append({"type": "file", "file": {"file_data": url}, "index": len(others)})
    return {name: value for name, value in (("images", pictures), ("files", others)) if value}


def write_notes(notes: Iterable[Annotation]) -> dict[str, Any]:
    """Citations of web pages in OpenAI's form; and `provider_annotations`, where all that the provider told stands as it came."""
    citations: list[Json] = []
    others: list[Json] = []
    for note in notes:
        if citation := _citation(note):
            citations.append({**citation, "index": len(citations)})
        if note.name != "logprobs":
            others.append({"name": note.name, "value": note.value, "index": len(others)})
    return {name: value for name, value in (("annotations", citations), ("provider_annotations", others)) if value}


def find_logprobs(notes: Iterable[Annotation]) -> Any:
    """Those of a choice, joined where they came in pieces; None where there are none."""
    found = [note.value for note in notes if note.name == "logprobs"]
    match found:
        case []:
            return None
        case [only]:
            return only
    content = [token for piece in found if isinstance(piece, Mapping) for token in piece.get("content") or ()]
    return {"content": content, "refusal": None}


def _citation(note: Annotation) -> dict[str, Any] | None:
    """Of the web, as Anthropic tells it: https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool (2026-11)."""
    match note.name, note.value:
        case "citation", {"type": "web_search_result_location", "url": str(url)}:
            title = note.value.get("title")
            return {
                "type": "url_citation",
                "url_citation": {"start_index": 0, "end_index": 0, "url": url, "title": title or url},
            }
    return None
