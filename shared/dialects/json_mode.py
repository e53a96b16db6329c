"""JSON without a schema, for families that have no switch for it: they are asked in words.

OpenAI's own switch wants the prompt to ask for JSON too (https://platform.openai.com/docs/guides/structured-outputs#json-mode, 2026-11), so this only
underlines what is there. Nobody enforces it, and the receipt says so.
"""

from dataclasses import replace
from typing import Final

from shared.chat.request import ChatRequest, Message, Text

_WORDS: Final = Message(
    "system", (Text("Answer with one JSON object and nothing else: no fence, no words around it."),)
)


def in_words(request: ChatRequest) -> ChatRequest:
    """The request with JSON mode as an instruction. Places of messages stay as they are, for refusals name them."""
    if request.response_format is None or request.response_format.kind != "json_object":
        return request
    return replace(request, response_format=None, messages=(*request.messages, _WORDS))
