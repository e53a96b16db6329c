"""What is the same in a plain answer and in a stream of one: usage, ending, and what is told beside the content.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax (2026-11)
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.chat.events import Annotation, ChatEvent, Finish, MediaOutput, Usage
from shared.dialects.finish import finish_reason
from shared.dialects.lenient import find_count, find_text, record, text

SERVER_TOOL: Final = "server_tool_use"
"""The type of a call that the provider itself answers."""
_NOTED: Final = ("trace", "performanceConfig", "additionalModelResponseFields")


def usage(raw: Mapping[str, Any]) -> Usage | None:
    """Bedrock counts what was read from and written to the cache apart from the input; here it is included. Traps 20, 65."""
    uncached, output = find_count(raw.get("inputTokens")), find_count(raw.get("outputTokens"))
    if uncached is None and output is None:
        return None
    cached, written = find_count(raw.get("cacheReadInputTokens")), find_count(raw.get("cacheWriteInputTokens"))
    asked = None if uncached is None else uncached + (cached or 0) + (written or 0)
    return Usage(
        input=asked,
        output=output,
        cached=cached,
        cache_write=written,
        total=None if asked is None or output is None else asked + output,
        raw=dict(raw),
    )


def finish(reason: str | None, calls: int) -> Finish:
    """A plain stop with calls means them; no other reason is masked, and an unknown one is `other`. Traps 24, 40."""
    known = finish_reason(reason)
    return Finish("tool_calls" if known == "stop" and calls else known, reason)


def notes(piece: Mapping[str, Any]) -> list[ChatEvent]:
    """What is said beside the content, kept as it came. The tier and the sequence that stopped the answer have names of their own."""
    found: list[ChatEvent] = [Annotation(name, piece[name]) for name in _NOTED if piece.get(name)]
    if tier := find_text(record(piece.get("serviceTier")).get("type")):
        found.append(Annotation("service_tier", tier))
    if stopped_by := find_text(record(piece.get("additionalModelResponseFields")).get("stop_sequence")):
        found.append(Annotation("stop_sequence", stopped_by))
    return found


def picture(format_: Any, pieces: Sequence[str]) -> MediaOutput:
    """A picture that the model made, of its base64 pieces."""
    return MediaOutput(f"image/{text(format_) or 'png'}", joined(pieces))


def joined(pieces: Sequence[str]) -> str:
    """Base64 that came in pieces, each encoded by itself. One piece stays as it came: trap 52."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        return b64encode(b"".join([b64decode(piece, validate=True) for piece in pieces])).decode()
    except ValueError:
        return "".join(pieces)
