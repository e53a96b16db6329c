"""Anthropic's API, as https://platform.claude.com/docs/en/api/messages has it (2026-11)."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.upstreams.scenes import (
    INPUT,
    OUTPUT,
    REDACTED,
    SIGNATURE,
    Asked,
    Failure,
    Reply,
    Result,
    Tool,
    pieces_of,
    reply,
)
from tests.fakes.upstreams.serve import Growing, Whole
from tests.fakes.upstreams.strict import (
    NUMBER,
    Kind,
    Malformed,
    decoded,
    fields,
    kind,
    one_of,
    seen,
    strict_schema,
    within,
)
from tests.fakes.upstreams.verdict import verdict

MODELS = ("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-6")
_HEADERS = {
    "request-id": "req_upstream_anthropic",
    "anthropic-organization-id": "org",
    "anthropic-ratelimit-requests-remaining": "99",
}
_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
    429: "rate_limit_error", 500: "api_error", 503: "api_error", 529: "overloaded_error",
}  # fmt: skip
_TOO_LONG = "prompt is too long: 212345 tokens > 200000 maximum"
_KNOWN: dict[str, Kind] = {
    "system": (str, list), "metadata": dict, "stop_sequences": list, "stream": bool, "temperature": NUMBER, "top_k": int,
    "top_p": NUMBER, "thinking": dict, "tool_choice": dict, "tools": list, "service_tier": str, "output_config": dict,
    "output_format": dict, "container": (str, type(None)), "inference_geo": str, "cache_control": dict, "context_management": dict,
}  # fmt: skip
_ECHOED = ("temperature", "top_p", "top_k", "metadata", "service_tier", "max_tokens")


class Upstream:
    """One account."""

    def __init__(self, key: str) -> None:
        self._key = key

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Whole | Growing:
        """As the path says."""
        if self._key not in (headers.get("x-api-key"), headers.get("authorization", "").removeprefix("Bearer ")):
            raise Failure(401, "authentication", "invalid x-api-key")
        if "anthropic-version" not in headers:
            raise Malformed("anthropic-version", "header is required")
        answer = self._routed(method, path.partition("?")[0], body)
        answer.headers.update(_HEADERS)
        return answer

    def failed(self, failure: Failure) -> Whole:
        """An error, in Anthropic's words."""
        headers = dict(_HEADERS)
        if failure.retry_after is not None:
            headers["retry-after"] = failure.retry_after
        message = _TOO_LONG if failure.kind == "context" else str(failure)
        error: dict[str, Any] = {"type": _TYPES.get(failure.status, "api_error"), "message": message}
        if failure.kind == "thread":
            error["details"] = {"error_code": "thread_unsupported_request"}
        return Whole({"type": "error", "error": error, "request_id": "req_upstream_anthropic"}, failure.status, headers)

    def _routed(self, method: str, path: str, body: Any) -> Whole | Growing:
        if method == "GET" and path == "/v1/models":
            models = [_model(name) for name in MODELS]
            return Whole({"data": models, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})
        if method == "GET" and path.startswith("/v1/models/"):
            return Whole(_model(_known(path.removeprefix("/v1/models/"))))
        if method == "POST" and path == "/v1/messages":
            _known(kind(kind(body, dict, "body").get("model", MODELS[0]), str, "model"))
            if "thread" in body:
                raise Failure(400, "thread", "this model holds no threads")
            verdict("anthropic", "messages", body)
            return _message(body)
        if method == "POST" and path == "/v1/messages/count_tokens":
            return _counted(body)
        raise Failure(404, "no_route", "Not Found")


def _known(name: str) -> str:
    if name not in MODELS:
        raise Failure(404, "not_found", f"model: {name}")
    return name


def _model(name: str) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name.title(), "created_at": "2025-10-01T00:00:00Z"}


def _counted(body: dict[str, Any]) -> Whole:
    taken = ("system", "thinking", "tool_choice", "tools", "output_config", "output_format", "cache_control")
    fields(body, "", needed={"model": str, "messages": list}, known={name: _KNOWN[name] for name in taken})
    _known(body["model"])
    _read({**body, "max_tokens": 64_000})
    return Whole({"input_tokens": INPUT + 100 * len(body.get("tools") or [])})


def _message(body: dict[str, Any]) -> Whole | Growing:
    asked = _read(body)
    told = reply(asked)
    if not asked.stream:
        return Whole({**_head(body), **_end(told), "content": _blocks(told), "usage": _usage(told)}, manner=told.manner)
    broken = _event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded on the way"}})
    return Growing(list(_events(body, told)), told.manner, broken)


# The request ----------------------------------------------------------------------------------------------------------


