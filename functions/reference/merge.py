"""Several doors' OpenAPI documents into one."""

from typing import Any


def merge(documents: list[dict[str, Any]], *, title: str, version: str) -> dict[str, Any]:
    """One document. Two doors that claim one path and method, or one name for two schemas, are a mistake of ours.

    Raises:
        ValueError: they do.
    """
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": "Bring your own keys: one API in front of all LLM providers.",
        },
        "paths": {},
        "components": {
            "schemas": {},
            "securitySchemes": {},
        },
    }
    for document in documents:
        for path, operations in document.get("paths", {}).items():
            _add(merged["paths"].setdefault(path, {}), operations, path)
        for kind, parts in document.get("components", {}).items():
            _add(merged["components"].setdefault(kind, {}), parts, kind)
    return merged


def _add(target: dict[str, Any], parts: dict[str, Any], where: str) -> None:
    for name, part in parts.items():
        if target.setdefault(name, part) != part:
            raise ValueError(f"two doors describe {where} {name} differently")
