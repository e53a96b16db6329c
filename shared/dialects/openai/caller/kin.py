"""The provider's own words for a caller who speaks as it does: bytes go through as they came, and only what is broken is mended.

Mended is what clients cannot read: a chunk without id, object, created, model or choices' index, delta and finish_reason, an answer
without who speaks, calls without an index or several at one, and calls without an id. Traps 18, 23, 35 to 37, 80.
"""

from collections.abc import Mapping
from operator import is_
from typing import Any

from shared.chat.events import ChatEvent, ToolCallStart, Verbatim
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest
from shared.dialects.caller import About
from shared.dialects.openai.caller.errors import fail
from shared.dialects.openai.caller.words import answer_id, call_id, wants_usage
from shared.dialects.openai.calls import Calls
from shared.errors import RealMultiLLMError
from shared.wire.json import write

type Json = dict[str, Any]


class KinSpeaker:
    """Says the chunks of a provider of this dialect."""

    __slots__ = ("_about", "_choices", "_envelope", "_with_usage")

    def __init__(self, request: ChatRequest, about: About) -> None:
        self._about = about
        self._with_usage = wants_usage(request)
        self._choices: dict[int, _Choice] = {}
        self._envelope = _envelope(about, "chat.completion.chunk")

    def say(self, event: ChatEvent | Done) -> bytes:
        """A chunk as it came, or mended."""
        if event.__class__ is Verbatim:
            return self._pass_on(event)
        return b"data: [DONE]\n\n" if event.__class__ is Done else b""

    def fail(self, error: RealMultiLLMError) -> bytes:
        """The error, and nothing after it."""
        return fail(error, self._about.id)

    def _pass_on(self, event: Verbatim) -> bytes:
        said, data = event.said, event.data
        choices = said.get("choices")
        if not choices and said.get("usage") and not self._with_usage:
            return b""  # the gateway asked for it, the caller did not: trap 80
        mended = self._mend(said, choices)
        if mended is not said:
            data = write(mended)
        elif b"\n" in data:
            data = data.replace(b"\n", b"\ndata: ")  # trap 4
        return b"data: " + data + b"\n\n"

    def _mend(self, said: Mapping[str, Any], choices: Any) -> Mapping[str, Any]:
        """The same object where nothing is broken."""
        if choices.__class__ is not list:
            said = {**said, "choices": []}
        elif choices:
            mended = [self._mend_choice(choice, place) for place, choice in enumerate(choices)]
            if not all(map(is_, mended, choices)):
                said = {**said, "choices": mended}
        return _complete(said, self._envelope)

    def _mend_choice(self, choice: Any, place: int) -> Any:
        if choice.__class__ is not dict:
            return choice
        index = choice.get("index")
        if index.__class__ is not int:
            index, choice = place, {"index": place, **_without_null(choice, "index")}
        known = self._choices.get(index)
        if known is None:
            known = self._choices[index] = _Choice(index, self._about.id)
        delta = choice.get("delta")
        mended = known.mend(delta if delta.__class__ is dict else {})
        if mended is not delta:
            choice = {**choice, "delta": mended}
        return choice if "finish_reason" in choice else {**choice, "finish_reason": None}


class _Choice:
    """One choice: whether somebody was said to speak, and at which index each of its calls is said."""

    __slots__ = ("_about_id", "_calls", "_index", "_places", "_spoken")

    def __init__(self, index: int, about_id: str) -> None:
        self._index = index
        self._about_id = about_id
        self._spoken = False
        self._calls: Calls | None = None
        self._places: dict[int, int] = {}

    def mend(self, delta: Json) -> Json:
        """The same object where nothing is broken."""
        if not self._spoken:
            self._spoken = True
            if not delta.get("role"):
                delta = {"role": "assistant", **_without_null(delta, "role")}
        pieces = delta.get("tool_calls")
        if not pieces or pieces.__class__ is not list:
            return delta
        mended = [self._mend_call(piece) for piece in pieces]
        return delta if all(map(is_, mended, pieces)) else {**delta, "tool_calls": mended}

    def _mend_call(self, piece: Any) -> Any:
        """Each call keeps the index at which it began, as long as no other began there."""
        if piece.__class__ is not dict:
            return piece
        calls = self._calls = self._calls or Calls(self._index)
        events: list[ChatEvent] = []
        own = calls.add(piece, events)
        if own is None:
            return piece
        given = piece.get("index")
        place = self._places.get(own)
        if place is None:
            place = self._places[own] = self._free(given)
        if given != place or given.__class__ is not int:
            piece = {"index": place, **{name: value for name, value in piece.items() if name != "index"}}
        if any(isinstance(event, ToolCallStart) and event.id is None for event in events):
            piece = {**piece, "id": call_id(self._about_id, self._index, own)}
        return piece

    def _free(self, wished: Any) -> int:
        taken = self._places.values()
        return wished if wished.__class__ is int and wished not in taken else max(taken, default=-1) + 1


def mend_answer(answer: Verbatim, about: About) -> bytes:
    """A whole answer, likewise."""
    said, choices = answer.said, answer.said.get("choices")
    if isinstance(choices, list):
        mended = [_mend_whole(choice, place, about) for place, choice in enumerate(choices)]
        if not all(map(is_, mended, choices)):
            said = {**said, "choices": mended}
    said = _complete(said, _envelope(about, "chat.completion"))
    return answer.data if said is answer.said else write(said)


def _mend_whole(choice: Any, place: int, about: About) -> Any:
    if not isinstance(choice, dict):
        return choice
    if not isinstance(choice.get("index"), int):
        choice = {"index": place, **_without_null(choice, "index")}
    message = choice.get("message")
    if not isinstance(message, dict):
        return choice
    mended = message if message.get("role") else {"role": "assistant", **_without_null(message, "role")}
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        named = [_named(call, call_id(about.id, place, index)) for index, call in enumerate(calls)]
        mended = mended if all(map(is_, named, calls)) else {**mended, "tool_calls": named}
    return choice if mended is message else {**choice, "message": mended}


def _named(call: Any, minted: str) -> Any:
    """A call that can be answered: trap 41."""
    return {**call, "id": minted} if isinstance(call, dict) and not call.get("id") else call


def _envelope(about: About, kind: str) -> Json:
    return {"id": answer_id(about.id), "object": kind, "created": about.created, "model": about.model}


def _complete(said: Mapping[str, Any], envelope: Json) -> Mapping[str, Any]:
    """What stands around the choices, the same in every chunk: what was said once holds for those that leave it out. Trap 23."""
    absent = []
    for name, usual in envelope.items():
        given = said.get(name)
        if given is None:
            absent.append(name)
        elif given and given != usual:
            envelope[name] = given
    return {**said, **{name: envelope[name] for name in absent}} if absent else said


def _without_null(fields: Json, name: str) -> Json:
    return {key: value for key, value in fields.items() if key != name}
