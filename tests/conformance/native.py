"""A recorded request in our own API's words. What our API cannot say (a provider's own tools, safety settings) is left out."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.conformance import from_anthropic, from_bedrock, from_cohere, from_gemini, from_openai, from_responses

type Json = dict[str, Any]

HELLO: Json = {"role": "user", "content": "hello"}
TRANSLATORS = {
    "chat": from_openai.read,
    "responses": from_responses.read,
    "messages": from_anthropic.read,
    "generateContent": from_gemini.read,
    "streamGenerateContent": from_gemini.read,
    "cohere_chat_v2": from_cohere.read,
    "converse": from_bedrock.read,
    "converseStream": from_bedrock.read,
}
_FRACTIONS = frozenset({"temperature", "topP", "frequencyPenalty", "presencePenalty"})
_PLACEHOLDER = {"type": "text", "text": "(left out)"}


class NotUnderstood(ValueError):
    """A recorded request has a form that no translator knows."""


def native_request(api: str, recorded: object, model: str) -> Json:
    """`{"model", "messages", "options"}`. A request that was not recorded, or says nothing, is a plain hello. Raises NotUnderstood."""
    if not isinstance(recorded, Mapping):
        return hello(model)
    try:
        messages, options = TRANSLATORS[api](recorded)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise NotUnderstood(f"{type(error).__name__}: {error}") from error
    said = _well_formed([message for message in messages if not _is_empty(message)])
    given = {name: told for name, value in options.items() if (told := _told(name, value)) is not None}
    return {"model": model, "messages": said or [HELLO], "options": given}


def hello(model: str) -> Json:
    """The shortest request."""
    return {"model": model, "messages": [HELLO]}


def without(request: Json, parameter: str) -> Json | None:
    """The request without a parameter that was refused by that name; None when it is not one that can be left out."""
    section, _, name = parameter.partition(".")
    option = re.split(r"[.\[]", name, maxsplit=1)[0]
    if section == "options" and option in request.get("options", {}):
        return {**request, "options": {key: value for key, value in request["options"].items() if key != option}}
    if section.startswith("messages[") and name.startswith("content"):
        return _with_message(request, int(section[9:-1]), _without_media)
    if section.startswith("messages[") and name == "name":
        return _with_message(request, int(section[9:-1]), _without_name)
    return None


def _told(name: str, value: Any) -> Any:
    """Whole numbers that were written 40.0, labels that are no text, and the -1 for `all` which some take, as our API has them."""
    match value:
        case float() if name not in _FRACTIONS and value.is_integer():
            return int(value)
        case dict() if name == "metadata":
            return {label: text if isinstance(text, str) else json.dumps(text) for label, text in value.items()}
        case -1 if name == "topK":
            return None
        case _:
            return value


def _with_message(request: Json, index: int, change: Any) -> Json | None:
    messages = list(request["messages"])
    changed = change(messages[index])
    if changed == messages[index]:
        return None
    messages[index] = changed
    return {**request, "messages": messages}


def _without_media(message: Json) -> Json:
    content = message["content"]
    if not isinstance(content, list):
        return message
    texts = [part if part["type"] == "text" else _PLACEHOLDER for part in content]
    return {**message, "content": "\n".join(part["text"] for part in texts)}


def _without_name(message: Json) -> Json:
    return {key: value for key, value in message.items() if key != "name"}


def _is_empty(message: Json) -> bool:
    return not any(message.get(name) for name in ("content", "tool_calls", "refusal", "reasoning_details")) and (
        message["role"] != "tool"
    )


def _well_formed(messages: Iterable[Json]) -> list[Json]:
    """Every call answered and every result the answer to a call, as our API demands of callers; recordings are not always so.

    A result that answers no call answers the oldest that waits; without one it is words. A call that nothing answers is left out.
    """
    said: list[Json] = []
    for message in messages:
        waiting = _open_calls(said)
        if message["role"] == "tool" and waiting:
            named = message["tool_call_id"]
            said.append({**message, "tool_call_id": named if named in waiting else waiting[0]})
            continue
        _drop_open_calls(said)
        said.append(
            message if message["role"] != "tool" else {"role": "user", "content": message["content"] or "(nothing)"}
        )
    _drop_open_calls(said)
    return said


def _open_calls(said: list[Json]) -> list[str]:
    """The calls of the last assistant turn that have no result yet, oldest first."""
    answered: set[str] = set()
    for message in reversed(said):
        if message["role"] != "tool":
            return [call["id"] for call in message.get("tool_calls", ()) if call["id"] not in answered]
        answered.add(message["tool_call_id"])
    return []


def _drop_open_calls(said: list[Json]) -> None:
    still_open = _open_calls(said)
    for at in range(len(said) - 1, -1, -1):
        if still_open and "tool_calls" in said[at]:
            kept = [call for call in said[at]["tool_calls"] if call["id"] not in still_open]
            rest = {key: value for key, value in said[at].items() if key != "tool_calls"}
            said[at] = (
                {**rest, "content": rest.get("content") or "(calls left out)"}
                if not kept
                else {**rest, "tool_calls": kept}
            )
            return
