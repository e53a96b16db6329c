"""`POST /v1/responses` at OpenAI: https://platform.openai.com/docs/api-reference/responses/create (2026-11). Nothing is stored here."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.upstreams import openai_chat
from tests.fakes.upstreams.scenes import (
    INPUT,
    OUTPUT,
    REASONING,
    SIGNATURE,
    WHY,
    Asked,
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
    json_object,
    kind,
    one_of,
    seen,
    strict_schema,
    within,
)

_NULL = type(None)
_KNOWN: dict[str, Kind] = {
    "background": bool, "include": list, "instructions": str, "max_output_tokens": int, "max_tool_calls": int,
    "metadata": dict, "parallel_tool_calls": bool, "previous_response_id": str, "prompt_cache_key": str, "reasoning": dict,
    "safety_identifier": str, "service_tier": str, "store": bool, "stream": bool, "stream_options": dict,
    "temperature": NUMBER, "text": dict, "tool_choice": (str, dict), "tools": list, "top_logprobs": int, "top_p": NUMBER,
    "truncation": str, "user": str, "prompt_cache_retention": str, "input": (str, list),
}  # fmt: skip
_ECHOED = (
    "temperature",
    "top_p",
    "user",
    "metadata",
    "service_tier",
    "parallel_tool_calls",
    "store",
    "safety_identifier",
)


def answer(body: dict[str, Any]) -> Whole | Growing:
    """Raises Malformed or Failure."""
    asked = _read(body)
    told = reply(asked)
    if not asked.stream:
        return Whole(_response(body, told, "completed"), manner=told.manner)
    broken = _event(
        {
            "type": "error",
            "code": "server_error",
            "message": "The server had an error on the way.",
            "param": None,
            "sequence_number": 99,
        }
    )
    return Growing(list(_numbered(_events(body, told))), told.manner, broken)


# The request ----------------------------------------------------------------------------------------------------------


def _read(body: dict[str, Any]) -> Asked:
    known = {name: (*(each if isinstance(each, tuple) else (each,)), _NULL) for name, each in _KNOWN.items()}
    fields(body, "", needed={"model": str}, known=known)
    within(body.get("temperature"), 0, 2, "temperature")
    within(body.get("max_output_tokens"), 16, 128_000, "max_output_tokens")
    if body.get("previous_response_id"):
        raise Malformed("previous_response_id", "Previous response not found")
    items = (
        body["input"] if isinstance(body.get("input"), list) else [{"role": "user", "content": body.get("input") or ""}]
    )
    if not items:
        raise Malformed("input", "[] is too short")
    system, media, results = _items(items)
    reasoning = body.get("reasoning") or {}
    fields(
        reasoning,
        "reasoning",
        needed={},
        known=dict.fromkeys(("effort", "summary", "generate_summary"), (str, _NULL)),
    )
    form = (body.get("text") or {}).get("format") or {"type": "text"}
    one_of(form.get("type"), ("text", "json_object", "json_schema"), "text.format.type")
    if form.get("strict"):
        strict_schema(form["schema"], "text.format.schema")
    return Asked(
        model=body["model"],
        said=_said(items),
        stream=body.get("stream") or False,
        system="\n".join([body.get("instructions") or ""][: bool(body.get("instructions"))] + system),
        tools=tuple(_tool(tool, f"tools[{index}]") for index, tool in enumerate(body.get("tools") or [])),
        choice=_choice(body),
        parallel=body.get("parallel_tool_calls") is not False,
        results=results,
        media=media,
        schema=form.get("schema"),
        json=form["type"] == "json_object",
        thinking=bool(reasoning) and body["model"].startswith(("o", "gpt-5")),
        told={name: body[name] for name in _ECHOED if body.get(name) is not None}
        | {"reasoning_effort": reasoning.get("effort"), "max_tokens": body.get("max_output_tokens")},
    )


def _items(items: list[Any]) -> tuple[list[str], tuple[str, ...], tuple[Result, ...]]:
    system: list[str] = []
    media: list[str] = []
    results: list[Result] = []
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for index, item in enumerate(items):
        where = f"input[{index}]"
        match kind(item, dict, where).get("type", "message"):
            case "message":
                results = []
                media += _message(item, where)
                if item["role"] in ("system", "developer"):
                    system.append(openai_chat.text_of(item["content"]))
            case "function_call":
                calls[kind(item.get("call_id"), str, f"{where}.call_id")] = (
                    kind(item.get("name"), str, f"{where}.name"),
                    json_object(item.get("arguments"), f"{where}.arguments"),
                )
            case "function_call_output":
                if item.get("call_id") not in calls:
                    raise Malformed(
                        where, f"No tool call found for function call output with call_id {item.get('call_id')}."
                    )
                results.append(Result(*calls.pop(item["call_id"]), openai_chat.text_of(item.get("output"))))
            case "reasoning":
                _thought(item, where)
            case other:
                raise Malformed(f"{where}.type", f"Invalid value: {other!r}")
    if calls:
        raise Malformed("input", f"No tool output found for function call {', '.join(calls)}.")
    return system, tuple(media), tuple(results)


def _thought(item: dict[str, Any], where: str) -> None:
    """Ours comes back as it went. Trap 61."""
    if item.get("encrypted_content") not in (None, SIGNATURE):
        raise Malformed(f"{where}.encrypted_content", "The encrypted content could not be verified.")
    kind(item.get("summary"), list, f"{where}.summary")


def _message(item: dict[str, Any], where: str) -> list[str]:
    one_of(item.get("role"), ("user", "assistant", "system", "developer"), f"{where}.role")
    content = kind(item.get("content"), (str, list), f"{where}.content")
    if isinstance(content, str):
        return []
    shown = [_part(part, f"{where}.content[{index}]", item["role"]) for index, part in enumerate(content)]
    return [each for each in shown if each is not None]


def _part(part: Any, where: str, role: str) -> str | None:
    known = ("output_text", "refusal") if role == "assistant" else ("input_text", "input_image", "input_file")
    match one_of(kind(part, dict, where).get("type"), known, f"{where}.type"):
        case "input_image":
            return _picture(part.get("image_url"), where)
        case "input_file":
            if part.get("file_url"):
                return f"file at {part['file_url']}"
            head, _, data = kind(part.get("file_data"), str, f"{where}.file_data").partition(",")
            return seen(head.removeprefix("data:").removesuffix(";base64"), decoded(data, where), where)
    return None


def _picture(url: Any, where: str) -> str:
    if kind(url, str, f"{where}.image_url").startswith("http"):
        return f"image at {url}"
    head, _, data = url.partition(",")
    return seen(head.removeprefix("data:").removesuffix(";base64"), decoded(data, where), where)


def _said(items: list[Any]) -> str:
    said = (openai_chat.text_of(item["content"]) for item in reversed(items) if item.get("role") == "user")
    return next(said, "")


def _tool(tool: Any, where: str) -> Tool:
    one_of(kind(tool, dict, where).get("type"), ("function",), f"{where}.type")
    known: dict[str, Kind] = {"description": (str, _NULL), "parameters": (dict, _NULL), "strict": (bool, _NULL)}
    fields(tool, where, needed={"type": str, "name": str}, known=known)
    if tool.get("strict"):
        strict_schema(tool.get("parameters"), f"{where}.parameters")
    return Tool(tool["name"], tool.get("parameters") or {"type": "object", "properties": {}})


def _choice(body: dict[str, Any]) -> str:
    choice = body.get("tool_choice") or "auto"
    if isinstance(choice, str):
        return {"required": "any"}.get(choice, str(one_of(choice, ("none", "auto", "required"), "tool_choice")))
    fields(choice, "tool_choice", needed={"type": str, "name": str}, known={})
    return f"={choice['name']}"


# The answer -----------------------------------------------------------------------------------------------------------


def _response(
    body: dict[str, Any], told: Reply, status: str, output: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    whole = status != "in_progress"
    short = whole and told.finish == "length"
    return {
        "id": "resp_upstream1", "object": "response", "created_at": 1760000000, "status": "incomplete" if short else status,
        "background": False, "error": None, "incomplete_details": {"reason": "max_output_tokens"} if short else None,
        "instructions": body.get("instructions"), "max_output_tokens": body.get("max_output_tokens"), "max_tool_calls": None,
        "model": f"{body['model']}-2026-01-01", "output": _output(told) if output is None else output,
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False, "previous_response_id": None,
        "prompt_cache_key": None, "reasoning": {"effort": (body.get("reasoning") or {}).get("effort"), "summary": None},
        "safety_identifier": None, "service_tier": "default", "store": body.get("store") is not False,
        "temperature": body.get("temperature") or 1.0, "text": body.get("text") or {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": body.get("tool_choice") or "auto", "tools": body.get("tools") or [], "top_logprobs": 0,
        "top_p": body.get("top_p") or 1.0, "truncation": "disabled", "usage": _usage(told) if whole else None, "user": None,
        "metadata": body.get("metadata") or {},
    }  # fmt: skip


def _usage(told: Reply) -> dict[str, Any]:
    return {
        "input_tokens": INPUT, "input_tokens_details": {"cached_tokens": told.cached}, "output_tokens": OUTPUT,
        "output_tokens_details": {"reasoning_tokens": REASONING if told.thoughts else 0}, "total_tokens": INPUT + OUTPUT,
    }  # fmt: skip


def _output(told: Reply) -> list[dict[str, Any]]:
    output: list[dict[str, Any]] = []
    if told.thoughts:
        summary = [{"type": "summary_text", "text": "".join(told.thoughts)}]
        output.append({"id": "rs_upstream", "type": "reasoning", "summary": summary, "encrypted_content": SIGNATURE})
    if told.text:
        output.append(_said_item(told, [_text_part(told)]))
    output += [
        _call(call.id, call.name, json.dumps(call.arguments, ensure_ascii=False), "completed") for call in told.calls
    ]
    return output


def _said_item(told: Reply, content: list[dict[str, Any]]) -> dict[str, Any]:
    status = ("incomplete" if told.finish == "length" else "completed") if content else "in_progress"
    return {"id": "msg_upstream", "type": "message", "status": status, "role": "assistant", "content": content}


def _text_part(told: Reply, text: str | None = None) -> dict[str, Any]:
    if told.finish == "refusal":
        return {"type": "refusal", "refusal": WHY if text is None else text}
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": told.whole if text is None else text}


def _call(number: str, name: str, arguments: str, status: str) -> dict[str, Any]:
    return {
        "id": f"fc_upstream_{number}", "type": "function_call", "status": status, "arguments": arguments,
        "call_id": f"call_upstream_{number}", "name": name,
    }  # fmt: skip


def _events(body: dict[str, Any], told: Reply) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": _response(body, told, "in_progress", [])}
    yield {"type": "response.in_progress", "response": _response(body, told, "in_progress", [])}
    for index, item in enumerate(_output(told)):
        match item["type"]:
            case "reasoning":
                yield from _thought_events(item, told, index)
            case "message":
                yield from _text_events(item, told, index)
            case _:
                yield from _call_events(item, index)
    ending = "response.incomplete" if told.finish == "length" else "response.completed"
    yield {"type": ending, "response": _response(body, told, "completed")}


def _thought_events(item: dict[str, Any], told: Reply, index: int) -> Iterator[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index, "summary_index": 0}
    part = item["summary"][0]
    yield {"type": "response.output_item.added", "output_index": index, "item": {**item, "summary": []}}
    yield {"type": "response.reasoning_summary_part.added", **at, "part": {"type": "summary_text", "text": ""}}
    for piece in told.thoughts:
        yield {"type": "response.reasoning_summary_text.delta", **at, "delta": piece}
    yield {"type": "response.reasoning_summary_text.done", **at, "text": part["text"]}
    yield {"type": "response.reasoning_summary_part.done", **at, "part": part}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _text_events(item: dict[str, Any], told: Reply, index: int) -> Iterator[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index, "content_index": 0}
    refused = told.finish == "refusal"
    word, name = ("refusal", "refusal") if refused else ("output_text", "text")
    more: dict[str, Any] = {} if refused else {"logprobs": []}
    yield {"type": "response.output_item.added", "output_index": index, "item": _said_item(told, [])}
    yield {"type": "response.content_part.added", **at, "part": _text_part(told, "")}
    for piece in told.text:
        yield {"type": f"response.{word}.delta", **at, "delta": piece, **more}
    yield {"type": f"response.{word}.done", **at, name: told.whole, **more}
    yield {"type": "response.content_part.done", **at, "part": _text_part(told, told.whole)}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _call_events(item: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    yield {
        "type": "response.output_item.added",
        "output_index": index,
        "item": {**item, "arguments": "", "status": "in_progress"},
    }
    for piece in pieces_of(json.loads(item["arguments"])):
        yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
    yield {"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"], "name": item["name"]}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _numbered(events: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for number, event in enumerate(events):
        yield _event({**event, "sequence_number": number})


def _event(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