def _read(body: dict[str, Any]) -> Asked:
    fields(body, "", needed={"model": str, "messages": list, "max_tokens": int}, known=_KNOWN)
    if not body["messages"]:
        raise Malformed("messages", "at least one message is required")
    thinking = _thinking(body)
    _settings(body, thinking=thinking)
    media, results = _turns(body["messages"], thinking=thinking)
    _cache_points(body)
    config = body.get("output_config") or {}
    fields(config, "output_config", needed={}, known={"effort": str, "format": dict})
    form = config.get("format") or body.get("output_format")
    if form is not None:
        fields(form, "output_config.format", needed={"type": str, "schema": dict}, known={})
        strict_schema(form["schema"], "output_config.format.schema")
    return Asked(
        model=body["model"],
        said=_said(body["messages"]),
        stream=body.get("stream", False),
        system=_system(body.get("system", "")),
        tools=tuple(_tool(tool, f"tools.{index}") for index, tool in enumerate(body.get("tools", []))),
        choice=_choice(body, thinking=thinking),
        parallel=not body.get("tool_choice", {}).get("disable_parallel_tool_use", False),
        results=results,
        media=media,
        schema=form and form["schema"],
        stop=tuple(body.get("stop_sequences", [])),
        thinking=thinking,
        told={name: body[name] for name in _ECHOED if name in body} | {"effort": config.get("effort")},
    )


def _thinking(body: dict[str, Any]) -> bool:
    """Trap 54."""
    thinking = body.get("thinking")
    if thinking is None:
        return False
    match one_of(thinking.get("type"), ("enabled", "disabled", "adaptive"), "thinking.type"):
        case "enabled":
            fields(thinking, "thinking", needed={"type": str, "budget_tokens": int}, known={"display": str})
            if thinking["budget_tokens"] < 1024:
                raise Malformed("thinking.enabled.budget_tokens", "Input should be greater than or equal to 1024")
            if thinking["budget_tokens"] >= body["max_tokens"]:
                raise Malformed("max_tokens", "must be greater than `thinking.budget_tokens`")
        case sort:
            fields(thinking, "thinking", needed={"type": str}, known={"display": str})
            return bool(sort == "adaptive")
    return True


def _settings(body: dict[str, Any], *, thinking: bool) -> None:
    within(body["max_tokens"], 1, 64_000, "max_tokens")
    within(body.get("temperature"), 0, 1, "temperature")
    within(body.get("top_p"), 0, 1, "top_p")
    if thinking and body.get("temperature", 1) != 1:
        raise Malformed("temperature", "may only be set to 1 when thinking is enabled")
    if thinking and "top_k" in body:
        raise Malformed("top_k", "must be unset when thinking is enabled")
    for index, sequence in enumerate(body.get("stop_sequences", [])):
        if not kind(sequence, str, f"stop_sequences.{index}").strip():
            raise Malformed(f"stop_sequences.{index}", "each stop sequence must contain non-whitespace")


def _turns(messages: list[Any], *, thinking: bool) -> tuple[tuple[str, ...], tuple[Result, ...]]:
    """What was shown, and the last results. Calls are answered in the message after them, results first (trap 39)."""
    media: list[str] = []
    results: list[Result] = []
    waiting: dict[str, tuple[str, dict[str, Any]]] = {}
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        fields(message, where, needed={"role": str, "content": (str, list)}, known={})
        one_of(message["role"], ("user", "assistant"), f"{where}.role")
        blocks = _as_blocks(message["content"], where)
        if message["role"] == "user":
            results = _results(blocks, waiting, where)
            waiting = {}
        elif waiting:
            raise Malformed(where, "`tool_use` ids were found without `tool_result` blocks immediately after")
        else:
            waiting = {
                block["id"]: (block["name"], block["input"]) for block in blocks if block.get("type") == "tool_use"
            }
            _thought_first(blocks, where, wanted=thinking and bool(waiting) and _is_open(messages, index))
        for at, block in enumerate(blocks):
            media += _block(block, f"{where}.content.{at}", message["role"])
    if waiting:
        raise Malformed("messages", "`tool_use` ids were found without `tool_result` blocks immediately after")
    return tuple(media), tuple(results)


def _is_open(messages: list[Any], index: int) -> bool:
    """Whether nothing but results of tools was said after it: then thinking belongs to the turn."""
    later = [message for message in messages[index + 1 :] if message["role"] == "user"]
    return all(block.get("type") == "tool_result" for message in later for block in _as_blocks(message["content"], ""))


def _thought_first(blocks: list[dict[str, Any]], where: str, *, wanted: bool) -> None:
    """Trap 84 asks us not to send such a turn with thinking on."""
    if wanted and blocks[0].get("type") not in ("thinking", "redacted_thinking"):
        raise Malformed(
            f"{where}.content.0.type",
            "Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block",
        )


