"""How vendors differ from OpenAI's spelling: small pure functions, a body in, a body out, listed in a vendor's row in the order to apply.

A body is one that we wrote, or a caller's own that goes out as it came: well-formed, but with fields, parts and tools of kinds that we do
not know, with null for what is not wished, and with thinking of earlier turns in any of the forms in which this family says it.

Whoever cannot do what a parameter asks has it refused by name, never dropped in silence (trap 81); a value that asks for what is done
anyway (`n: 1`) is left out without a word.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from shared.dialects import wishes
from shared.dialects.lenient import records
from shared.dialects.wishes import REASONING_BUDGET, earlier_thinking
from shared.errors import UnsupportedParameter

type Body = dict[str, Any]
type Quirk = Callable[[Body], Body]

_OPTIONS: Final[Mapping[str, str]] = {
    "frequency_penalty": "options.frequencyPenalty",
    "logprobs": "options.logprobs",
    "metadata": "options.metadata",
    "n": "options.n",
    "parallel_tool_calls": "options.parallelToolCalls",
    "presence_penalty": "options.presencePenalty",
    "reasoning_effort": "options.reasoningEffort",
    "seed": "options.seed",
    "service_tier": "options.serviceTier",
    "temperature": "options.temperature",
    "tool_choice": "options.toolChoice",
    "tools": "options.tools",
    "top_logprobs": "options.topLogprobs",
    "top_p": "options.topP",
    "user": "options.user",
}
"""Our callers' names of the fields that some vendor lacks."""
_DONE_ANYWAY: Final[Mapping[str, tuple[Any, ...]]] = {
    "frequency_penalty": (0,),
    "logprobs": (False,),
    "n": (1,),
    "parallel_tool_calls": (True,),
    "presence_penalty": (0,),
    "tool_choice": ("auto",),
    "top_logprobs": (0,),
}
_NAMED_TOOLS: Final = frozenset({"tool", "function"})
"""In their messages the name is the tool's."""
_NO_WISH: Final[tuple[Any, ...]] = (None, [], {})
_FIXED_SAMPLING: Final = re.compile(r"(openai/)?(o\d|gpt-5(?![.\d])(?!.*-chat))")
_SAMPLING_UNLESS_THINKING: Final = re.compile(r"(openai/)?gpt-5\.\d")
"""GPT-5.1 and later sample freely while their effort is `none`, their default."""
_SAMPLING: Final[Mapping[str, tuple[Any, ...]]] = {
    "temperature": (1,),
    "top_p": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logprobs": (False,),
    "top_logprobs": (0,),
}


def rename(name: str, to: str) -> Quirk:
    """The vendor's own word for a field, or for a wish of `shared.dialects.wishes`. Of both words the first holds, unless it is null."""

    def renamed(body: Body) -> Body:
        if body.get(name) is None:
            return {key: value for key, value in body.items() if key != name}
        return {(to if key == name else key): value for key, value in body.items() if key != to or name == to}

    return renamed


def leave_out(*names: str) -> Quirk:
    """Fields of ours that the vendor refuses and that no caller asked for."""

    def without(body: Body) -> Body:
        return {key: value for key, value in body.items() if key not in names}

    return without


def cannot(*names: str) -> Quirk:
    """Refuse these fields by the names our callers know, unless they ask for what is done anyway."""

    def checked(body: Body) -> Body:
        for name in names:
            if body.get(name) not in (*_NO_WISH, *_DONE_ANYWAY.get(name, ())):
                raise _refusal(name, "leave it out")
        return {key: value for key, value in body.items() if key not in names}

    return checked


def cannot_take(*kinds: str) -> Quirk:
    """Refuse parts of messages of these types (`image_url`, `file`, `input_audio`, `video_url`)."""

    def checked(body: Body) -> Body:
        for index, message in enumerate(body["messages"]):
            for part in _parts(message):
                if (kind := part.get("type")) in kinds:
                    raise UnsupportedParameter(
                        f"this provider takes no `{kind}` parts: send text", parameter=f"messages[{index}].content"
                    )
        return body

    return checked


max_tokens: Final = rename("max_completion_tokens", "max_tokens")
"""The older name, for all who do not know the newer one. Trap 59."""
_NEWER: Final = rename("max_tokens", "max_completion_tokens")


