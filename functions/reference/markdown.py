"""The OpenAPI document as a page of Markdown: `python -m functions.reference.markdown > docs/api.md`."""

from collections.abc import Iterator
from typing import Any

HEAD = """# API

Made from the OpenAPI document by `python -m functions.reference.markdown`; a test keeps it current. The interactive form is at `/docs` of every
embedded home. JSON in and out; amounts of money are decimal strings in US dollars. Every route but those marked *open* needs a session or an
access token, in `Authorization: Bearer`, or in `x-api-key`; two different ones in one request are a 401.

An error is `{"error": {"message", "code", "statusCode", "details", "requestId"}}`; `details.parameter` names the field.
Under `/v1` an error is as OpenAI's clients read it, `{"error": {"message", "type", "param", "code"}}`, under `/v1/messages` as Anthropic's do,
`{"type": "error", "error": {"type", "message"}}`. [Clients](clients/README.md) has a page for each of them, [what crosses](crossing.md) what each provider can do.

With an `Idempotency-Key` a request that providers answer is [answered once](limits.md#asked-twice-answered-once).
"""
METHODS = ("get", "post", "put", "patch", "delete")


def page(document: dict[str, Any]) -> str:
    """The whole page."""
    return "\n".join([HEAD, *_index(document), *_operations(document), *_records(document)]).rstrip() + "\n"


def _operations(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield from _operation(f"{method.upper()} {path}", methods[method])


def _index(document: dict[str, Any]) -> Iterator[str]:
    yield "| Route | Does |"
    yield "| --- | --- |"
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield f"| `{method.upper()} {path}` | {_summary(methods[method])} |"
    yield ""


def _summary(operation: dict[str, Any]) -> str:
    opened = "" if operation.get("security") else "*open*. "
    return opened + str(operation.get("summary", ""))


def _operation(title: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## `{title}`"
    yield ""
    yield _summary(operation) + (f"\n\n{operation['description']}" if operation.get("description") else "")
    yield ""
    if form := operation.get("externalDocs", {}).get("url"):
        yield f"In the form of <{form}>"
        yield ""
    for parameter in operation.get("parameters", ()):
        if parameter.get("in") == "header":
            yield f"Header `{parameter['name']}`: {_type(parameter['schema'])}. {parameter.get('description', '')}"
            yield ""
    yield from _query([each for each in operation.get("parameters", ()) if each.get("in") == "query"])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        yield f"Body: {_type(body)}"
        yield ""
    for status, response in operation.get("responses", {}).items():
        for kind, content in response.get("content", {}).items():
            yield f"- `{status}` {kind}: {_type(content.get('schema', {}))}"
    yield ""


def _query(parameters: list[dict[str, Any]]) -> Iterator[str]:
    if not parameters:
        return
    yield "| Query | Type | |"
    yield "| --- | --- | --- |"
    for each in parameters:
        kind = _type(each["schema"]).removesuffix(" or null")  # nobody writes null in a URL
        yield f"| `{each['name']}`{'' if each.get('required') else '?'} | {kind} | {_said(each)} |"
    yield ""


def _said(parameter: dict[str, Any]) -> str:
    """Its description, and what it is where it is left out."""
    usual = parameter["schema"].get("default")
    told = parameter.get("description", "").replace("\n", " ")
    return told if usual is None else f"{told} Usual: `{usual}`.".strip()


def _records(document: dict[str, Any]) -> Iterator[str]:
    yield "# Records"
    yield ""
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"## {name}"
        yield ""
        if schema.get("description"):
            yield schema["description"]
            yield ""
        if schema.get("properties"):
            yield from _fields(schema)
            yield ""


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    required = set(schema.get("required", ()))
    yield "| Field | Type | |"
    yield "| --- | --- | --- |"
    for name, field in schema["properties"].items():
        note = field.get("description", "").replace("\n", " ")
        yield f"| `{name}`{'' if name in required else '?'} | {_type(field)} | {note} |"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[several]))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def main() -> None:
    """Print the page."""
    from pathlib import Path  # noqa: PLC0415 - for the command line alone

    from functions.local import documents  # noqa: PLC0415 - the same
    from functions.reference.merge import merge  # noqa: PLC0415 - the same
    from shared.services import Services  # noqa: PLC0415 - the same
    from shared.settings import Settings  # noqa: PLC0415 - the same

    print(page(merge(documents(Services(Settings(home=Path()))), title="", version="")), end="")  # noqa: T201 - its output


if __name__ == "__main__":
    main()
