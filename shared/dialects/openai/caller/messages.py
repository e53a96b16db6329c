"""The messages of a caller's request: https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages (2026-11).

One of theirs is one of ours, so that `messages[3]` means the same everywhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from shared.chat.request import (
    CachePoint,
    KinOnly,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from shared.dialects.openai.caller import media
from shared.dialects.openai.caller.fields import Fields, missing, wrong
from shared.dialects.openai.caller.thinking import call_signature, thinking
from shared.dialects.openai.caller.tools import read_cache
from shared.dialects.signed import split_id
from shared.errors import InvalidRequest
from shared.wire.json import write

_ROLES: Final[dict[str, Role]] = {"system": "system", "developer": "system", "user": "user"}
_HEARD: Final = frozenset({"annotations", "provider_annotations", "parsed", "native_finish_reason", "tool_call_id"})
"""What answers hold beside what was said; an earlier one is handed back with it, and it means nothing to the model."""


class MessageReader:
    """Reads messages in their order, for the result of a former `function_call` has no id but its place."""

    def __init__(self, kin_only: list[KinOnly]) -> None:
        self._kin_only = kin_only
        self._former: str | None = None
        """The id that we gave to the `function_call` before."""
        self._calls: list[str] = []
        """The ids of the calls of the assistant message before."""

    def read(self, value: Any, at: str) -> Message:
        """One message. Raises InvalidRequest."""
        message = Fields(value, at)
        cache = read_cache(message)
        match message.text("role"):
            case "assistant":
                read = self._assistant(message, at)
            case "tool":
                read = self._result(message, self._answered(message), cache)
            case "function":
                read = self._function_result(message, cache)
            case "system" | "developer" | "user" as role:
                parts = self._content(message, cache, said=role == "user")
                read = Message(_ROLES[role], parts, self._name(message))
            case _:
                raise InvalidRequest(
                    "`role` is system, developer, user, assistant or tool", parameter=message.path("role")
                )
        self._kin_only.extend(message.rest(_HEARD))
        return read

    def _name(self, message: Fields) -> str | None:
        """A participant's; only who speaks this dialect is told of it."""
        name = message.find_text("name")
        if name:
            self._kin_only.append(KinOnly(message.path("name"), harmless=True))
        return name

    def _assistant(self, message: Fields, at: str) -> Message:
        """Thinking first, then words, then calls: the order in which every provider wants them back."""
        parts: list[Part] = list(thinking(message, self._kin_only))
        content = message.find("content")
        if content is not None:
            parts.extend(self._parts(content, message.path("content"), read_cache(message), said=True))
        if refusal := message.find_text("refusal"):
            parts.append(Refusal(refusal))
        parts.extend(self._pictures(message))
        calls = [self._call(call) for call in message.records("tool_calls")]
        if message.has("function_call"):
            calls.append(self._former_call(message.record("function_call"), at))
        message.find("function_call")
        self._calls = [call.id for call in calls]
        if content is None and not parts and not calls and not message.has("audio"):
            raise missing(message.path("content"))
        return Message("assistant", (*parts, *calls), self._name(message))

    def _pictures(self, message: Fields) -> list[Media]:
        """Those that the model made, as our answers give them."""
        made = []
        for picture in message.records("images"):
            picture.find("type"), picture.find("index")
            made.append(media.image(picture, None)[0])
        return made

    def _call(self, call: Fields) -> ToolCall:
        kind = call.find_text("type") or "function"
        call.find("index")
        id_, signature = split_id(call.text("id"))
        told, cache = call_signature(call), read_cache(call)
        signature = signature or told  # what stands in the id says who made it, too
        match kind:
            case "function":
                function = call.record("function")
                made = ToolCall(id_, function.text("name"), function.find_text("arguments") or "", signature, cache)
                self._kin_only.extend([*call.rest(), *function.rest()])
            case "custom":
                self._kin_only.append(KinOnly(call.path("type")))
                custom = call.record("custom")
                arguments = write({"input": custom.text("input")}).decode()
                made = ToolCall(id_, custom.text("name"), arguments, signature, cache)
            case _:
                raise InvalidRequest("`type` is function or custom", parameter=call.path("type"))
        return made

    def _former_call(self, function: Fields, at: str) -> ToolCall:
        self._former = "call_" + "".join([letter for letter in at if letter.isdigit()])
        return ToolCall(self._former, function.text("name"), function.find_text("arguments") or "")

    def _function_result(self, message: Fields, cache: CachePoint | None) -> Message:
        message.text("name")
        if self._former is None:
            raise InvalidRequest("answers no `function_call` of the message before it", parameter=message.path("name"))
        former, self._former = self._former, None
        return self._result(message, former, cache)

    def _answered(self, message: Fields) -> str:
        """The id of the call; where it is left out, as some clients do, the only one there is."""
        if not message.has("tool_call_id") and len(self._calls) == 1:
            return self._calls[0]
        return split_id(message.text("tool_call_id"))[0]

    def _result(self, message: Fields, call_id: str, cache: CachePoint | None) -> Message:
        message.find_text("name")
        parts = self._content(message, None, said=True)
        content = tuple([part for part in parts if isinstance(part, Text | Media)])
        return Message("tool", (ToolResult(call_id, content, cache=cache),))

    def _content(self, message: Fields, cache: CachePoint | None, *, said: bool) -> tuple[Part, ...]:
        return tuple(self._parts(message.get("content"), message.path("content"), cache, said=said))

    def _parts(self, content: Any, at: str, cache: CachePoint | None, *, said: bool) -> Sequence[Part]:
        """`cache` stands on the whole message, and so on its last part. `said`: not instructions, which are text alone."""
        if isinstance(content, str):
            return [Text(content, cache)] if content else []
        if not isinstance(content, list):
            raise wrong(at, "a string or an array of parts")
        parts = [
            part
            for index, value in enumerate(content)
            for part in self._part(Fields(value, f"{at}[{index}]"), said=said)
        ]
        if cache and parts and isinstance(parts[-1], Text | Media):
            parts[-1] = replace(parts[-1], cache=cache)
        return parts

    def _part(self, part: Fields, *, said: bool) -> Sequence[Part]:
        cache, inner = read_cache(part), None
        made: Part | None = None
        match part.text("type"):
            case "text":
                made = Text(part.text("text"), cache)
            case "image_url" if said:
                made, inner = media.image(part, cache)
            case "input_audio" if said:
                made, inner = media.sound(part, cache)
            case "file" if said:
                made, inner = media.document(part, cache)
            case "video_url" if said:
                made, inner = media.video(part, cache)
            case "refusal" if said:
                made = Refusal(part.text("refusal"))
            case "thinking" if said:
                made = Reasoning(_thought(part), part.find_text("signature") or None)
            case _:
                self._kin_only.append(KinOnly(part.path("type")))
                return []
        self._kin_only.extend([*part.rest(), *(inner.rest() if inner else ())])
        return [made] if made else []


def _thought(part: Fields) -> str:
    """Mistral's thinking is a list of texts: https://docs.mistral.ai/capabilities/reasoning (2026-11)."""
    if isinstance(part.get("thinking"), str):
        return part.text("thinking")
    return "".join([piece.find_text("text") or "" for piece in part.records("thinking")])