def max_tokens_unless_reasoning(body: Body) -> Body:
    """GitHub Models knows the older name alone, but for OpenAI's reasoning models, which know the newer alone. Trap 59."""
    return newer_length(body) if _thinks(body["model"]) else max_tokens(body)


def newer_length(body: Body) -> Body:
    """OpenAI's reasoning models refuse the older name: https://platform.openai.com/docs/guides/reasoning (2026-11). Trap 59."""
    return _NEWER(body) if _thinks(body["model"]) else body


def fixed_sampling(body: Body) -> Body:
    """OpenAI's reasoning models sample as they like: https://platform.openai.com/docs/guides/reasoning (2026-11). Trap 59."""
    body = newer_length(body)
    model = body["model"]
    thinking = body.get("reasoning_effort") not in {None, "none"}
    if not (_FIXED_SAMPLING.match(model) or (thinking and _SAMPLING_UNLESS_THINKING.match(model))):
        return body
    for name, usual in _SAMPLING.items():
        if body.get(name) not in (None, *usual):
            raise _refusal(name, "leave it out for this reasoning model")
    return {key: value for key, value in body.items() if key not in _SAMPLING}


def one_tier(body: Body) -> Body:
    """Vertex AI sells its tiers by header and contract: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/priority-paygo (2026-11)."""
    if body.get("serviceTier") not in {None, "standard"}:
        raise _refusal("service_tier", "leave it out")
    return {key: value for key, value in body.items() if key != "serviceTier"}


def any_tool(body: Body) -> Body:
    """Mistral's `any` is OpenAI's `required`: https://docs.mistral.ai/api (2026-11)."""
    return {**body, "tool_choice": "any"} if body.get("tool_choice") == "required" else body


def whole_tools(body: Body) -> Body:
    """Every tool says what it takes and whether it is strict, for those who want both."""
    return _each_function(body, _with_all_fields)


def loose_tools(body: Body) -> Body:
    """Arguments follow a tool's schema as well as the model can, for those who promise no more."""
    return _each_function(body, _loose)


def no_schema(body: Body) -> Body:
    """JSON yes, after a schema no: https://api-docs.deepseek.com/guides/json_mode (2026-11)."""
    if (body.get("response_format") or {}).get("type") == "json_schema":
        raise UnsupportedParameter(
            "this provider gives JSON, but not after a schema: ask for `json_object` and describe the schema in the prompt",
            parameter="options.responseFormat",
        )
    return body


def counted_logprobs(body: Body) -> Body:
    """Together wants the number of alternatives: https://docs.together.ai/reference/chat-completions-1 (2026-11)."""
    count = body.get("top_logprobs") or 1
    plain = {key: value for key, value in body.items() if key not in {"logprobs", "top_logprobs"}}
    return {**plain, "logprobs": count} if body.get("logprobs") else plain


def whole_calls(body: Body) -> Body:
    """Together numbers the calls of a turn, and the tool it is told to call looks like a call."""
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and isinstance(choice.get("function"), dict):
        call = {"index": 0, "id": "", "type": "function", "function": {"arguments": "", **choice["function"]}}
        body = {**body, "tool_choice": call}
    return _each_message(body, _with_numbered_calls)


def no_detail(body: Body) -> Body:
    """Pictures are read as they are, for those who refuse the field."""
    for index, message in enumerate(body["messages"]):
        for part in _parts(message):
            if _picture(part).get("detail") not in {None, "auto"}:
                raise UnsupportedParameter(
                    "this provider reads pictures in one way: leave `detail` out",
                    parameter=f"messages[{index}].content",
                )
    return _each_part(body, _without_detail)


def refusals_as_text(body: Body) -> Body:
    """An earlier refusal is an earlier text, for those who do not tell them apart."""
    return _each_message(body, _refusal_as_text)


def nameless(body: Body) -> Body:
    """Participants without names, for those who refuse the field."""
    for index, message in enumerate(body["messages"]):
        if message.get("name") is not None and message.get("role") not in _NAMED_TOOLS:
            raise UnsupportedParameter(
                "this provider takes no names of participants: leave it out", parameter=f"messages[{index}].name"
            )
    return body


