"""A whole message. https://platform.claude.com/docs/en/api/messages (2026-11)."""

from collections.abc import Iterator
from typing import Any

from shared.chat.collect import Answer, Choice
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest, Reasoning, ToolCall
from shared.dialects.anthropic.caller.words import (
    Ending,
    citations,
    find_block,
    head,
    hides_thinking,
    picture,
    usage,
    wants_thinking,
)
from shared.dialects.caller import About
from shared.dialects.signed import mark, signed_id
from shared.wire.json import read_lenient, write

type Json = dict[str, Any]


def answer(answer: Answer, done: Done, request: ChatRequest, about: About) -> bytes:
    """The provider's own body to kin; to all others, the message that a stream would have been."""
    if about.kin and answer.verbatim is not None:
        return answer.verbatim.data
    choice, ending = answer.choices[0], Ending(request)
    message = head(about, answer.id, answer.model)
    content = [*_thinking(choice, request, about), *_words(choice, ending), *_calls(choice, ending, about)]
    return write({**message, "content": content, **ending.say(done), "usage": usage(done.usage)})


def _thinking(choice: Choice, request: ChatRequest, about: About) -> Iterator[Json]:
    wants, hides = wants_thinking(request), hides_thinking(request)
    for block in choice.reasoning_blocks:
        if not (block.text or wants):
            continue
        if block.redacted is not None:
            yield {"type": "redacted_thinking", "data": mark(about.maker, block.redacted)}
        elif block.text or block.signature:
            yield _thought(block, about, hides=hides)


def _thought(block: Reasoning, about: About, *, hides: bool) -> Json:
    shown = "" if hides else block.text
    return {"type": "thinking", "thinking": shown, "signature": mark(about.maker, block.signature)}


def _words(choice: Choice, ending: Ending) -> Iterator[Json]:
    """Blocks of Anthropic's own first, for the text speaks of them."""
    for note in choice.annotations:
        if not ending.note(note) and (block := find_block(note)):
            yield block
    if choice.refusal:
        ending.refuse()
    said = "".join([choice.text, choice.refusal, *map(picture, choice.media)])
    if said:
        cited = citations(choice.annotations)
        yield {"type": "text", "text": said, **({"citations": cited} if cited else {})}


def _calls(choice: Choice, ending: Ending, about: About) -> Iterator[Json]:
    for index, call in enumerate(choice.tool_calls):
        ending.call()
        id_ = signed_id(call.id or f"toolu_{about.id}_{index}", about.maker, call.signature)
        yield {"type": "tool_use", "id": id_, "name": call.name, "input": _input(call)}


def _input(call: ToolCall) -> Json:
    """An object, always. Arguments that are none, as when `max_tokens` cut them, are handed on as Anthropic advises.

    https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming (2026-11)
    """
    if not call.arguments.strip():
        return {}
    try:
        value = read_lenient(call.arguments)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"INVALID_JSON": call.arguments}
