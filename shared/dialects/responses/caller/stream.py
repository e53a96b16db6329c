"""Speaks one response, as it grows: https://platform.openai.com/docs/api-reference/responses-streaming (2026-11).

One item is open at a time, but for calls: their arguments may come interleaved (traps 36, 37, 83), so all of them stay open until the end.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.events import (
    Annotation,
    ChatEvent,
    Finish,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest
from shared.dialects.caller import About
from shared.dialects.lenient import find_text, record, records
from shared.dialects.responses.caller.errors import error_event
from shared.dialects.responses.caller.frames import Frames
from shared.dialects.responses.caller.growing import (
    GrowingCall,
    GrowingMessage,
    GrowingThought,
    MadePicture,
    Status,
)
from shared.dialects.responses.caller.ours import item_id, keep, seal
from shared.dialects.responses.caller.read import OriginalResponse
from shared.dialects.responses.caller.response import ending, head, usage
from shared.dialects.signed import signed_id
from shared.errors import RealMultiLLMError

_KNOWN_ANNOTATIONS: Final = frozenset({"url_citation", "file_citation", "container_file_citation", "file_path"})
_ANNOTATIONS: Final = frozenset({"annotation", "annotations"})

type Begun = GrowingMessage | GrowingThought | GrowingCall | MadePicture


class ResponseSpeaker:
    """Speaks a stream to a caller whose provider speaks another dialect. `response` is the whole, once it has ended."""

    def __init__(self, request: ChatRequest, about: About) -> None:
        self._request = request
        self._about = about
        self._frames = Frames()
        self._begun: list[Begun] = []
        self._message: GrowingMessage | None = None
        self._thought: GrowingThought | None = None
        self._calls: dict[int, GrowingCall] = {}
        self._notes: list[dict[str, Any]] = []
        self._tier: str | None = None
        self._started = False
        self.response = head(request, about, about.model)

    def say(self, event: ChatEvent | Done) -> bytes:
        """The bytes for one event. Only the first choice is told: this API has no others."""
        match event:
            case TextDelta(choice=0):
                return self._speak(event.text)
            case Done():
                return self._conclude(event)
            case Start():
                return self._begin(event.model)
            case Usage() | Finish():
                return b""
            case _ if getattr(event, "choice", None) == 0:
                return self._begin() + self._other(event)
        return b""

    def fail(self, error: RealMultiLLMError) -> bytes:
        """An `error` event, which every SDK raises; `response.failed` would be handed to the caller as if nothing were wrong."""
        return self._begin() + error_event(error, self._about.id, self._frames.number())

    def _other(self, event: ChatEvent) -> bytes:
        match event:
            case ReasoningDelta():
                return self._open_thought() + self._thinking().think(event.text) if event.text else b""
            case ReasoningSignature():
                return self._sign(event)
            case RefusalDelta():
                return self._open_message() + self._talking().decline(event.text) if event.text else b""
            case ToolCallStart():
                return self._call(event)
            case ToolCallDelta():
                return self._calls[event.index].argue(event.arguments)
            case MediaOutput():
                return self._picture(event)
            case Annotation():
                return self._annotate(event)
        return b""

    def _begin(self, model: str | None = None) -> bytes:
        if self._started:
            return b""
        self._started = True
        self.response["model"] = model or self._about.model
        return self._frames.frame("response.created", response=self.response) + self._frames.frame(
            "response.in_progress", response=self.response
        )

    def _speak(self, words: str) -> bytes:
        if not words:
            return b""
        if self._message is not None:
            return self._message.say(words)
        return self._begin() + self._open_message() + self._talking().say(words)

    def _annotate(self, event: Annotation) -> bytes:
        """What this API has a place for stands there, the rest is told with the response as it came."""
        if event.name == "service_tier" and (tier := find_text(event.value)):
            self._tier = tier
        elif event.name == "logprobs" and (tokens := records(record(event.value).get("content"))):
            return self._open_message() + self._talking().weigh([_token(token) for token in tokens])
        elif event.name in _ANNOTATIONS and (known := _known(event.value)):
            opened = self._open_message()
            return opened + b"".join([self._talking().annotate(annotation) for annotation in known])
        else:
            self._notes.append({"name": event.name, "value": event.value})
        return b""

    def _sign(self, event: ReasoningSignature) -> bytes:
        """Traps 48, 52: what has to come back is sealed. Encrypted thinking is an item of its own."""
        given = {"signature": event.signature, "redacted": event.redacted}
        sealed = self._seal({name: value for name, value in given.items() if value is not None})
        closed = self._close_thought() if event.redacted is not None else b""
        opened = self._open_thought()
        self._thinking().seal(sealed)
        return closed + opened + self._close_thought()

    def _call(self, event: ToolCallStart) -> bytes:
        """A signed call says so in its id, of which no client loses anything: trap 48. Nobody but who signed it gets that back."""
        closed, place = self._close_open(), len(self._begun)
        call_id = signed_id(event.id or "", self._about.maker, event.signature)
        call = GrowingCall(self._frames, place, item_id("fc", self._about.id, place), call_id=call_id, name=event.name)
        self._begun.append(call)
        self._calls[event.index] = call
        return closed + call.begin()

    def _picture(self, event: MediaOutput) -> bytes:
        """Sounds and films have no place in a response: they are told as notes."""
        kind, _, form = event.media_type.partition("/")
        if kind != "image":
            self._notes.append({"name": "media", "value": {"media_type": event.media_type, "data": event.data}})
            return b""
        closed, place = self._close_open(), len(self._begun)
        picture = MadePicture(
            self._frames, place, item_id("ig", self._about.id, place), data=event.data, form=form or "png"
        )
        self._begun.append(picture)
        return closed + picture.begin() + picture.close("completed")

    def _conclude(self, done: Done) -> bytes:
        _, reason, raw = done.finishes[0]
        said = self._begin()
        ended = ending(reason, raw)
        said += self._close_all("completed" if ended["status"] == "completed" else "incomplete")
        output = [begun.item for begun in self._begun]
        said += self._keep(output)
        more = {"provider_annotations": self._notes} if self._notes else {}
        self.response |= {**ended, **more, "output": output, "usage": usage(done.usage)}
        if ended["status"] == "completed":
            self.response["completed_at"] = self._about.created
        if self._tier:
            self.response["service_tier"] = self._tier
        return said + self._frames.frame(f"response.{ended['status']}", response=self.response)

    def _keep(self, output: list[dict[str, Any]]) -> bytes:
        """For a client that will name items by their id: a last thought that says nothing, and whose id holds them all.

        That client drops messages that say nothing, and keeps such thoughts.
        """
        original = self._request.original
        if not output or not isinstance(original, OriginalResponse) or not original.refers:
            return b""
        thought = GrowingThought(self._frames, len(output), keep(output))
        thought.seal(self._seal({}))
        output.append(thought.item)
        return thought.begin() + thought.close("completed")

    def _seal(self, content: Mapping[str, str]) -> str:
        return seal(self._about.maker, content)

    def _open_message(self) -> bytes:
        if self._message is not None:
            return b""
        closed, place = self._close_thought(), len(self._begun)
        self._message = GrowingMessage(self._frames, place, item_id("msg", self._about.id, place))
        self._begun.append(self._message)
        return closed + self._message.begin()

    def _open_thought(self) -> bytes:
        if self._thought is not None:
            return b""
        closed, place = self._close_message(), len(self._begun)
        self._thought = GrowingThought(self._frames, place, item_id("rs", self._about.id, place))
        self._begun.append(self._thought)
        return closed + self._thought.begin()

    def _talking(self) -> GrowingMessage:
        if self._message is None:
            raise RuntimeError("no message is open")
        return self._message

    def _thinking(self) -> GrowingThought:
        if self._thought is None:
            raise RuntimeError("no thought is open")
        return self._thought

    def _close_open(self) -> bytes:
        return self._close_thought() + self._close_message()

    def _close_thought(self) -> bytes:
        """Thinking that nobody signed is sealed too, for clients send back none that is not."""
        thought, self._thought = self._thought, None
        if thought is None:
            return b""
        if thought.item["encrypted_content"] is None:
            thought.seal(self._seal({}))
        return thought.close("completed")

    def _close_message(self, status: Status = "completed") -> bytes:
        message, self._message = self._message, None
        return b"" if message is None else message.close(status)

    def _close_all(self, status: Status) -> bytes:
        closed = [self._close_thought(), self._close_message(status)]
        closed += [call.close(status) for _, call in sorted(self._calls.items())]
        self._calls = {}
        return b"".join(closed)


def _token(token: Mapping[str, Any]) -> dict[str, Any]:
    """A token as in chat completions, which is the same here but for what must not be missing."""
    others = [{"bytes": [], **other} for other in records(token.get("top_logprobs"))]
    return {"bytes": [], **token, "top_logprobs": others}


def _known(value: Any) -> list[dict[str, Any]]:
    """Citations that this API knows. Chat completions say the same one level deeper."""
    found = []
    for annotation in records(value if isinstance(value, list) else [value]):
        kind = annotation.get("type")
        if kind in _KNOWN_ANNOTATIONS:
            found.append({"type": kind, **record(annotation.get(kind)), **_flat(annotation, kind)})
    return found


def _flat(annotation: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {name: value for name, value in annotation.items() if name != kind}
