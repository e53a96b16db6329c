"""What the OpenAPI document says of the routes of /v1 that are no chats. Bodies are described by the very records that validate them."""

from typing import Any, Final

import msgspec

from functions.chat.compatible import ANTHROPIC_ERROR, OPENAI_ERROR, RESPONSE, operation
from functions.chat.models import MOST, USUAL
from shared.dialects.exchanges.embeddings import EmbeddingsBody
from shared.dialects.exchanges.images import ImagesBody
from shared.dialects.exchanges.moderations import ModerationsBody

type Json = dict[str, Any]

_BODIES: Final = (EmbeddingsBody, ImagesBody, ModerationsBody)
_MODEL: Final[Json] = {
    "type": "object",
    "required": ["id", "object", "created", "owned_by"],
    "properties": {
        "id": {"type": "string", "description": "`provider/model`, as it is asked."},
        "object": {"const": "model"},
        "created": {"type": "integer", "description": "Unix seconds; 0 where the provider does not tell."},
        "owned_by": {"type": "string"},
    },
}
_MODELS: Final[Json] = {
    "type": "object",
    "required": ["object", "data"],
    "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": _MODEL}},
}
_THEIR_MODEL: Final[Json] = {
    "type": "object",
    "required": ["type", "id", "display_name", "created_at"],
    "properties": {
        "type": {"const": "model"},
        "id": {"type": "string", "description": "`provider/model`, as it is asked."},
        "display_name": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
        "max_input_tokens": {"type": "integer"},
        "max_tokens": {"type": "integer"},
    },
}
_THEIR_MODELS: Final[Json] = {
    "type": "object",
    "required": ["data", "has_more", "first_id", "last_id"],
    "properties": {
        "data": {"type": "array", "items": _THEIR_MODEL},
        "has_more": {"type": "boolean"},
        "first_id": {"type": ["string", "null"]},
        "last_id": {"type": ["string", "null"]},
    },
}
_COUNT: Final[Json] = {
    "type": "object",
    "required": ["input_tokens"],
    "properties": {
        "input_tokens": {"type": "integer"},
        "estimated": {"const": True, "description": "Nobody counted: it is a guess from the length."},
    },
}
_COUNTED: Final[Json] = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        "model": {"type": "string", "minLength": 1},
        "messages": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["role"]}},
    },
}
_VERSION: Final[Json] = {
    "name": "anthropic-version",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Anthropic's SDK sends it, and is answered in Anthropic's form.",
}
_PAGE: Final[list[Json]] = [
    {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
        "description": "In Anthropic's form; in OpenAI's there are no pages.",
    },
    {"name": "after_id", "in": "query", "required": False, "schema": {"type": "string"}},
    {"name": "before_id", "in": "query", "required": False, "schema": {"type": "string"}},
]


def paths() -> Json:
    """They, as OpenAPI has them."""
    embeddings, images, moderations = msgspec.json.schema_components(
        _BODIES, ref_template="#/components/schemas/{name}"
    )[0]
    return {
        "/v1/embeddings": {
            "post": operation(
                "createEmbedding",
                "OpenAI's embeddings, with any provider that has some",
                embeddings,
                example={"model": "openai/text-embedding-3-small", "input": "Hello"},
                page="https://platform.openai.com/docs/api-reference/embeddings/create",
            )
        },
        "/v1/images/generations": {
            "post": operation(
                "createImage",
                "OpenAI's pictures, with any provider that paints",
                images,
                example={"model": "openai/gpt-image-1", "prompt": "A red square"},
                page="https://platform.openai.com/docs/api-reference/images/create",
            )
        },
        "/v1/moderations": {
            "post": operation(
                "createModeration",
                "OpenAI's moderations, with any provider that judges",
                moderations,
                example={"model": "openai/omni-moderation-latest", "input": "Hello"},
                page="https://platform.openai.com/docs/api-reference/moderations/create",
            )
        },
        "/v1/messages/count_tokens": {"post": _counting()},
        "/v1/responses/input_tokens": {
            "post": operation(
                "countResponseTokens",
                "How many tokens a response's input would take, with any provider",
                RESPONSE,
                example={"model": "openai/gpt-5-mini", "input": "Hello"},
                page="https://platform.openai.com/docs/api-reference/responses/input-tokens",
            )
        },
        **_held(),
        "/v1/models": {"get": _listing("listModels", "The models that you may use", _MODELS, _THEIR_MODELS, _PAGE)},
        "/v1/models/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": _listing("retrieveModel", "One model that you may use", _MODEL, _THEIR_MODEL, []),
        },
    }


def schemas() -> Json:
    """The records that those name."""
    return msgspec.json.schema_components(_BODIES, ref_template="#/components/schemas/{name}")[1]


def _held() -> Json:
    """Routes that exist to say that nothing is stored."""
    id_ = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    failure = {"description": "Nothing is stored here", "content": {"application/json": {"schema": OPENAI_ERROR}}}
    asked = [("get", ""), ("delete", ""), ("post", "/cancel"), ("get", "/input_items")]
    found: Json = {}
    for method, end in asked:
        found.setdefault(f"/v1/responses/{{id}}{end}", {"parameters": id_})[method] = {
            "tags": ["OpenAI API"],
            "operationId": f"{method}StoredResponse{end.title().replace('/', '').replace('_', '')}",
            "summary": "No response is stored here, and this says so",
            "security": [{"credential": []}],
            "responses": {"4XX": failure, "5XX": failure},
        }
    return found


def _counting() -> Json:
    counting = operation(
        "countMessageTokens",
        "How many tokens a message would take, with any provider",
        _COUNTED,
        example={"model": "anthropic/claude-haiku-4-5", "messages": [{"role": "user", "content": "Hello"}]},
        page="https://platform.claude.com/docs/en/api/messages-count-tokens",
        error=ANTHROPIC_ERROR,
        tag="Anthropic API",
    )
    counting["responses"]["200"]["content"] = {"application/json": {"schema": _COUNT}}
    return counting


def _listing(name: str, summary: str, ours: Json, theirs: Json, parameters: list[Json]) -> Json:
    answer = {"application/json": {"schema": {"anyOf": [ours, theirs]}}}
    error = {"application/json": {"schema": {"anyOf": [OPENAI_ERROR, ANTHROPIC_ERROR]}}}
    failure = {"description": "What went wrong", "content": error}
    return {
        "tags": ["OpenAI API"],
        "operationId": name,
        "summary": summary,
        "externalDocs": {"url": "https://platform.openai.com/docs/api-reference/models"},
        "security": [{"credential": []}],
        "parameters": [_VERSION, *parameters],
        "responses": {"200": {"description": "They", "content": answer}, "4XX": failure, "5XX": failure},
    }
