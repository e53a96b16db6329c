"""Items of an output as they grow: begun, said piece by piece, and told whole at their end.

https://platform.openai.com/docs/api-reference/responses-streaming (2026-11)
"""

from typing import Any, Literal, Protocol

from shared.dialects.responses.caller.frames import Frames, delta_frame, delta_head

type Item = dict[str, Any]
type Status = Literal["completed", "incomplete"]


class Growing(Protocol):
    """An item that is not complete yet."""

    def close(self, status: Status) -> bytes:
        """Its end; `item` is then what it has become."""
        ...


class _Begun:
    """An item at its place in the output."""

    __slots__ = ("_frames", "_place", "item")

    def __init__(self, frames: Frames, place: int, item: Item) -> None:
        self._frames = frames
        self._place = place
        self.item = item

    def begin(self) -> bytes:
        """It is announced as it is now."""
        return self._frames.frame("response.output_item.added", output_index=self._place, item=self.item)

    def _end(self) -> bytes:
        return self._frames.frame("response.output_item.done", output_index=self._place, item=self.item)

    def _at(self) -> dict[str, Any]:
        return {"item_id": self.item["id"], "output_index": self._place}


class GrowingMessage(_Begun):
    """A message: texts and refusals, one after the other."""

    __slots__ = ("_head", "_notes", "_part", "_pieces")

    def __init__(self, frames: Frames, place: int, id_: str) -> None:
        item = {"id": id_, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        super().__init__(frames, place, item)
        self._part: Item | None = None
        self._pieces: list[str] = []
        self._head = b""

    def say(self, words: str) -> bytes:
        """More text."""
        opened = b"" if self._part is not None and "text" in self._part else self._open("text")
        self._pieces.append(words)
        return opened + delta_frame(self._head, words, self._frames.number())

    def decline(self, words: str) -> bytes:
        """More of a refusal."""
        opened = b"" if self._part is not None and "refusal" in self._part else self._open("refusal")
        self._pieces.append(words)
        return opened + delta_frame(self._head, words, self._frames.number())

    def annotate(self, annotation: Item) -> bytes:
        """Where the text comes from."""
        opened = b"" if self._part is not None and "text" in self._part else self._open("text")
        part = self._part or {}
        part["annotations"].append(annotation)
        at = {**self._in_part(), "annotation_index": len(part["annotations"]) - 1, "annotation": annotation}
        return opened + self._frames.frame("response.output_text.annotation.added", **at)

    def weigh(self, logprobs: list[Item]) -> bytes:
        """How likely the words were. They come apart from these, so that this delta has no words."""
        opened = b"" if self._part is not None and "text" in self._part else self._open("text")
        (self._part or {})["logprobs"].extend(logprobs)
        return opened + self._frames.frame("response.output_text.delta", **self._in_part(), delta="", logprobs=logprobs)

    def close(self, status: Status) -> bytes:
        """The last part and the message end."""
        closed = self._close_part()
        self.item = {**self.item, "status": status}
        return closed + self._end()

    def _open(self, name: str) -> bytes:
        closed = self._close_part()
        part: Item = {"type": "refusal", "refusal": ""}
        if name == "text":
            part = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
        self._part = part
        self.item["content"].append(part)
        self._head = (
            delta_head("response.output_text.delta", **self._in_part(), logprobs=[])
            if name == "text"
            else delta_head("response.refusal.delta", **self._in_part())
        )
        return closed + self._frames.frame("response.content_part.added", **self._in_part(), part=part)

    def _close_part(self) -> bytes:
        part, self._part = self._part, None
        if part is None:
            return b""
        words, self._pieces = "".join(self._pieces), []
        at = self._in_part()
        if "text" in part:
            part["text"] = words
            done = self._frames.frame("response.output_text.done", **at, text=words, logprobs=part["logprobs"])
        else:
            part["refusal"] = words
            done = self._frames.frame("response.refusal.done", **at, refusal=words)
        return done + self._frames.frame("response.content_part.done", **at, part=part)

    def _in_part(self) -> dict[str, Any]:
        return {**self._at(), "content_index": len(self.item["content"]) - 1}


class GrowingThought(_Begun):
    """Thinking: its words as a summary, and what has to come back as `encrypted_content`."""

    __slots__ = ("_head", "_pieces")

    def __init__(self, frames: Frames, place: int, id_: str) -> None:
        super().__init__(frames, place, {"id": id_, "type": "reasoning", "summary": [], "encrypted_content": None})
        self._pieces: list[str] = []
        self._head = b""

    def think(self, words: str) -> bytes:
        """More of it."""
        opened = b"" if self._pieces else self._open()
        self._pieces.append(words)
        return opened + delta_frame(self._head, words, self._frames.number())

    def seal(self, content: str) -> None:
        """What has to come back."""
        self.item = {**self.item, "encrypted_content": content}

    def close(self, status: Status) -> bytes:  # noqa: ARG002 - thinking has none
        """It ends."""
        return self._close_words() + self._end()

    def _open(self) -> bytes:
        self._head = delta_head("response.reasoning_summary_text.delta", **self._in_part())
        part = {"type": "summary_text", "text": ""}
        return self._frames.frame("response.reasoning_summary_part.added", **self._in_part(), part=part)

    def _close_words(self) -> bytes:
        if not self._pieces:
            return b""
        words, at = "".join(self._pieces), self._in_part()
        part = {"type": "summary_text", "text": words}
        self.item = {**self.item, "summary": [part]}
        done = self._frames.frame("response.reasoning_summary_text.done", **at, text=words)
        return done + self._frames.frame("response.reasoning_summary_part.done", **at, part=part)

    def _in_part(self) -> dict[str, Any]:
        return {**self._at(), "summary_index": 0}


class GrowingCall(_Begun):
    """A call of a function of the caller's."""

    __slots__ = ("_head", "_pieces")

    def __init__(self, frames: Frames, place: int, id_: str, *, call_id: str, name: str) -> None:
        item = {"id": id_, "type": "function_call", "status": "in_progress", "arguments": ""}
        super().__init__(frames, place, {**item, "call_id": call_id, "name": name})
        self._pieces: list[str] = []
        self._head = delta_head("response.function_call_arguments.delta", **self._at())

    def argue(self, piece: str) -> bytes:
        """More of the JSON text of its arguments."""
        if not piece:
            return b""
        self._pieces.append(piece)
        return delta_frame(self._head, piece, self._frames.number())

    def close(self, status: Status) -> bytes:
        """No arguments are `{}`: trap 38."""
        filled = b"" if "".join(self._pieces).strip() else self.argue("{}")
        arguments = "".join(self._pieces)
        self.item = {**self.item, "status": status, "arguments": arguments}
        told = {**self._at(), "name": self.item["name"], "arguments": arguments}
        return filled + self._frames.frame("response.function_call_arguments.done", **told) + self._end()


class MadePicture(_Begun):
    """A picture that the model made; it comes whole."""

    __slots__ = ()

    def __init__(self, frames: Frames, place: int, id_: str, *, data: str, form: str) -> None:
        item = {"id": id_, "type": "image_generation_call", "status": "completed"}
        super().__init__(frames, place, {**item, "result": data, "output_format": form})

    def close(self, status: Status) -> bytes:  # noqa: ARG002 - it came whole
        """It ends."""
        return self._end()
