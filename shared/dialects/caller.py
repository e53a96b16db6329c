"""What every dialect towards a caller offers: read a request, speak an answer, speak a stream, speak a failure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from shared.chat.collect import Answer
from shared.chat.events import ChatEvent
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest
from shared.errors import InvalidRequest, RealMultiLLMError


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the caller wants of a conversation: to go on with that one, and to `keep` what is said now."""

    conversation: str | None
    keep: bool
    said: tuple[Mapping[str, Any], ...] = field(repr=False)
    """The messages to keep, as the caller wrote them: all but instructions."""
    places: tuple[int, ...] = ()
    """Where each stood in `messages`."""


@dataclass(frozen=True, slots=True)
class Named:
    """A model as a caller names it, with its provider or without."""

    model: str
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """Which provider the caller named, if any, and the chat. `chat.model` is as the caller wrote it, empty when none was named."""

    provider: str | None
    chat: ChatRequest
    fallback: tuple[Named, ...] = ()
    """Whom to ask next, in that order, where that one cannot answer."""
    keeping: Keeping | None = None
    """None: the chat belongs to no conversation."""


@dataclass(frozen=True, slots=True)
class About:
    """What an answer is about: our id of the request, when it was asked (Unix seconds), and of whom.

    `kin`: provider and caller speak the same dialect, so that Verbatim events come and are said as they are.
    """

    id: str
    created: int
    provider: str
    model: str
    kin: bool = False
    signer: str = ""
    """Which provider and key answer, where that is more than `provider`."""
    conversation: str | None = None
    """The id of the conversation that it goes on with or begins."""

    @property
    def maker(self) -> str:
        """Proofs of thinking are marked with it (`shared.dialects.signed`), and go back to it alone. Trap 61."""
        return self.signer or self.provider


class Speaker(Protocol):
    """Speaks one stream."""

    def say(self, event: ChatEvent | Done) -> bytes:
        """The bytes for one event, none where nothing is to be said. Done is the last event of every chat that went well."""
        ...

    def fail(self, error: RealMultiLLMError) -> bytes:
        """The one last thing of a stream that broke off; nothing that says a good end comes with it."""
        ...


@dataclass(frozen=True, slots=True)
class CallerDialect:
    """One API family, towards a caller. A provider whose dialect has the same name is kin."""

    name: str
    read: Callable[[bytes, Mapping[str, str]], Wish]
    """(body, lower-case headers) → what is wished. Raises InvalidRequest, which names the field as the caller wrote it."""
    speaker: Callable[[ChatRequest, About], Speaker]
    answer: Callable[[Answer, Done, ChatRequest, About], bytes]
    """A whole answer, as JSON."""
    describe: Callable[[RealMultiLLMError, str], Mapping[str, Any]]
    """(error, request id) → the body of an error answer."""
    status: Callable[[RealMultiLLMError], int]
    """Its HTTP status."""
    names: Mapping[str, str]
    """A field of ChatRequest → the caller's word for it, where that is another one."""
    keep_alive: bytes
    """What says nothing in a stream. Traps 14, 15."""
    request_id_header: bytes
    """Where this family's SDKs look for the id of a request."""


@cache
def load_caller(name: str) -> CallerDialect:
    """The `CALLER` of the folder with that name, loaded when it is first spoken. Names come from routes, never from callers."""
    dialect: CallerDialect = import_module(f"shared.dialects.{name}.caller").CALLER
    return dialect


def respell(error: RealMultiLLMError, names: Mapping[str, str]) -> RealMultiLLMError:
    """The same refusal, with the parameter as this caller wrote it: `options.topLogprobs` is `top_logprobs` to OpenAI's callers."""
    if not isinstance(error, InvalidRequest) or not error.parameter:
        return error
    named, own = error.parameter, own_name(error.parameter, names)
    if own == named:
        return error
    error.message = error.message.replace(f"`{named}`", f"`{own}`")
    error.parameter = error.details["parameter"] = own
    error.args = (error.message,)
    return error


def own_name(parameter: str, names: Mapping[str, str]) -> str:
    """A parameter by the name that this caller knows; what is none of our options is already in their words.

    Where messages are called otherwise they are also counted otherwise, so that a place among ours would mislead.
    """
    if _IN_MESSAGES.match(parameter):
        return names.get("messages", parameter)
    if not parameter.startswith(_OPTIONS):
        return parameter
    option, *rest = parameter.removeprefix(_OPTIONS).split(".", 1)
    field = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in option)
    return ".".join([names.get(field, field), *rest])


_IN_MESSAGES = re.compile(r"messages\b")
_OPTIONS = "options."
"""How our own API begins the names of what a request may wish; refusals of dialects and rows speak so."""
