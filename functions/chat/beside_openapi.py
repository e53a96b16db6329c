"""What the OpenAPI document says of the native routes that stand beside the chats: comparing, stopping, counting."""

from typing import Any, Final

import msgspec

from functions.chat.compatible import KEY_PARAMETER
from shared.dialects.native.bodies import ChatBody, ComparisonBody

type Json = dict[str, Any]

_ERROR: Final[Json] = {"$ref": "#/components/schemas/ErrorBody"}
_HELLO: Final[Json] = {"role": "user", "content": "Say hello in one word."}
_LINES: Final = (
    "Lines as a stream has them, each with the index of its `target`; `done` and `error` also tell `firstTokenMs` and `durationMs`. "
    "What fails at one target is that target's `error`. The last line is the `summary`."
)
_COUNT: Final[Json] = {"type": ["integer", "null"]}
_DOLLARS: Final[Json] = {"type": ["string", "null"], "description": "US dollars as a decimal; null = nobody can tell."}
_SUMMARY: Final[Json] = {
    "type": "object",
    "required": ["targets", "succeeded", "failed", "fastest", "cheapest", "cost", "durationMs"],
    "properties": {
        "targets": {"type": "integer"},
        "succeeded": {"type": "integer"},
        "failed": {"type": "integer"},
        "fastest": {**_COUNT, "description": "The target that said its first word first."},
        "cheapest": {**_COUNT, "description": "The target whose answer cost least."},
        "cost": {**_DOLLARS, "description": "Of all together; null where one is unknown."},
        "durationMs": {"type": "integer"},
    },
}
_COMPARISON: Final[Json] = {
    "type": "object",
    "required": ["id", "object", "created", "targets", "summary"],
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "chat.comparison"},
        "created": {"type": "integer"},
        "targets": {
            "type": "array",
            "description": "For each target its answer, or its `error`; with `firstTokenMs` and `durationMs`.",
            "items": {"type": "object", "required": ["target", "id", "firstTokenMs", "durationMs"]},
        },
        "summary": _SUMMARY,
    },
}
_FORECAST: Final[Json] = {
    "type": "object",
    "required": [
        "provider",
        "model",
        "inputTokens",
        "estimated",
        "maxOutputTokens",
        "contextWindow",
        "fits",
        "cost",
    ],
    "properties": {
        "provider": {"type": "string"},
        "model": {"type": "string"},
        "inputTokens": _COUNT,
        "estimated": {"type": "boolean", "description": "Guessed from the length: the provider does not count."},
        "maxOutputTokens": {**_COUNT, "description": "`maxTokens`, else the most that the model can say."},
        "contextWindow": _COUNT,
        "fits": {"type": ["boolean", "null"]},
        "cost": {
            "type": "object",
            "properties": {
                "min": {**_DOLLARS, "description": "With no answer at all."},
                "max": {**_DOLLARS, "description": "With the longest answer."},
                "reason": {"type": ["string", "null"], "description": "Why one of them is null."},
            },
        },
        "conversation": {
            "type": "object",
            "description": "Where the request goes on with one.",
            "properties": {"id": {"type": "string"}, "leftOut": {"type": "integer"}},
        },
    },
}
_CANCELLED: Final[Json] = {
    "type": "object",
    "required": ["id", "cancelled"],
    "properties": {"id": {"type": "string"}, "cancelled": {"const": True}},
}


def paths() -> Json:
    """They."""
    (chat, compared), _ = msgspec.json.schema_components(
        (ChatBody, ComparisonBody), ref_template="#/components/schemas/{name}"
    )
    comparison = {
        "application/x-ndjson": {"schema": {"$ref": "#/components/schemas/StreamLine"}},
        "text/event-stream": {"schema": {"$ref": "#/components/schemas/StreamEvent"}},
        "application/json": {"schema": _COMPARISON},
    }
    targets = [{"model": "openai/gpt-4o-mini"}, {"provider": "anthropic", "model": "claude-haiku-4-5"}]
    return {
        "/api/chat/compare": {
            "post": {
                **_operation("compareAnswers", "The same messages to several targets at once", comparison),
                "description": _LINES,
                "parameters": [KEY_PARAMETER],
                "requestBody": _body(compared, {"messages": [_HELLO], "targets": targets}),
            }
        },
        "/api/tokens/count": {
            "post": {
                **_operation(
                    "countTokens", "How many tokens a chat would use, and what it would cost", _json(_FORECAST)
                ),
                "parameters": [KEY_PARAMETER],
                "requestBody": _body(chat, {"model": "openai/gpt-4o-mini", "messages": [_HELLO]}),
            }
        },
        "/api/requests/{id}/cancel": {
            "parameters": [
                {
                    "name": "id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                    "description": "The `start` line's `id`, or the header `x-realmultillm-request-id`.",
                }
            ],
            "post": {
                **_operation("cancelRequest", "Stop an answer that grows, upstream too", _json(_CANCELLED)),
                "description": "Its stream ends with an error whose code is `cancelled`. What is over is a 409; what never was or is another's a 404.",
            },
        },
    }


def schemas() -> Json:
    """The records that those name."""
    return msgspec.json.schema_components((ComparisonBody,), ref_template="#/components/schemas/{name}")[1]


def _operation(name: str, summary: str, content: Json) -> Json:
    failure = {"description": "What went wrong", "content": {"application/json": {"schema": _ERROR}}}
    return {
        "tags": ["Chat"],
        "operationId": name,
        "summary": summary,
        "security": [{"credential": []}],
        "responses": {"200": {"description": "The answer", "content": content}, "4XX": failure, "5XX": failure},
    }


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _body(schema: Json, example: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}
