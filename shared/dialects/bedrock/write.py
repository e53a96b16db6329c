"""Our request in Converse's words: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (2026-11).

`metadata` holds the caller's labels: those that AWS takes go into its logs, and no answer depends on them. `user` goes nowhere.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from shared.chat.request import ChatRequest, ResponseFormat
from shared.dialects.bedrock.families import Thinking, is_claude, thinking, top_k
from shared.dialects.bedrock.tools import tools
from shared.dialects.bedrock.turns import turns
from shared.dialects.closed_schema import closed
from shared.dialects.dialect import Written
from shared.dialects.json_mode import in_words
from shared.dialects.refuse import refuse_given, unsupported
from shared.wire.json import write as write_json

_FAMILY: Final = "Bedrock"
_UNKNOWN: Final = ("n", "seed", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty", "verbosity")
_TIERS: Final[Mapping[str, str]] = {tier: tier for tier in ("default", "flex", "priority", "reserved")}
_STREAMED: Final = {"accept": "application/vnd.amazon.eventstream"}
_MOST_CACHE_POINTS: Final = 4
_LABEL: Final = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}")
_MOST_LABELS: Final = 16


def write(request: ChatRequest, largest_output: int | None) -> Written:
    """Raises UnsupportedParameter for what Bedrock cannot do, InvalidRequest for what nobody could."""
    refuse_given(request, _FAMILY, *_UNKNOWN)
    thought, tooled = thinking(request, largest_output), tools(request)
    system, messages = turns(in_words(request))
    body = {
        "messages": messages,
        "system": system,
        "inferenceConfig": _configure(request, thought),
        "toolConfig": tooled.config,
        "additionalModelRequestFields": {**top_k(request), **thought.fields, **tooled.fields},
        "additionalModelResponseFieldPaths": _paths(request),
        "outputConfig": _output(request.response_format, thought),
        "requestMetadata": _labels(request.metadata or {}),
        "serviceTier": _tier(request.service_tier),
    }
    said = _given(body)
    _spare_cache_points(said)
    return Written(_path(request), said, _STREAMED if request.stream else {})


def _path(request: ChatRequest) -> str:
    """A name may be an ARN, so whatever is in it is percent-encoded. Threat E7."""
    return f"/model/{quote(request.model, safe='')}/{'converse-stream' if request.stream else 'converse'}"


def _configure(request: ChatRequest, thought: Thinking) -> dict[str, Any]:
    return _given(
        {
            "maxTokens": thought.max_tokens,
            "temperature": request.temperature,
            "topP": request.top_p,
            "stopSequences": list(request.stop),
        }
    )


def _paths(request: ChatRequest) -> list[str]:
    """Claude tells which sequence stopped it, to those who ask."""
    return ["/stop_sequence"] if request.stop and is_claude(request.model) else []


def _output(format_: ResponseFormat | None, thought: Thinking) -> dict[str, Any]:
    config: dict[str, Any] = {"effort": thought.effort} if thought.effort else {}
    match format_:
        case ResponseFormat(kind="json_schema"):
            schema = {
                "schema": write_json(closed(format_.schema or {}, _FAMILY)).decode(),
                "name": format_.name,
                "description": format_.description,
            }
            config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": _given(schema)}}
        case _:
            pass
    return config


def _labels(metadata: Mapping[str, str]) -> dict[str, str]:
    fitting = [(name, text) for name, text in metadata.items() if _LABEL.fullmatch(name) and _LABEL.fullmatch(text)]
    return dict(fitting[:_MOST_LABELS])


def _tier(tier: str | None) -> dict[str, str] | None:
    if tier in (None, "auto"):
        return None
    if tier not in _TIERS:
        raise unsupported(_FAMILY, "service_tier", f"say one of auto, {', '.join(_TIERS)}")
    return {"type": _TIERS[str(tier)]}


def _spare_cache_points(body: dict[str, Any]) -> None:
    """More than four are refused. The last ones stand behind the longest beginnings, so those stay. Trap 56."""
    holders = list(_holders(body))
    spare = sum("cachePoint" in block for holder in holders for block in holder) - _MOST_CACHE_POINTS
    for holder in holders:
        places = [at for at, block in enumerate(holder) if "cachePoint" in block][: max(spare, 0)]
        spare -= len(places)
        for at in reversed(places):
            del holder[at]


def _holders(body: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The lists in which cache points stand, in the order in which the model reads them."""
    yield body.get("toolConfig", {}).get("tools", [])
    yield body.get("system", [])
    for message in body["messages"]:
        yield message["content"]


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value not in ([], {})}