def joined_texts(body: Body) -> Body:
    """Texts as one string, for those who take no parts."""
    return _each_message(body, _joined)


def thinking_back(name: str) -> Quirk:
    """Thinking of earlier turns goes back as text, in the vendor's own field."""

    def spelled(message: Body) -> Body:
        blocks = earlier_thinking(message)
        if not blocks or isinstance(message.get(name), str):
            return _without_thinking(message, but=name)
        text = "".join([block["text"] for block in blocks])
        return {**_without_thinking(message), **({name: text} if text else {})}

    return lambda body: _each_message(body, spelled)


def thinking_parts_back(body: Body) -> Body:
    """Mistral's thinking is a part before the text: https://docs.mistral.ai/capabilities/reasoning (2026-11)."""
    return _each_message(body, _with_thinking_part)


def thinking_details_back(body: Body) -> Body:
    """OpenRouter wants its details back: https://openrouter.ai/docs/use-cases/reasoning-tokens (2026-11)."""
    return _each_message(body, _with_details)


def plain_turns(body: Body) -> Body:
    """Of earlier turns goes back what was said and called, for those who refuse fields that they do not know.

    Another provider's thinking, notes and signatures stay behind; they are of no use here.
    """
    return _each_message(body, _plain)


def openrouter_reasoning(body: Body) -> Body:
    """A number of tokens, else an effort, in one object: https://openrouter.ai/docs/use-cases/reasoning-tokens (2026-11)."""
    words = {"reasoning_effort": "effort", REASONING_BUDGET: "max_tokens"}
    reasoning = {word: body[name] for name, word in words.items() if body.get(name) is not None}
    if "max_tokens" in reasoning:  # of both, OpenRouter takes one alone
        reasoning.pop("effort", None)
    if not reasoning:
        return body
    rest = {key: value for key, value in body.items() if key not in words}
    return {**rest, "reasoning": {**reasoning, **(body.get("reasoning") or {})}}


def openrouter_files(body: Body) -> Body:
    """OpenRouter fetches documents itself: https://openrouter.ai/docs/features/multimodal/pdfs (2026-11)."""
    return _each_part(body, _openrouter_file)


def mistral_parts(body: Body) -> Body:
    """Documents are URLs, `data:` ones too, and sounds are bare base64: https://docs.mistral.ai/api (2026-11)."""
    return _each_part(body, _mistral_part)


def _refusal(name: str, remedy: str) -> UnsupportedParameter:
    option = _OPTIONS.get(name, name)
    return UnsupportedParameter(f"this provider or model has no `{option}`: {remedy}", parameter=option)


def _thinks(model: str) -> bool:
    return bool(_FIXED_SAMPLING.match(model) or _SAMPLING_UNLESS_THINKING.match(model))


def _each_message(body: Body, spell: Callable[[Body], Body]) -> Body:
    return {**body, "messages": [spell(message) for message in body["messages"]]}


def _each_part(body: Body, spell: Callable[[Body], Body]) -> Body:
    def spelled(message: Body) -> Body:
        content = message.get("content")
        if not isinstance(content, list):
            return message
        return {**message, "content": [spell(part) if isinstance(part, dict) else part for part in content]}

    return _each_message(body, spelled)


def _each_function(body: Body, spell: Callable[[Body], Body]) -> Body:
    """Tools of other kinds stay as they are."""
    tools = body.get("tools")
    if not tools:
        return body
    return {**body, "tools": [_with_function(tool, spell) for tool in tools]}


def _with_function(tool: Body, spell: Callable[[Body], Body]) -> Body:
    return {**tool, "function": spell(tool["function"])} if isinstance(tool.get("function"), dict) else tool


def _with_all_fields(function: Body) -> Body:
    given = {name: value for name, value in function.items() if value is not None}
    return {"parameters": {"type": "object", "properties": {}}, "strict": False, **given}


def _loose(function: Body) -> Body:
    if function.get("strict"):
        raise UnsupportedParameter("this provider has no strict tools: leave `strict` out", parameter="options.tools")
    return {name: value for name, value in function.items() if name != "strict"}


def _parts(message: Body) -> Sequence[Body]:
    content = message.get("content")
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else ()


def _picture(part: Body) -> Body:
    picture = part.get("image_url")
    return picture if isinstance(picture, dict) else {}