def _as_blocks(content: Any, where: str) -> list[dict[str, Any]]:
    if isinstance(content, str):
        if not content:
            raise Malformed(f"{where}.content", "text content blocks must be non-empty")
        return [{"type": "text", "text": content}]
    if not content:
        raise Malformed(f"{where}.content", "all messages must have non-empty content")
    return [dict(kind(block, dict, where)) for block in content]


def _results(blocks: list[dict[str, Any]], waiting: dict[str, tuple[str, dict[str, Any]]], where: str) -> list[Result]:
    results: list[Result] = []
    left = dict(waiting)
    for at, block in enumerate(blocks):
        if block.get("type") != "tool_result":
            continue
        if block.get("tool_use_id") not in left:
            raise Malformed(
                f"{where}.content.{at}",
                f"unexpected `tool_use_id` found in `tool_result` blocks: {block.get('tool_use_id')}",
            )
        if len(results) != at:
            raise Malformed(f"{where}.content", "`tool_result` blocks come first")
        results.append(Result(*left.pop(block["tool_use_id"]), _result_text(block.get("content", ""))))
    if left:
        raise Malformed(
            where, f"`tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(left)}"
        )
    return results


def _result_text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


_CACHED: dict[str, Kind] = {"cache_control": (dict, type(None))}
_BLOCKS: dict[str, tuple[dict[str, Kind], dict[str, Kind], tuple[str, ...]]] = {
    "text": ({"text": str}, {**_CACHED, "citations": (list, type(None))}, ("user", "assistant")),
    "image": ({"source": dict}, _CACHED, ("user",)),
    "document": (
        {"source": dict},
        {**_CACHED, "title": (str, type(None)), "context": (str, type(None)), "citations": (dict, type(None))},
        ("user",),
    ),
    "tool_use": ({"id": str, "name": str, "input": dict}, {**_CACHED, "caller": dict}, ("assistant",)),
    "tool_result": ({"tool_use_id": str}, {**_CACHED, "content": (str, list), "is_error": bool}, ("user",)),
    "thinking": ({"thinking": str, "signature": str}, {}, ("assistant",)),
    "redacted_thinking": ({"data": str}, {}, ("assistant",)),
}


def _block(block: dict[str, Any], where: str, role: str) -> list[str]:
    """What is to be seen in it."""
    sort = one_of(block.get("type"), tuple(_BLOCKS), f"{where}.type")
    needed, known, roles = _BLOCKS[sort]
    fields(block, f"{where}.{sort}", needed={"type": str, **needed}, known=known)
    one_of(role, roles, f"{where}: {sort} in a message of")
    match sort:
        case "text" if not block["text"].strip():
            raise Malformed(f"{where}.text", "text content blocks must contain non-whitespace text")
        case "image" | "document":
            return [_source(block["source"], f"{where}.source")]
        case "thinking" if block["signature"] != SIGNATURE:
            raise Malformed(f"{where}.signature", "Invalid `signature` in `thinking` block")
        case "redacted_thinking" if block["data"] != REDACTED:
            raise Malformed(f"{where}.data", "Invalid `data` in `redacted_thinking` block")
        case "tool_use" if not block["id"].replace("_", "").replace("-", "").isalnum():
            raise Malformed(f"{where}.tool_use.id", "String should match pattern '^[a-zA-Z0-9_-]+$'")
        case "tool_result" if isinstance(block.get("content"), list):
            return [
                seen
                for at, inner in enumerate(block["content"])
                for seen in _block(dict(inner), f"{where}.content.{at}", "user")
            ]
    return []


def _source(source: dict[str, Any], where: str) -> str:
    match one_of(source.get("type"), ("base64", "url", "text"), f"{where}.type"):
        case "url":
            fields(source, where, needed={"type": str, "url": str}, known={})
            return f"image at {source['url']}"
        case "text":
            fields(source, where, needed={"type": str, "media_type": str, "data": str}, known={})
            return f"text/plain {len(source['data'].encode())} bytes"
        case _:
            fields(source, where, needed={"type": str, "media_type": str, "data": str}, known={})
            allowed = ("image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf")
            one_of(source["media_type"], allowed, f"{where}.media_type")
            return seen(source["media_type"], decoded(source["data"], f"{where}.data"), where)


def _cache_points(body: dict[str, Any]) -> None:
    """Trap 56."""
    points = list(_points(body))
    if len(points) > 4:
        raise Malformed(
            "cache_control", f"A maximum of 4 blocks with cache_control may be provided. Found {len(points)}."
        )
    for point in points:
        fields(point, "cache_control", needed={"type": str}, known={"ttl": str})
        one_of(point.get("ttl", "5m"), ("5m", "1h"), "cache_control.ttl")


