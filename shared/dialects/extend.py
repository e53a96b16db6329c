"""Fields of the caller's dialect that the common tongue does not know, put into the body of a provider that is kin."""

from collections.abc import Mapping
from typing import Any


def extend(body: dict[str, Any], extensions: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the extensions, which win. Where both hold an object, its fields are joined."""
    joined = {
        name: {**body[name], **value}
        for name, value in extensions.items()
        if isinstance(value, Mapping) and isinstance(body.get(name), dict)
    }
    return {**body, **extensions, **joined}
