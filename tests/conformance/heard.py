"""What our API answered, whole or as a stream, in one form."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

type Json = dict[str, Any]

_CLASSES = {
    "provider_billing": "billing",
    "throttled": "rate_limit",
    "upstream_timeout": "timeout",
    "upstream_overloaded": "overloaded",
}
_REFUSALS = {404: "not_found", 409: "conflict", 413: "request_too_large"}


class Malformed(ValueError):
    """The answer is not what docs/api.md promises: a stream without its one ending, say."""


@dataclass(slots=True)
class Call:
    """A tool call; `arguments` is its JSON text."""

    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Choice:
    """One of the answers."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: dict[int, Call] = field(default_factory=dict)
    finish: str | None = None
    finish_raw: str | None = None


@dataclass(slots=True)
class Heard:
    """The whole answer. `error` is our error object; `status` its HTTP status, 200 when it came within a stream."""

    choices: dict[int, Choice] = field(default_factory=dict)
    usage: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    status: int = 200

    def choice(self, index: int) -> Choice:
        """That choice, empty if nothing was said in it."""
        return self.choices.setdefault(index, Choice())


def hear_failure(status: int, body: bytes) -> Heard:
    """An answer with an error status."""
    error = json.loads(body)["error"]
    if error["statusCode"] != status:
        raise Malformed(f"statusCode {error['statusCode']} in an answer of status {status}")
    return Heard(error=error, status=status)


def hear_answer(body: bytes) -> Heard:
    """A plain answer."""
    said = json.loads(body)
    heard = Heard(usage=said["usage"])
    for given in said["choices"]:
        message, choice = given["message"], heard.choice(given["index"])
        choice.text = message["content"] or ""
        choice.reasoning = message.get("reasoning", "")
        choice.refusal = message.get("refusal", "")
        choice.finish, choice.finish_raw = given["finish_reason"], given["finish_reason_raw"]
        for at, call in enumerate(message.get("tool_calls", ())):
            choice.calls[at] = Call(call["id"], call["function"]["name"], call["function"]["arguments"])
    return heard


def hear_stream(lines: Iterable[Json]) -> Heard:
    """A stream: `start` first, then pieces, then `done` or `error`, once and last."""
    heard, ended = Heard(), False
    for at, line in enumerate(lines):
        if ended:
            raise Malformed(f"a line after the last one: {line['type']}")
        if (at == 0) != (line["type"] == "start"):
            raise Malformed(f"line {at} is {line['type']}")
        ended = _take(heard, line)
    if not ended:
        raise Malformed("the stream has no last line")
    return heard


def _take(heard: Heard, line: Json) -> bool:
    """Whether that was the last line."""
    match line["type"]:
        case "chunk":
            heard.choice(line.get("choice", 0)).text += line["content"]
        case "reasoning":
            heard.choice(line.get("choice", 0)).reasoning += line.get("content", "")
        case "refusal":
            heard.choice(line.get("choice", 0)).refusal += line["content"]
        case "tool_call":
            _take_call(heard.choice(line.get("choice", 0)), line)
        case "done":
            heard.usage = line["usage"]
            for ended in line.get("choices") or [{"index": 0, **line}]:
                choice = heard.choice(ended["index"])
                choice.finish, choice.finish_raw = ended["finishReason"], ended["finishReasonRaw"]
            return True
        case "error":
            heard.error = line["error"]
            return True
        case "start" | "media" | "annotation":
            pass
        case unknown:
            raise Malformed(f"a line of type {unknown}")
    return False


def _take_call(choice: Choice, line: Json) -> None:
    call = choice.calls.setdefault(line["index"], Call())
    call.id = call.id or line.get("id", "")
    call.name = call.name or line.get("name", "")
    call.arguments += line.get("arguments", "")


def lines_of(body: str, *, sse: bool) -> list[Json]:
    """The JSON of NDJSON lines or of server-sent events, keep-alives left out. Raises Malformed."""
    found = []
    for line in body.split("\n"):
        text = line.removeprefix("data: ") if sse else line
        if not text or text.startswith(":"):
            continue
        if sse and text is line:
            raise Malformed(f"an event line that is no data: {line[:40]!r}")
        found.append(json.loads(text))
    return found


def error_class(error: Mapping[str, Any]) -> str:
    """Our error in the expectations' words; `ours` when no provider was asked."""
    details = error.get("details") or {}
    code, status = error["code"], details.get("providerStatus")
    if status is None:
        return "ours"
    match code:
        case "provider_credential_rejected" if status == 400 and details.get("providerCode") != "API_KEY_INVALID":
            return "invalid_request"  # the expectations go by the status, but for Google's word
        case "provider_credential_rejected":
            return "permission" if status == 403 else "authentication"
        case known if known in _CLASSES:
            return _CLASSES[known]
        case "upstream_error":
            return "server_error"
        case _:
            return _REFUSALS.get(status, "invalid_request" if status < 500 else "server_error")
