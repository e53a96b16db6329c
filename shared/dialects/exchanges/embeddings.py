"""Embeddings, as callers ask and hear them: https://platform.openai.com/docs/api-reference/embeddings (2026-11)."""

import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from shared.chat.events import Usage
from shared.dialects.exchanges import Ask, Reply
from shared.dialects.exchanges.check import check
from shared.errors import BadResponse, InvalidRequest, UnsupportedParameter
from shared.wire.json import write

_CHARACTERS_A_TOKEN: Final = 4
"""The rule of thumb of https://help.openai.com/en/articles/4936856, for who does not count."""
_FLOAT: Final = 4
"""Bytes."""


class EmbeddingsBody(msgspec.Struct):
    """What OpenAI's form knows. Other fields go to providers who speak that form as they came."""

    input: str | list[str | int | list[int]]
    model: Annotated[str, msgspec.Meta(min_length=1)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, msgspec.Meta(ge=1)] | None = None
    user: str | None = None


def read_ask(body: bytes, created: int) -> Ask:
    """Raises InvalidRequest, which names the field."""
    said, known = check(body, EmbeddingsBody)
    if not known.input:
        raise InvalidRequest("`input` is empty: send a text, or a list of texts", parameter="input")
    if isinstance(known.input, list) and len({type(item) for item in known.input}) > 1:
        raise InvalidRequest("`input` is a mixture: send texts, or tokens, or lists of tokens", parameter="input")
    return Ask(known.model, said, created)


def texts(ask: Ask, family: str) -> list[str]:
    """What is to be embedded, for who takes nothing but texts.

    Raises:
        UnsupportedParameter: it is tokens.
    """
    said = ask.body["input"]
    found = [said] if isinstance(said, str) else said
    if not all(isinstance(text, str) for text in found):
        raise UnsupportedParameter(f"{family} takes no tokens as `input`: send the text", parameter="input")
    return list(found)


def counted(tokens: int | None, raw: Mapping[str, Any]) -> Usage | None:
    """What was read, where the provider counted it: an embedding says nothing, so its output is 0 and not unknown."""
    return None if tokens is None else Usage(input=tokens, output=0, total=tokens, raw=raw)


def speak(vectors: Sequence[Sequence[float]], ask: Ask, *, family: str, usage: Usage | None) -> Reply:
    """The answer. `usage` was counted by the provider; where it did not, an estimate says that it is one (trap 22).

    Raises:
        BadResponse: there are not as many vectors as there were texts.
    """
    said = texts(ask, family)
    if len(vectors) != len(said):
        raise BadResponse(f"{family} answered {len(said)} texts with {len(vectors)} embeddings")
    used = -(-sum(map(len, said)) // _CHARACTERS_A_TOKEN) if usage is None else usage.input
    told = {"prompt_tokens": used, "total_tokens": used, **({"estimated": True} if usage is None else {})}
    data = [
        {"object": "embedding", "index": index, "embedding": spell(vector, ask)} for index, vector in enumerate(vectors)
    ]
    return Reply(write({"object": "list", "data": data, "model": ask.model, "usage": told}), usage)


def spell(vector: Any, ask: Ask) -> Any:
    """A vector in the encoding that was asked for: numbers, or base64 of little-endian floats. Trap 62.

    Raises:
        BadResponse: it is no vector.
    """
    wanted = str if ask.body.get("encoding_format") == "base64" else list
    if isinstance(vector, wanted):
        return vector
    try:
        return _packed(vector) if wanted is str else _unpacked(vector)
    except (struct.error, OverflowError, TypeError, ValueError) as error:
        raise BadResponse("the provider answered with an embedding that is no vector of numbers") from error


def _packed(vector: list[float]) -> str:
    return b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _unpacked(text: str) -> list[float]:
    data = b64decode(text, validate=True)
    return list(struct.unpack(f"<{len(data) // _FLOAT}f", data))
