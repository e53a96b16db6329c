"""What the OpenAPI document says of the routes that speak OpenAI's and Anthropic's APIs. Their own pages say the rest, so each is linked.

Bodies hold whatever those APIs take: fields that we do not know go to a provider who speaks the same, and others refuse them by name.
"""

from collections.abc import Mapping
from typing import Any, Final

type Json = dict[str, Any]

_HEADERS: Final[Json] = {
    "x-realmultillm-request-id": {"schema": {"type": "string"}, "description": "Our id of the request."},
    "x-realmultillm-provider": {"schema": {"type": "string"}, "description": "Who was asked."},
    "x-realmultillm-model": {"schema": {"type": "string"}, "description": "The provider's name of the model."},
    "x-realmultillm-attempts": {"schema": {"type": "string"}, "description": "How often a provider was asked."},
    "x-realmultillm-tried": {
        "schema": {"type": "string"},
        "description": "Who could not answer before, and why: `provider/model outcome`, separated by commas.",
    },
    "x-realmultillm-cost": {
        "schema": {"type": "string"},
        "description": "What a whole answer cost, in US dollars, exact; `unknown` where nobody can tell.",
    },
    "x-realmultillm-cost-reason": {"schema": {"type": "string"}, "description": "Why the cost is unknown."},
    "x-realmultillm-dropped": {
        "schema": {"type": "string"},
        "description": "Parameters that were left out, because they cannot change the answer or `x-realmultillm-drop-params: true` asked for it.",
    },
}
DROP_PARAMETER: Final[Json] = {
    "name": "x-realmultillm-drop-params",
    "in": "header",
    "required": False,
    "schema": {"enum": ["true", "false"]},
    "description": "Leave out what the provider cannot do, in place of refusing it with 400.",
}
KEY_PARAMETER: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:/+=-]{1,255}$"},
    "description": "The same request with the same key is answered once: the same answer comes again for 24 hours, 409 while it is under way, 422 with another request.",
}
FALLBACK_PARAMETER: Final[Json] = {
    "name": "x-realmultillm-fallback",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Whom to ask next, in that order, where the model cannot answer: names as `model` has them, separated by commas.",
}
OPENAI_ERROR: Final[Json] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "integer", "null"]},
            },
        }
    },
}
ANTHROPIC_ERROR: Final[Json] = {
    "type": "object",
    "required": ["type", "error"],
    "properties": {
        "type": {"const": "error"},
        "error": {
            "type": "object",
            "required": ["type", "message"],
            "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
        },
    },
}
_HELLO: Final[Json] = {"role": "user", "content": "Say hello in one word."}
_COMPLETION: Final[Json] = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        "model": {
            "type": "string",
            "minLength": 1,
            "description": "`provider/model`, a name that one of your providers has, or a route's.",
        },
        "messages": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["role"]}},
        "stream": {"type": ["boolean", "null"]},
    },
}
_MESSAGE: Final[Json] = {
    **_COMPLETION,
    "required": ["model", "messages", "max_tokens"],
    "properties": {
        **_COMPLETION["properties"],
        "max_tokens": {"type": "integer", "minimum": 1},
        "stream": {"type": "boolean"},
    },
}
RESPONSE: Final[Json] = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": _COMPLETION["properties"]["model"],
        "input": {"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "object"}}]},
        "stream": {"type": ["boolean", "null"]},
    },
}


def paths() -> Json:
    """The chats of these APIs."""
    return {
        "/v1/chat/completions": {
            "post": operation(
                "createChatCompletion",
                "OpenAI's chat completions, with any provider",
                _COMPLETION,
                example={"model": "openai/gpt-4o-mini", "messages": [_HELLO]},
                page="https://platform.openai.com/docs/api-reference/chat/create",
                streams=True,
            )
        },
        "/v1/messages": {
            "post": operation(
                "createMessage",
                "Anthropic's messages, with any provider",
                _MESSAGE,
                example={"model": "anthropic/claude-haiku-4-5", "max_tokens": 256, "messages": [_HELLO]},
                page="https://platform.claude.com/docs/en/api/messages",
                error=ANTHROPIC_ERROR,
                tag="Anthropic API",
                streams=True,
            )
        },
        "/v1/responses": {
            "post": operation(
                "createResponse",
                "OpenAI's responses, with any provider; nothing is kept between them",
                RESPONSE,
                example={"model": "openai/gpt-4o-mini", "input": "Say hello in one word."},
                page="https://platform.openai.com/docs/api-reference/responses/create",
                streams=True,
            )
        },
    }


def operation(
    name: str,
    summary: str,
    body: Mapping[str, Any],
    *,
    example: Mapping[str, Any],
    page: str,
    error: Json = OPENAI_ERROR,
    tag: str = "OpenAI API",
    streams: bool = False,
) -> Json:
    """One of these routes, as OpenAPI has it."""
    content: Json = {"application/json": {"schema": {"type": "object"}}}
    if streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    failure = {"description": "What went wrong", "content": {"application/json": {"schema": error}}}
    return {
        "tags": [tag],
        "operationId": name,
        "summary": summary,
        "externalDocs": {"url": page},
        "security": [{"credential": []}],
        "parameters": [DROP_PARAMETER, KEY_PARAMETER, *([FALLBACK_PARAMETER] if streams else [])],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body, "example": example}}},
        "responses": {
            "200": {"description": "As that API answers", "headers": _HEADERS, "content": content},
            "4XX": failure,
            "5XX": failure,
        },
    }
