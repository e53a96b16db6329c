"""OpenAI's API, as https://platform.openai.com/docs/api-reference has it (2026-11): what is not chat, and the way to what is."""

import base64
import hashlib
import struct
from collections.abc import Callable
from typing import Any

from tests.fakes.upstreams import openai_chat, openai_responses
from tests.fakes.upstreams.files import PNG
from tests.fakes.upstreams.scenes import Failure
from tests.fakes.upstreams.serve import Growing, Whole
from tests.fakes.upstreams.strict import Malformed, fields, kind, one_of, within
from tests.fakes.upstreams.verdict import verdict

CHAT_MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-5-mini", "o4-mini")
EMBEDDING_MODELS = ("text-embedding-3-small", "text-embedding-3-large")
OTHER_MODELS = ("gpt-image-1", "omni-moderation-latest")
_HEADERS = {"x-request-id": "req_upstream_openai", "openai-processing-ms": "12", "x-ratelimit-remaining-requests": "99"}
_TYPES = {400: "invalid_request_error", 401: "invalid_request_error", 403: "invalid_request_error"}
_TYPES |= {404: "invalid_request_error", 429: "requests", 500: "server_error", 503: "server_error"}
_CODES = {"authentication": "invalid_api_key", "not_found": "model_not_found", "rate_limit": "rate_limit_exceeded"}
_TOO_LONG = "This model's maximum context length is 128000 tokens. However, your messages resulted in 200000 tokens."
_STRING_LISTS = (str, list)


class Upstream:
    """One account."""

    def __init__(self, key: str) -> None:
        self._key = key

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Whole | Growing:
        """As the path says."""
        if headers.get("authorization") != f"Bearer {self._key}":
            raise Failure(401, "authentication", "Incorrect API key provided: sk-no****key.")
        answer = self._routed(method, path.partition("?")[0], body)
        answer.headers.update(_HEADERS)
        return answer

    def failed(self, failure: Failure) -> Whole:
        """An error, in OpenAI's words."""
        headers = dict(_HEADERS)
        if failure.retry_after is not None:
            headers["retry-after"] = failure.retry_after
        message = _TOO_LONG if failure.kind == "context" else str(failure)
        code = "context_length_exceeded" if failure.kind == "context" else _CODES.get(failure.kind)
        error = {"message": message, "type": _TYPES.get(failure.status, "server_error"), "param": None, "code": code}
        return Whole({"error": error}, failure.status, headers)

    def _routed(self, method: str, path: str, body: Any) -> Whole | Growing:
        if method == "GET" and path == "/v1/models":
            models = CHAT_MODELS + EMBEDDING_MODELS + OTHER_MODELS
            return Whole({"object": "list", "data": [_model(name) for name in models]})
        if method == "GET" and path.startswith("/v1/models/"):
            return Whole(_model(known(path.removeprefix("/v1/models/"))))
        if method == "POST" and path in _ROUTES:
            api, ask = _ROUTES[path]
            known(kind(kind(body, dict, "body").get("model", "gpt-4o"), str, "model"))
            typed = {**body, **{name: _as_typed(body[name]) for name in ("messages", "input") if name in body}}
            verdict("openai", api, typed)
            return ask(typed)
        raise Failure(404, "no_route", f"Invalid URL ({method} {path})")


_TAKEN = ("parsed", "parsed_arguments")


def _as_typed(value: Any) -> Any:
    """Without what the API takes and the vendor's types for requests do not have: what clients add to answers, and names of results."""
    if isinstance(value, list):
        return [_as_typed(each) for each in value]
    if not isinstance(value, dict):
        return value
    more = {"tool": ("name",), "assistant": ("annotations",)}.get(value.get("role", ""), ())
    left_out = (*_TAKEN, *more)
    return {name: _as_typed(each) for name, each in value.items() if name not in left_out}


def known(name: str) -> str:
    """The model. Raises Failure."""
    if name not in CHAT_MODELS + EMBEDDING_MODELS + OTHER_MODELS:
        raise Failure(404, "not_found", f"The model `{name}` does not exist or you do not have access to it.")
    return name


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1715367049, "owned_by": "system"}


def vector(text: str, size: int) -> list[float]:
    """The same for the same text. Single floats, so that base64 and numbers agree."""
    seed = hashlib.sha256(text.encode()).digest()
    return [struct.unpack("<f", struct.pack("<f", seed[at % 32] / 255))[0] for at in range(size)]


def _embeddings(body: dict[str, Any]) -> Whole:
    known = {"encoding_format": str, "dimensions": int, "user": str}
    fields(body, "", needed={"model": str, "input": _STRING_LISTS}, known=known)
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise Malformed("input", "must not be empty")
    one_of(body["model"], EMBEDDING_MODELS, "model")
    within(body.get("dimensions"), 1, 3072, "dimensions")
    form = one_of(body.get("encoding_format", "float"), ("float", "base64"), "encoding_format")
    data = [
        {"object": "embedding", "index": index, "embedding": _embedded(text, body.get("dimensions", 12), form)}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 5 * len(texts), "total_tokens": 5 * len(texts)}
    return Whole({"object": "list", "data": data, "model": body["model"], "usage": usage})


def _embedded(text: str, size: int, form: str) -> Any:
    numbers = vector(text, size)
    return numbers if form == "float" else base64.b64encode(struct.pack(f"<{size}f", *numbers)).decode()


def _images(body: dict[str, Any]) -> Whole:
    known = {"n": int, "size": str, "quality": str, "background": str, "output_format": str, "moderation": str}
    known |= {"output_compression": int, "user": str, "stream": bool, "partial_images": int}
    fields(body, "", needed={"prompt": str}, known={"model": str, **known})
    pictures = [{"b64_json": base64.b64encode(PNG).decode()}] * body.get("n", 1)
    details = {"text_tokens": 8, "image_tokens": 0}
    usage = {"input_tokens": 8, "output_tokens": 272, "total_tokens": 280, "input_tokens_details": details}
    return Whole({"created": 1760000000, "data": pictures, "output_format": "png", "size": "1024x1024", "usage": usage})


_CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip


def _moderations(body: dict[str, Any]) -> Whole:
    fields(body, "", needed={"input": _STRING_LISTS}, known={"model": str})
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    results = [_judged("kill" in str(text)) for text in texts]
    return Whole({"id": "modr-1", "model": "omni-moderation-latest", "results": results})


def _judged(flagged: bool) -> dict[str, Any]:  # noqa: FBT001 - the one thing that it says
    said = {name: flagged and name == "violence" for name in _CATEGORIES}
    return {
        "flagged": flagged,
        "categories": said,
        "category_scores": {name: 0.98 if yes else 0.01 for name, yes in said.items()},
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }


_ROUTES: dict[str, tuple[str, Callable[[dict[str, Any]], Whole | Growing]]] = {
    "/v1/chat/completions": ("chat", openai_chat.answer),
    "/v1/responses": ("responses", openai_responses.answer),
    "/v1/embeddings": ("embeddings", _embeddings),
    "/v1/images/generations": ("images", _images),
    "/v1/moderations": ("moderations", _moderations),
}
