"""JSON schemas as structured outputs of Claude take them: objects are closed, and bounds of values are told to the model in words.

https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations (2026-11); Anthropic's SDKs do the same to
the schemas of their callers' types.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.errors import UnsupportedParameter
from shared.wire.json import write

type Schema = dict[str, Any]

_FORMATS: Final = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_BOUNDS: Final = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
)
_OF_SCHEMAS: Final = ("anyOf", "allOf", "oneOf", "prefixItems")
_NAMED: Final = ("properties", "$defs", "definitions")


def closed(schema: Mapping[str, Any], family: str) -> Schema:
    """The same schema, closed. Raises UnsupportedParameter where it wants an object to be open: `family` makes none of those."""
    made = {name: _within(name, value, family) for name, value in schema.items()}
    if made.get("type") == "object" or "properties" in made:
        if made.get("additionalProperties") not in (None, False):
            raise UnsupportedParameter(
                f"{family} answers after schemas without open objects alone: say `additionalProperties: false` and name the properties",
                parameter="options.responseFormat",
            )
        made["additionalProperties"] = False
    return _in_words(made)


def _within(name: str, value: Any, family: str) -> Any:
    match value:
        case dict() if name in _NAMED:
            return {key: closed(inner, family) if isinstance(inner, dict) else inner for key, inner in value.items()}
        case list() if name in _OF_SCHEMAS:
            return [closed(inner, family) if isinstance(inner, dict) else inner for inner in value]
        case dict() if name == "items":
            return closed(value, family)
        case _:
            return value


def _in_words(schema: Schema) -> Schema:
    """Bounds move into the description, where the model reads them."""
    said: Schema = {name: schema[name] for name in _BOUNDS if name in schema}
    if schema.get("minItems", 0) not in (0, 1):
        said["minItems"] = schema["minItems"]
    if "format" in schema and schema["format"] not in _FORMATS:
        said["format"] = schema["format"]
    if not said:
        return schema
    words = ", ".join(f"{name}: {write(value).decode()}" for name, value in said.items())
    told = "\n\n".join(filter(None, (schema.get("description"), f"{{{words}}}")))
    return {**{name: value for name, value in schema.items() if name not in said}, "description": told}
