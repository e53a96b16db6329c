"""What an SDK heard in its own API, in the form in which expectations are compared: what had to come across."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.conformance.compare import differences
from tests.conformance.heard import Call, Choice, Heard
from tests.conformance.sdks import Said

type Json = dict[str, Any]

_STOPS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_CLASSES = {
    "BadRequestError": "invalid_request",
    "AuthenticationError": "authentication",
    "PermissionDeniedError": "permission",
    "NotFoundError": "not_found",
    "ConflictError": "conflict",
    "RequestTooLargeError": "request_too_large",
    "UnprocessableEntityError": "invalid_request",
    "RateLimitError": "rate_limit",
    "OverloadedError": "overloaded",
    "ServiceUnavailableError": "overloaded",
    "DeadlineExceededError": "timeout",
    "InternalServerError": "server_error",
}


_REFUSED_KEY = 424
"""What a 401 or 403 of the provider's is through us (docs/faults.md, 4)."""
_PICTURE = re.compile(r"(\n\n)?!\[image\]\(data:[^)]*\)")
"""How a picture that a model made is told in APIs that have no word for one."""
_BY_STATUS = {
    401: "authentication",
    403: "permission",
    404: "not_found",
    409: "conflict",
    413: "request_too_large",
    429: "rate_limit",
}


def heard_by(api: str, said: Said) -> Heard:
    """The whole answer."""
    heard = Heard()
    for one in said.objects:
        _HEARERS[api](heard, one)
    if said.failure:
        name, _, status = said.failure.partition(" ")
        heard.status = int(status) if status.isdigit() else 200
        heard.error = {"code": name, "message": str(said.error), "details": {"sdk": True}, "status": heard.status}
    return heard


def class_of(said_error: Mapping[str, Any]) -> str:
    """An SDK's exception in the expectations' words."""
    if said_error.get("status") == _REFUSED_KEY:
        return "refused key"
    return _CLASSES.get(str(said_error["code"]), str(said_error["code"]))


def _hear_chat(heard: Heard, one: Json) -> None:
    for given in one.get("choices") or ():
        choice = heard.choice(given["index"])
        message = given.get("message") or given.get("delta") or {}
        choice.text += message.get("content") or ""
        choice.reasoning += message.get("reasoning_content") or ""
        choice.refusal += message.get("refusal") or ""
        choice.finish = given.get("finish_reason") or choice.finish
        for at, call in enumerate(message.get("tool_calls") or ()):
            _add(choice, call.get("index", at), call.get("id"), call["function"])
    if usage := one.get("usage"):
        details, output = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
        heard.usage = _usage(
            usage["prompt_tokens"],
            usage["completion_tokens"],
            usage["total_tokens"],
            details.get("cached_tokens"),
            details.get("cache_write_tokens"),
            output.get("reasoning_tokens"),
        )


def _add(choice: Choice, index: int, id_: str | None, function: Json) -> None:
    call = choice.calls.setdefault(index, Call())
    call.id = call.id or id_ or ""
    call.name = call.name or function.get("name") or ""
    call.arguments += function.get("arguments") or ""


def _hear_messages(heard: Heard, one: Json) -> None:
    choice = heard.choice(0)
    match one.get("type"):
        case "message":
            for at, block in enumerate(one["content"]):
                _hear_block(choice, at, block)
            _hear_end(heard, choice, one, one["usage"])
        case "message_start":
            heard.usage = dict(one["message"]["usage"])
        case "content_block_start":
            _hear_block(choice, one["index"], one["content_block"])
        case "content_block_delta":
            _hear_delta(choice, one["index"], one["delta"])
        case "message_delta":
            _hear_end(heard, choice, one["delta"], {**(heard.usage or {}), **_given(one["usage"])})


def _hear_block(choice: Choice, at: int, block: Json) -> None:
    match block["type"]:
        case "text":
            choice.text += block["text"]
        case "thinking":
            choice.reasoning += block["thinking"]
        case "tool_use":
            whole = block["input"]
            choice.calls[at] = Call(block["id"], block["name"], _written(whole) if whole else "")


def _hear_delta(choice: Choice, at: int, delta: Json) -> None:
    match delta["type"]:
        case "text_delta":
            choice.text += delta["text"]
        case "thinking_delta":
            choice.reasoning += delta["thinking"]
        case "input_json_delta":
            choice.calls[at].arguments += delta["partial_json"]


def _hear_end(heard: Heard, choice: Choice, ending: Json, usage: Json) -> None:
    word = ending.get("stop_reason")
    choice.finish = _STOPS.get(word or "", word)
    cached, written = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    asked = usage["input_tokens"] + cached + written
    heard.usage = _usage(asked, usage["output_tokens"], asked + usage["output_tokens"], cached, written, None)