def _points(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if isinstance(value.get("cache_control"), dict) and "type" in value["cache_control"]:
            yield value["cache_control"]
        for name, inner in value.items():
            if name not in ("cache_control", "input", "input_schema"):
                yield from _points(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _points(inner)


def _system(system: str | list[Any]) -> str:
    if isinstance(system, str):
        return system
    for index, block in enumerate(system):
        fields(
            block,
            f"system.{index}",
            needed={"type": str, "text": str},
            known={**_CACHED, "citations": (list, type(None))},
        )
        if not block["text"]:
            raise Malformed(f"system.{index}", "text content blocks must be non-empty")
    return "\n".join(block["text"] for block in system)


def _said(messages: list[Any]) -> str:
    for message in reversed(messages):
        texts = [block.get("text", "") for block in _as_blocks(message["content"], "") if block.get("type") == "text"]
        if message["role"] == "user" and texts:
            return "".join(texts)
    return ""


def _tool(tool: Any, where: str) -> Tool:
    known: dict[str, Kind] = {
        **_CACHED,
        "type": (str, type(None)),
        "description": str,
        "strict": bool,
        "input_examples": list,
        "eager_input_streaming": bool,
    }
    fields(tool, where, needed={"name": str, "input_schema": dict}, known=known)
    one_of(tool.get("type"), (None, "custom"), f"{where}.type")
    if tool["input_schema"].get("type") != "object":
        raise Malformed(f"{where}.input_schema.type", "Field required")
    if tool.get("strict"):
        strict_schema(tool["input_schema"], f"{where}.input_schema")
    return Tool(tool["name"], tool["input_schema"])


def _choice(body: dict[str, Any], *, thinking: bool) -> str:
    choice = body.get("tool_choice")
    if choice is None:
        return "auto"
    if not body.get("tools"):
        raise Malformed("tool_choice", "may only be specified while providing `tools`")
    fields(choice, "tool_choice", needed={"type": str}, known={"name": str, "disable_parallel_tool_use": bool})
    sort = one_of(choice["type"], ("auto", "any", "tool", "none"), "tool_choice.type")
    if thinking and sort in ("any", "tool"):
        raise Malformed("tool_choice", "Thinking may not be enabled when tool_choice forces tool use.")
    if sort == "tool":
        one_of(choice.get("name"), [tool["name"] for tool in body["tools"]], "tool_choice.name")
        return f"={choice['name']}"
    return str(sort)


# The answer -----------------------------------------------------------------------------------------------------------

_STOP = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "stop_sequence": "stop_sequence",
    "refusal": "refusal",
}


def _head(body: dict[str, Any]) -> dict[str, Any]:
    return {"id": "msg_upstream1", "type": "message", "role": "assistant", "model": f"{body['model']}-20251001"}


def _end(told: Reply) -> dict[str, Any]:
    return {"stop_reason": _STOP[told.finish], "stop_sequence": told.stopped_by}


def _usage(told: Reply) -> dict[str, Any]:
    """What was read from the cache is beside the input. Trap 65."""
    return {
        "input_tokens": INPUT - told.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": told.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": OUTPUT,
        "service_tier": "standard",
    }


def _so_far(told: Reply) -> dict[str, Any]:
    """Cumulative, not to be added to what the stream began with. Trap 20."""
    counted = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    return {name: value for name, value in _usage(told).items() if name in counted}


def _blocks(told: Reply) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if told.redacted:
        blocks.append({"type": "redacted_thinking", "data": REDACTED})
    if told.thoughts:
        blocks.append({"type": "thinking", "thinking": "".join(told.thoughts), "signature": SIGNATURE})
    if told.text:
        blocks.append({"type": "text", "text": told.whole})
    blocks += [
        {"type": "tool_use", "id": f"toolu_upstream_{call.id}", "name": call.name, "input": call.arguments}
        for call in told.calls
    ]
    return blocks


def _events(body: dict[str, Any], told: Reply) -> Iterator[bytes]:
    begun: dict[str, Any] = {
        "stop_reason": None,
        "stop_sequence": None,
        "content": [],
        "usage": {**_usage(told), "output_tokens": 1},
    }
    yield _event({"type": "message_start", "message": {**_head(body), **begun}})
    yield _event({"type": "ping"})
    for index, block in enumerate(_blocks(told)):
        empty, deltas = _streamed(block, told)
        yield _event({"type": "content_block_start", "index": index, "content_block": empty})
        for delta in deltas:
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    yield _event({"type": "message_delta", "delta": _end(told), "usage": _so_far(told)})
    yield _event({"type": "message_stop"})


def _streamed(block: dict[str, Any], told: Reply) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "text":
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in told.text]
        case "thinking":
            thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in told.thoughts]
            return {"type": "thinking", "thinking": "", "signature": ""}, [
                *thoughts,
                {"type": "signature_delta", "signature": SIGNATURE},
            ]
        case "tool_use":
            pieces = [""] if told.manner == "noargs" else ["", *pieces_of(block["input"])]
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        case _:
            return block, []


def _event(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
