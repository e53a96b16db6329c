"""Lambda's HTTP events become ASGI requests, pure: payload 2.0 (function URL, HTTP API) and 1.0 (REST API, streaming or not).

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html (2026-11)
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

import msgspec

_AS_WRITTEN: Final = "%/:?#[]@!$&'()*+,;=-._~"
"""What stands in a path or a query as the caller wrote it; anything else no URL holds, so it is escaped."""
_UNTRUSTED: Final = ("x-amz", "x-forwarded-")
"""Names that AWS's front doors use beside callers who may write what they like: nothing of them passes (threat H1)."""
_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})
_HTTPS: Final = 443


class NotHttp(ValueError):
    """The event is no HTTP request: a test event, a schedule, another service. Nobody waits for an HTTP answer."""


class Malformed(ValueError):
    """An HTTP request that cannot be read, which no front door of AWS's makes."""


@dataclass(frozen=True, slots=True)
class Request:
    """What ASGI wants of a request: its scope, and the whole body, which Lambda always has."""

    scope: dict[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    version: str
    """Of the payload, `1.0` or `2.0`."""


class _Http(msgspec.Struct, rename="camel"):
    method: str
    source_ip: str | None = None


class _Identity(msgspec.Struct, rename="camel"):
    source_ip: str | None = None


class _Context(msgspec.Struct, rename="camel"):
    http: _Http | None = None
    identity: _Identity | None = None
    domain_name: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    """Both payloads at once: six megabytes are read once."""

    request_context: _Context
    raw_path: str | None = None
    raw_query_string: str = ""
    cookies: list[str] | None = None
    http_method: str | None = None
    path: str | None = None
    headers: dict[str, str] | None = None
    multi_value_headers: dict[str, list[str]] | None = None
    query_string_parameters: dict[str, str] | None = None
    multi_value_query_string_parameters: dict[str, list[str]] | None = None
    body: str | None = None
    is_base64_encoded: bool = False


_DECODER: Final = msgspec.json.Decoder(_Event)


def read_event(event: bytes) -> Request:
    """The request of an event as the Runtime API has it.

    Raises:
        NotHttp: the event is none.
        Malformed: it is one, and broken.
    """
    try:
        return _request(_DECODER.decode(event))
    except msgspec.MsgspecError as error:
        raise NotHttp(str(error)) from error


def read_object(event: object) -> Request:
    """The same, of an event that somebody has decoded. Raises NotHttp, Malformed."""
    try:
        return _request(msgspec.convert(event, _Event))
    except msgspec.MsgspecError as error:
        raise NotHttp(str(error)) from error


def _request(event: _Event) -> Request:
    context = event.request_context
    if context.http is not None and event.raw_path is not None:
        scope = _scope(context, context.http.method, event.raw_path, event.raw_query_string)
        scope["headers"] = list(_headers(_with_cookies(event)))
        scope["client"] = _client(context.http.source_ip)
        return Request(scope, _body(event), "2.0")
    if event.http_method is not None and event.path is not None:
        scope = _scope(context, event.http_method, event.path, _query(event))
        scope["headers"] = list(_headers(_repeated(event)))
        scope["client"] = _client(context.identity.source_ip if context.identity else None)
        return Request(scope, _body(event), "1.0")
    raise NotHttp("The event has neither `rawPath` and `requestContext.http`, nor `path` and `httpMethod`")


def _scope(context: _Context, method: str, path: str, query: str) -> dict[str, Any]:
    """https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope."""
    raw = quote(path, safe=_AS_WRITTEN)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method.upper(),
        "scheme": "https",
        "path": unquote(raw),
        "raw_path": raw.encode("ascii"),
        "query_string": quote(query, safe=_AS_WRITTEN).encode("ascii"),
        "root_path": "",
        "server": (context.domain_name or "lambda", _HTTPS),
    }


def _client(address: str | None) -> tuple[str, int] | None:
    """As AWS saw it, and never as a header says it (threat H1). The port is nobody's secret, but unknown."""
    return (address, 0) if address else None


def _with_cookies(event: _Event) -> Iterator[tuple[str, str]]:
    """Payload 2.0 keeps cookies apart, and joins other repeated headers by a comma."""
    yield from (event.headers or {}).items()
    if event.cookies:
        yield "cookie", "; ".join(event.cookies)


def _repeated(event: _Event) -> Iterator[tuple[str, str]]:
    """Payload 1.0 has every header twice: whole, and its last value alone."""
    if event.multi_value_headers is None:
        yield from (event.headers or {}).items()
        return
    for name, values in event.multi_value_headers.items():
        for value in values:
            yield name, value


def _headers(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers:
        lower = name.lower()
        if lower not in _HOP_BY_HOP and not is_untrusted(lower):
            yield _bytes(lower), _bytes(value)


def is_untrusted(name: str) -> bool:
    """A header, in lower case, that nobody here may believe."""
    return name.startswith(_UNTRUSTED)


def _bytes(text: str) -> bytes:
    """Bytes of a header, which AWS hands on one character each."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _query(event: _Event) -> str:
    """REST APIs hand on the decoded parameters alone, so they are written anew."""
    single: Mapping[str, str | list[str]] = event.query_string_parameters or {}
    return urlencode(event.multi_value_query_string_parameters or single, doseq=True)


def _body(event: _Event) -> bytes:
    if event.body is None:
        return b""
    if not event.is_base64_encoded:
        return event.body.encode()
    try:
        return base64.b64decode(event.body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("`isBase64Encoded` is true, and `body` is no base64") from error