def _hear_responses(heard: Heard, one: Json) -> None:
    match one.get("type"):
        case None:
            _hear_response(heard, one)
        case "response.completed" | "response.incomplete":
            heard.choices.clear()
            _hear_response(heard, one["response"])
        case "response.output_text.delta":
            heard.choice(0).text += one["delta"]
        case "response.reasoning_text.delta" | "response.reasoning_summary_text.delta":
            heard.choice(0).reasoning += one["delta"]


def _hear_response(heard: Heard, response: Json) -> None:
    choice = heard.choice(0)
    for at, item in enumerate(response["output"]):
        match item["type"]:
            case "message":
                for part in item["content"]:
                    choice.text += part.get("text") or ""
                    choice.refusal += part.get("refusal") or ""
            case "reasoning":
                choice.reasoning += "".join(part["text"] for part in item.get("summary") or ())
                choice.reasoning += "".join(part["text"] for part in item.get("content") or ())
            case "function_call":
                choice.calls[at] = Call(item["call_id"], item["name"], item["arguments"])
    why = (response.get("incomplete_details") or {}).get("reason")
    choice.finish = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(
        why or "", "tool_calls" if choice.calls else "stop"
    )
    if usage := response.get("usage"):
        details, output = usage["input_tokens_details"], usage["output_tokens_details"]
        heard.usage = _usage(
            usage["input_tokens"],
            usage["output_tokens"],
            usage["total_tokens"],
            details["cached_tokens"],
            details.get("cache_write_tokens"),
            output["reasoning_tokens"],
        )


def _usage(*counts: int | None) -> Json:
    names = ("inputTokens", "outputTokens", "totalTokens", "cachedTokens", "cacheWriteTokens", "reasoningTokens")
    return dict(zip(names, counts, strict=True))


def _given(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _written(value: Any) -> str:

    return json.dumps(value)


_HEARERS: Mapping[str, Callable[[Heard, Json], None]] = {
    "chat": _hear_chat,
    "messages": _hear_messages,
    "responses": _hear_responses,
}


def cross_differences(api: str, expected: Json, said: Said) -> Iterator[str]:
    """Every difference but those for which the caller's API has no word."""
    heard, error = heard_by(api, said), expected["error"]
    if heard.error and not error:
        yield f"error: expected none, heard {_code_of(said)} {heard.error['code']}: {heard.error['message'][:200]}"
        return
    if error and not heard.error:
        yield f"error: expected {error['class']}, heard none"
    elif error and heard.error and not error["in_stream"]:
        if (found := class_of(heard.error)) not in _also(error):
            yield f"error class: expected {error['class']} (status {error['status']}), heard {found}"
        return
    heard.error = None
    yield from differences(_sayable(api, expected, heard), heard)


def _also(error: Json) -> set[str]:
    """An SDK has fewer classes than there are failures."""
    if error["class"] in {"authentication", "permission"}:
        return {"refused key"}
    return {
        error["class"],
        _BY_STATUS.get(error["status"], "invalid_request" if error["status"] < 500 else "server_error"),
    }


def _code_of(said: Said) -> str:
    """Ours, which oddities are told by."""
    error = said.error if isinstance(said.error, dict) else {}
    inner = error.get("error") if isinstance(error.get("error"), dict) else error
    return str((inner or {}).get("code") or "")


def _sayable(api: str, expected: Json, heard: Heard) -> Json:
    """The expectation in what this API can say: one choice, no word of the provider's own, thinking not counted apart by Anthropic's."""
    wanted = {**expected, "error": None, "finish_reason_raw": None}
    if expected["error"] or expected["usage"] is None:
        wanted["usage"], heard.usage = None, None
    elif heard.usage is not None:
        heard.usage = {**heard.usage, "cachedTokens": heard.usage["cachedTokens"] or 0}
        wanted["usage"] = _countable(api, expected["usage"])
    if expected["error"]:
        wanted["finish_reason"] = None
    if api != "chat":
        wanted["more_choices"], wanted["choices"] = (), 1
    for choice in heard.choices.values():
        choice.text = _PICTURE.sub("", choice.text)
        for call in choice.calls.values():
            call.id = call.id.partition("_signed_")[0]  # where a client keeps nothing else of a call
    if api == "responses" and expected["tool_calls"] and wanted["finish_reason"] == "stop":
        wanted["finish_reason"] = "tool_calls"  # its responses say no reason but for what is missing
    if api == "messages" and expected.get("refusal"):
        wanted["text"], wanted["refusal"] = (expected["text"] or "") + expected["refusal"], None
    return wanted


def _countable(api: str, usage: Json) -> Json:
    """Counts are numbers in all three, so what nobody counted is 0; Anthropic's has no word for thinking, nor for a total."""
    if api == "messages":
        asked = max(
            usage["input"] or 0, (usage["cached"] or 0) + (usage["cache_write"] or 0)
        )  # some read more than they were asked
        output = usage["output"] or 0
        return {**usage, "input": asked, "output": output, "reasoning": None, "total": asked + output}
    return {**usage, "output": usage["output"] or 0, "reasoning": usage["reasoning"] or 0}
