"""What the chat door adds to the OpenAPI document, made from the very records that validate its requests. Loaded when the document is asked for."""

from typing import Any

import msgspec

from functions.chat import beside_openapi as beside
from functions.chat import compatible, exchanges_openapi
from shared.dialects.native.bodies import ChatBody

_STREAM = "One JSON object a line (or an event): `start`, then `chunk`, `reasoning`, `tool_call`, …, and exactly one last `done` or `error`."
_PROVIDER = {
    "name": "provider",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "Provider id or alias, for example `openai` or `claude`.",
}


def document() -> dict[str, Any]:
    """`paths` and `components.schemas` of the chat door."""
    (body,), schemas = msgspec.json.schema_components((ChatBody,), ref_template="#/components/schemas/{name}")
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/ChatAnswer"}}}
    stream = {
        "application/x-ndjson": {"schema": {"$ref": "#/components/schemas/StreamLine"}},
        "text/event-stream": {"schema": {"$ref": "#/components/schemas/StreamEvent"}},
    }
    return {
        "paths": {
            "/api/llm/chat": {"post": _operation("chat", "One answer", body, answer)},
            "/api/llm/stream": {"post": _operation("stream", "The answer as it grows", body, stream, note=_STREAM)},
            "/api/chat/{provider}": {
                "parameters": [_PROVIDER],
                "post": _operation("chatWithProvider", "One answer of that provider", body, answer),
            },
            "/api/chat/{provider}/stream": {
                "parameters": [_PROVIDER],
                "post": _operation(
                    "streamWithProvider", "That provider's answer as it grows", body, stream, note=_STREAM
                ),
            },
            **beside.paths(),
            **compatible.paths(),
            **exchanges_openapi.paths(),
            "/api/health": {"get": _health()},
        },
        "components": {
            "schemas": {
                **schemas,
                **exchanges_openapi.schemas(),
                **beside.schemas(),
                "ChatAnswer": _ANSWER,
                "StreamLine": _LINE,
                "StreamEvent": _EVENT,
            }
        },
    }


def _operation(
    name: str, summary: str, body: dict[str, Any], content: dict[str, Any], *, note: str | None = None
) -> dict[str, Any]:
    failure = {"description": "What went wrong", "content": {"application/json": {"schema": _ERROR}}}
    return {
        "tags": ["Chat"],
        "operationId": name,
        "summary": summary,
        **({"description": note} if note else {}),
        "security": [{"credential": []}],
        "parameters": [compatible.DROP_PARAMETER, compatible.KEY_PARAMETER, compatible.FALLBACK_PARAMETER],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body, "example": _EXAMPLE}}},
        "responses": {"200": {"description": "The answer", "content": content}, "4XX": failure, "5XX": failure},
    }


def _health() -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"const": "ok"}, "providers": {"type": "array", "items": _FARE}},
    }
    return {
        "tags": ["Health"],
        "operationId": "health",
        "summary": "Whether this door answers",
        "description": "With a credential also how each of the caller's providers fares: its breaker, the mean time until the first word, and the attempts of the last two minutes.",
        "responses": {"200": {"description": "It does", "content": {"application/json": {"schema": schema}}}},
    }


_FARE = {
    "type": "object",
    "required": ["provider", "breaker", "latencyMs", "answered", "failed"],
    "properties": {
        "provider": {"type": "string"},
        "breaker": {"enum": ["closed", "open", "half-open"]},
        "latencyMs": {"type": ["integer", "null"]},
        "answered": {"type": "integer"},
        "failed": {"type": "integer"},
    },
}
_EXAMPLE = {"provider": "openai", "messages": [{"role": "user", "content": "Say hello in one word."}]}
_COUNT = {"type": ["integer", "null"]}
_USAGE = {
    "type": "object",
    "description": "Tokens in OpenAI's sense; null = not reported.",
    "properties": {
        **dict.fromkeys(
            ("inputTokens", "outputTokens", "totalTokens", "cachedTokens", "cacheWriteTokens", "reasoningTokens"),
            _COUNT,
        ),
        "estimated": {"type": "boolean"},
    },
}
_COST = {
    "type": ["string", "null"],
    "description": "US dollars as a decimal; null = nobody can tell, and the receipt says why.",
}
_RECEIPT = {
    "type": "object",
    "description": "Whose key paid, provider, model, attempts, and where the price comes from.",
}
_ANSWER = {
    "type": "object",
    "required": ["id", "object", "created", "model", "provider", "choices", "usage", "cost", "receipt"],
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "chat.completion"},
        "created": {"type": "integer"},
        "model": {"type": "string"},
        "provider": {"type": "string"},
        "choices": {"type": "array", "items": {"type": "object"}, "description": "In OpenAI's form."},
        "usage": _USAGE,
        "cost": _COST,
        "receipt": _RECEIPT,
        "conversation": {
            "type": "object",
            "description": "Where a conversation was asked for: `kept` tells whether this turn lies in it now, `leftOut` how many kept messages had no room in the context.",
            "properties": {
                "id": {"type": "string"},
                "kept": {"type": "boolean"},
                "leftOut": {"type": "integer"},
            },
        },
    },
}
_LINE = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {
            "enum": [
                "start",
                "chunk",
                "reasoning",
                "refusal",
                "tool_call",
                "media",
                "annotation",
                "done",
                "error",
                "summary",
            ]
        }
    },
}
_EVENT = {
    "type": "object",
    "description": "A server-sent event. Its `data` is the same JSON object that is a line of NDJSON.",
    "required": ["data"],
    "properties": {
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/StreamLine"},
        }
    },
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "code", "statusCode", "details", "requestId"],
            "properties": {
                "message": {"type": "string"},
                "code": {"type": "string"},
                "statusCode": {"type": "integer"},
                "details": {"type": "object"},
                "requestId": {"type": "string"},
            },
        }
    },
}
