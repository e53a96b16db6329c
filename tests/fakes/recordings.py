"""The recorded provider traffic beside the checkout, read for tests."""

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from shared.chat.collect import Answer
from shared.chat.events import Usage
from shared.errors import ProviderError


class Exchange(NamedTuple):
    """A recorded request with its answer, and what the answer should read as."""

    request: dict[str, Any]
    response: dict[str, Any]
    expected: dict[str, Any]

    @property
    def body(self) -> bytes:
        """The answer's bytes."""
        if "body_b64" in self.response:
            return base64.b64decode(self.response["body_b64"])
        return (self.response.get("body_text") or "").encode()


def exchanges(material: Path, provider: str, *apis: str) -> Iterator[Exchange]:
    """All exchanges that a provider had over these apis."""
    folder = material / "provider-traffic"
    with (
        (folder / f"{provider}.jsonl").open(encoding="utf-8") as rows,
        (folder / f"{provider}.expected.jsonl").open(encoding="utf-8") as expectations,
    ):
        for row, expectation in zip(rows, expectations, strict=True):
            recorded = json.loads(row)
            if recorded["api"] in apis:
                yield Exchange(recorded["request"], recorded["response"], json.loads(expectation))


def chunkings(body: bytes, seed: int) -> dict[str, list[bytes]]:
    """The same bytes whole, one by one, and cut at random."""
    cuts = random.Random(seed)
    pieces, at = list[bytes](), 0
    while at < len(body):
        size = cuts.randint(1, 400)
        pieces.append(body[at : at + size])
        at += size
    return {"whole": [body], "random": pieces, "bytes:1": [body[i : i + 1] for i in range(len(body))]}


def told(answer: Answer) -> dict[str, Any]:
    """An answer in the words of the expectations."""
    choice = answer.choices[0]
    return {
        "text": choice.text,
        "reasoning": choice.reasoning,
        "tool_calls": [
            {"id": call.id or None, "name": call.name, "arguments": json.loads(call.arguments)}
            for call in choice.tool_calls
        ],
        "finish_reason": choice.finish and choice.finish.reason,
        "finish_reason_raw": choice.finish and choice.finish.raw,
        "usage": _used(answer.usage),
    }


def expectation(expected: dict[str, Any]) -> dict[str, Any]:
    """The same fields of an expectation. An unmapped reason is `other` to us."""
    calls = [{name: call[name] for name in ("id", "name", "arguments")} for call in expected["tool_calls"]]
    return {
        "text": expected["text"],
        "reasoning": expected["reasoning"],
        "tool_calls": calls,
        "finish_reason": expected["finish_reason"] or "other",
        "finish_reason_raw": expected["finish_reason_raw"],
        "usage": expected["usage"],
    }


def _used(usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    return {
        "input": usage.input,
        "output": usage.output,
        "cached": usage.cached or 0,
        "cache_write": usage.cache_write or 0,
        "reasoning": usage.reasoning,
        "total": usage.total,
    }


_CLASS = {400: "invalid_request", 404: "not_found", 409: "conflict", 413: "request_too_large", 422: "invalid_request"}


def error_class(error: ProviderError) -> str:
    """An error in the word of the expectations."""
    match error.code, error.details["providerStatus"]:
        case "provider_credential_rejected", 403:
            return "permission"
        case "provider_credential_rejected", _:
            return "authentication"
        case "provider_billing", _:
            return "billing"
        case "throttled", _:
            return "rate_limit"
        case "upstream_overloaded", _:
            return "overloaded"
        case "upstream_timeout", _:
            return "timeout"
        case "upstream_error", _:
            return "server_error"
        case _, status:
            return _CLASS.get(status, "invalid_request")