def _with_numbered_calls(message: Body) -> Body:
    calls = message.get("tool_calls")
    return (
        {**message, "tool_calls": [{"index": index, **call} for index, call in enumerate(calls)]} if calls else message
    )


def _without_detail(part: Body) -> Body:
    picture = _picture(part)
    if "detail" not in picture:
        return part
    return {**part, "image_url": {name: value for name, value in picture.items() if name != "detail"}}


def _refusal_as_text(message: Body) -> Body:
    if "refusal" not in message:
        return message
    rest = {key: value for key, value in message.items() if key != "refusal"}
    return {**rest, "content": message.get("content") or message["refusal"]}


def _joined(message: Body) -> Body:
    content = message.get("content")
    if not isinstance(content, list) or not all(map(_is_text, content)):
        return message
    return {**message, "content": "\n\n".join([part["text"] for part in content])}


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _with_thinking_part(message: Body) -> Body:
    blocks = [block for block in earlier_thinking(message) if block["text"]]
    message = _without_thinking(message)
    if not blocks:
        return message
    content = message.get("content")
    spoken = content if isinstance(content, list) else [{"type": "text", "text": content}] if content else []
    return {**message, "content": [*map(_thinking_part, blocks), *spoken]}


def _thinking_part(block: Mapping[str, Any]) -> Body:
    part = {"type": "thinking", "thinking": [{"type": "text", "text": block["text"]}]}
    return {**part, "signature": block["signature"]} if block["signature"] else part


def _with_details(message: Body) -> Body:
    """The router's own details stay as they came, and so does `reasoning`, which says the same without a signature.

    Those that name a `provider` are ours, of another provider (`shared.dialects.openai.caller.thinking`): their text alone goes on.
    """
    if any("provider" in detail for detail in records(message.get("reasoning_details"))):
        text = "".join([block["text"] for block in earlier_thinking(message)])
        return {**_without_thinking(message), **({"reasoning": text} if text else {})}
    if message.get("reasoning_details") or message.get("reasoning"):
        return _without_thinking(message, but="reasoning_details", and_but="reasoning")
    blocks = earlier_thinking(message)
    message = _without_thinking(message)
    return {**message, "reasoning_details": [_detail(block) for block in blocks]} if blocks else message


def _without_thinking(message: Body, *, but: str = "", and_but: str = "") -> Body:
    gone = wishes.THINKING - {but, and_but}
    if message.get("role") != "assistant" or gone.isdisjoint(message):
        return message
    return {name: value for name, value in message.items() if name not in gone}


def _plain(message: Body) -> Body:
    message = _without_thinking(message)
    calls = message.get("tool_calls")
    if "provider_annotations" in message:
        message = {name: value for name, value in message.items() if name != "provider_annotations"}
    if calls and any("extra_content" in call for call in calls):
        message = {**message, "tool_calls": [_unsigned(call) for call in calls]}
    return message


def _unsigned(call: Body) -> Body:
    return {name: value for name, value in call.items() if name != "extra_content"}


def _detail(block: Mapping[str, Any]) -> Body:
    """An encrypted detail was kept whole, as JSON text; data of another provider's is only data."""
    if block["redacted"] is None:
        signed = {"signature": block["signature"]} if block["signature"] else {}
        return {"type": "reasoning.text", "text": block["text"], **signed}
    try:
        whole = json.loads(block["redacted"])
    except ValueError:
        whole = None
    return whole if isinstance(whole, dict) else {"type": "reasoning.encrypted", "data": block["redacted"]}


def _openrouter_file(part: Body) -> Body:
    if part.get("type") != wishes.LINKED_FILE:
        return part
    return {"type": "file", "file": {"filename": part["filename"] or "document.pdf", "file_data": part["url"]}}


def _mistral_part(part: Body) -> Body:
    match part:
        case {"type": "file", "file": {"filename": name, "file_data": url}}:
            return {"type": "document_url", "document_url": url, "document_name": name}
        case {"type": wishes.LINKED_FILE, "filename": name, "url": url}:
            return {"type": "document_url", "document_url": url, **({"document_name": name} if name else {})}
        case {"type": "input_audio", "input_audio": {"data": data}}:
            return {"type": "input_audio", "input_audio": data}
        case _:
            return part
