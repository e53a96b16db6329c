"""A caller's request in OpenAI's words → what is wished: https://platform.openai.com/docs/api-reference/chat/create (2026-11).

What is malformed is refused by its path. What is well-formed but has no word in the common tongue is told as KinOnly: a provider who
speaks this dialect gets it as it came. Beside OpenAI's own fields stand those that clients of routers send: `top_k`, `thinking`,
`reasoning`, `cache_control`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.chat.check import check_request, check_schema
from shared.chat.request import ChatRequest, KinOnly, Message, Original, ResponseFormat
from shared.dialects.caller import Wish
from shared.dialects.openai.caller.fields import Fields, as_text, missing, wrong
from shared.dialects.openai.caller.messages import MessageReader
from shared.dialects.openai.caller.tools import read_tools
from shared.dialects.signed import split_id
from shared.errors import InvalidRequest
from shared.wire.json import read_strict

MOST_MESSAGES: Final = 2048
_HARMLESS: Final = frozenset(
    {
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "store",
        "usage",
    }
)
"""Hints for caches, labels, and what is kept or told beside the answer."""
_USUAL: Final[Mapping[str, Any]] = {"store": False, "modalities": ["text"], "include_reasoning": True}
"""What these ask for is done anyway."""
_PASSED_ON: Final = ("openai-beta", "http-referer", "x-title")
"""Headers that change what a provider of this dialect does, or that tell a router whose the traffic is."""
_SIGNED_ID: Final = b"_signed_"
"""What is in a body when an id in it may be one of `shared.dialects.signed`."""
_DROP: Final = "x-realmultillm-drop-params"


def read(body: bytes, headers: Mapping[str, str]) -> Wish:
    """The wish in a request body. Raises InvalidRequest, which names the field as the caller wrote it. Trap 85."""
    said = read_strict(body)
    fields = Fields(said, "")
    chat = _chat(fields, _without_signatures(said) if _SIGNED_ID in body else said, headers)
    check_request(chat)
    return Wish(None, chat)


def _chat(body: Fields, said: Mapping[str, Any], headers: Mapping[str, str]) -> ChatRequest:
    kin_only: list[KinOnly] = []
    model = body.text("model")
    if not model:
        raise missing("model")
    messages = _messages(body, kin_only)
    tools = read_tools(body, kin_only)
    effort, budget = _thinking(body, kin_only)
    _leave_usual(body)
    return ChatRequest(
        model=model,
        messages=messages,
        stream=_stream(body, kin_only),
        max_tokens=_max_tokens(body),
        temperature=body.find_number("temperature"),
        top_p=body.find_number("top_p"),
        top_k=body.find_count("top_k"),
        frequency_penalty=body.find_number("frequency_penalty"),
        presence_penalty=body.find_number("presence_penalty"),
        stop=_stop(body),
        seed=body.find_count("seed", least=None),
        n=body.find_count("n", least=1),
        logprobs=body.find_flag("logprobs"),
        top_logprobs=body.find_count("top_logprobs"),
        tools=tools.tools,
        tool_choice=tools.choice,
        parallel_tool_calls=body.find_flag("parallel_tool_calls"),
        response_format=_response_format(body, kin_only),
        reasoning_effort=effort,
        reasoning_budget=budget,
        user=body.find_text("user"),
        metadata=_metadata(body),
        service_tier=body.find_text("service_tier"),
        verbosity=body.find_text("verbosity"),
        original=Original("openai", said, {name: headers[name] for name in _PASSED_ON if name in headers}),
        kin_only=(*kin_only, *body.rest(_HARMLESS), *_searches(body)),
        drop=headers.get(_DROP, "").strip().lower() == "true",
    )


def _messages(body: Fields, kin_only: list[KinOnly]) -> tuple[Message, ...]:
    body.get("messages")
    said = body.find_list("messages")
    if not 0 < len(said) <= MOST_MESSAGES:
        raise InvalidRequest(f"`messages` has 1 to {MOST_MESSAGES} messages", parameter="messages")
    reader = MessageReader(kin_only)
    return tuple([reader.read(message, f"messages[{index}]") for index, message in enumerate(said)])


def _stream(body: Fields, kin_only: list[KinOnly]) -> bool:
    options = body.find_record("stream_options")
    if options:
        options.find_flag("include_usage")
        kin_only.extend(options.rest(frozenset({"include_obfuscation"})))
    return body.find_flag("stream") or False


def _max_tokens(body: Fields) -> int | None:
    """Trap 59: the older name and the newer one, which OpenAI itself takes one at a time."""
    older, newer = body.find_count("max_tokens", least=1), body.find_count("max_completion_tokens", least=1)
    if older is not None and newer is not None and older != newer:
        raise InvalidRequest(
            "`max_tokens` and `max_completion_tokens` differ: `max_tokens` is the former name, give one of them",
            parameter="max_tokens",
        )
    return older if newer is None else newer


def _stop(body: Fields) -> tuple[str, ...]:
    stop = body.find("stop")
    if stop is None:
        return ()
    if isinstance(stop, str):
        return (stop,)
    return tuple([as_text(word, f"stop[{index}]") for index, word in enumerate(body.find_list("stop"))])


def _metadata(body: Fields) -> Mapping[str, str] | None:
    metadata = body.find("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise wrong("metadata", "an object")
    return {name: as_text(value, f"metadata.{name}") for name, value in metadata.items()} or None


def _thinking(body: Fields, kin_only: list[KinOnly]) -> tuple[str | None, int | None]:
    """Effort and budget: OpenAI's `reasoning_effort`, OpenRouter's `reasoning`, and Anthropic's `thinking`, which LiteLLM's callers send.

    https://openrouter.ai/docs/use-cases/reasoning-tokens, https://docs.litellm.ai/docs/reasoning_content (2026-11)
    """
    effort, budget = body.find_text("reasoning_effort"), None
    if reasoning := body.find_record("reasoning"):
        switch, exclude = reasoning.find_flag("enabled"), reasoning.find_flag("exclude")
        effort = effort or reasoning.find_text("effort") or _switched(switch)
        budget = reasoning.find_count("max_tokens")
        if exclude:
            kin_only.append(KinOnly("reasoning.exclude"))
        kin_only.extend(reasoning.rest(frozenset({"summary"})))
    if thinking := body.find_record("thinking"):
        kind, tokens = thinking.text("type"), thinking.find_count("budget_tokens")
        kin_only.extend(thinking.rest(frozenset({"display"})))
        budget = tokens if kind == "enabled" and budget is None else budget
        if kind not in {"enabled", "disabled", "adaptive"}:
            kin_only.append(KinOnly("thinking.type"))
        elif budget is None:
            effort = effort or _switched(kind != "disabled")
    return effort, budget


def _switched(on: bool | None) -> str | None:  # noqa: FBT001 - it is a switch
    """Thinking without a word on how much: https://openrouter.ai/docs/use-cases/reasoning-tokens (2026-11)."""
    return None if on is None else "medium" if on else "none"


