"""What a failure says, in the many forms in which OpenAI-like providers say it.

`{"error": {"message", "type", "code"}}` (OpenAI), `{"error": "text", "error_type"}` (Hugging Face), `{"code", "error": "text"}` (xAI),
`{"detail": "text"}` or `{"detail": [{"loc", "msg"}]}` (FastAPI: Mistral, vLLM), `{"message"}` (Mistral, Cohere), and lists of these.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.dialects.explain import find_reason
from shared.dialects.failures import failure
from shared.dialects.retry_after import read_retry_after
from shared.errors import BadResponse, ProviderError, ProviderFailed
from shared.wire.json import read_lenient

_STATUS_OF: Final[Mapping[str, int]] = {
    "authentication_error": 401,
    "context_length_exceeded": 400,
    "insufficient_quota": 429,
    "invalid_api_key": 401,
    "invalid_request_error": 400,
    "overloaded_error": 503,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "tokens": 429,
}
"""Types and codes of errors inside a 200, where nothing else tells their kind. What is not here is the provider's failure."""

_FAILURE: Final = re.compile(r"[45]\d\d")


@dataclass(frozen=True, slots=True)
class Words:
    """What the provider said."""

    message: str | None = None
    type: str | None = None
    code: str | int | None = None
    status: int | None = None
    """Named in the body itself, as errors inside a 200 do."""


def explain(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """An answer with a status of 300 or more. A body that is no JSON (a web page) is not echoed. Traps 30, 32, 85."""
    parsed = _parse(body)
    words = find_words(parsed)
    return failure(
        status, words.message, type=words.type, code=words.code, retry_after=read_retry_after(headers, parsed)
    )


def failure_inside(error: Any) -> ProviderError:
    """An error inside a 200: the value of `error`, or the data of an `event: error`. Traps 26 to 28."""
    words = find_words(error)
    status = words.status or _STATUS_OF.get(str(words.code)) or _STATUS_OF.get(str(words.type))
    if status:
        retry_after = read_retry_after({}, error)
        return failure(status, words.message, type=words.type, code=words.code, retry_after=retry_after)
    details = {"providerType": words.type, "providerCode": words.code}
    return ProviderFailed(
        words.message or "the provider failed inside its answer and gave no message",
        details={name: value for name, value in details.items() if value is not None},
    )


def no_answer(body: bytes) -> ProviderError:
    """A 200 whose body is no answer: the error inside, else BadResponse. Trap 13."""
    parsed = _parse(body)
    if isinstance(parsed, list) and parsed:
        parsed = parsed[0]
    if isinstance(parsed, dict) and (parsed.get("error") or ("choices" not in parsed and find_words(parsed).message)):
        return failure_inside(parsed)
    return BadResponse("the provider answered with something that is no chat completion; check its base URL")


def find_words(said: Any) -> Words:
    """The message, type and code, wherever they are."""
    match said:
        case [first, *_]:
            return find_words(first)
        case str():
            return Words(said)
        case {"error": dict() | list() as error} if error:
            return _with_status(find_words(error), said)
        case dict():
            return _of_object(said)
        case _:
            return Words()


def _of_object(said: Mapping[str, Any]) -> Words:
    code = find_reason(said) or said.get("code")
    text = next((text for name in ("message", "error", "detail", "msg") if (text := _text(said.get(name)))), None)
    return Words(
        message=_with_cause(text, said.get("metadata")),
        type=_string(said.get("type") or said.get("error_type") or said.get("status")),
        code=code if isinstance(code, str | int) and not isinstance(code, bool) else None,
        status=_status(said),
    )


def _text(value: Any) -> str | None:
    """A message is a string; FastAPI's is a list of `{"loc", "msg"}`, Mistral's may be an object around one."""
    match value:
        case str():
            return value or None
        case {"msg": str(text), "loc": list(where)}:
            return f"{'.'.join(map(str, where))}: {text}"
        case {"message": inner} | {"detail": inner}:
            return _text(inner)
        case list():
            return "; ".join(filter(None, map(_text, value))) or None
        case _:
            return None


def _with_cause(text: str | None, metadata: Any) -> str | None:
    """OpenRouter says `Provider returned error` and hands on what that provider said as `metadata.raw`."""
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    cause = find_words(_parse(raw.encode())).message if isinstance(raw, str) else None
    return f"{text or 'the provider behind it failed'}: {cause}" if cause else text


def _with_status(words: Words, around: Mapping[str, Any]) -> Words:
    return words if words.status else Words(words.message, words.type, words.code, _status(around))


def _status(said: Mapping[str, Any]) -> int | None:
    numbers = (said.get("status_code"), said.get("code"), said.get("status"))
    return next((int(text) for number in numbers if _FAILURE.fullmatch(text := str(number))), None)


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _parse(body: bytes) -> Any:
    try:
        return read_lenient(body)
    except ValueError:
        return None
