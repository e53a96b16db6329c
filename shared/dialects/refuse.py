"""Refuses by name what a family of providers cannot do. Nothing that changes an answer is dropped in silence: traps 81, 87."""

from typing import Final

from shared.chat.request import ChatRequest
from shared.errors import UnsupportedParameter

_NEUTRAL: Final = {"n": 1, "logprobs": False, "top_logprobs": 0, "frequency_penalty": 0, "presence_penalty": 0}
"""Values that ask for what every provider does anyway."""


def refuse_given(request: ChatRequest, family: str, *fields: str) -> None:
    """Raise UnsupportedParameter for the first of these fields of the request that asks for something."""
    for field in fields:
        value = getattr(request, field)
        if value not in (None, (), _NEUTRAL.get(field)):
            raise unsupported(family, field)


def unsupported(family: str, field: str, remedy: str = "leave it out") -> UnsupportedParameter:
    """Say that `family` cannot do that field of a ChatRequest; it is named as the native option, for example `options.topK`."""
    return UnsupportedParameter(f"{family} has no `{native_name(field)}`: {remedy}", parameter=native_name(field))


def native_name(field: str) -> str:
    """`top_logprobs` is `options.topLogprobs` to our callers."""
    first, *others = field.split("_")
    return "options." + first + "".join([word.capitalize() for word in others])