def _response_format(body: Fields, kin_only: list[KinOnly]) -> ResponseFormat | None:
    wanted = body.find_record("response_format")
    if wanted is None:
        return None
    match wanted.text("type"):
        case "text" | "json_object" as kind:
            kin_only.extend(wanted.rest())
            return ResponseFormat(kind)
        case "json_schema":
            given = _schema(wanted.record("json_schema"), kin_only)
            kin_only.extend(wanted.rest())
            return given
        case _:
            kin_only.append(KinOnly("response_format.type"))
            return None


def _schema(given: Fields, kin_only: list[KinOnly]) -> ResponseFormat:
    schema = given.find("schema")
    if schema is not None and not isinstance(schema, dict):
        raise wrong(given.path("schema"), "a JSON schema, an object")
    check_schema(schema, given.path("schema"))
    made = ResponseFormat(
        "json_schema", given.text("name"), schema, given.find_flag("strict"), given.find_text("description")
    )
    kin_only.extend(given.rest())
    return made


def _leave_usual(body: Fields) -> None:
    for name, usual in _USUAL.items():
        if body.has(name) and body.peek(name) == usual:
            body.find(name)


def _searches(body: Fields) -> Iterable[KinOnly]:
    """An empty object asks for a search, too."""
    if body.peek("web_search_options") == {}:
        yield KinOnly("web_search_options")


def _without_signatures(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body without what we put into the ids of calls: whoever speaks this dialect takes short ids, and signed nothing. Trap 41."""
    messages = said.get("messages")
    if not isinstance(messages, list):
        return said
    return {**said, "messages": [_with_own_ids(message) for message in messages]}


def _with_own_ids(message: Any) -> Any:
    match message:
        case {"tool_call_id": str(seen)}:
            return {**message, "tool_call_id": split_id(seen)[0]}
        case {"tool_calls": list(calls)}:
            return {**message, "tool_calls": [_with_own_id(call) for call in calls]}
    return message


def _with_own_id(call: Any) -> Any:
    match call:
        case {"id": str(seen)} if (own := split_id(seen)[0]) != seen:
            rest = {name: value for name, value in call.items() if name != "extra_content"}
            return {**rest, "id": own}
    return call
