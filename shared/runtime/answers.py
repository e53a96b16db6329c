"""How an answer looks towards Lambda, pure: the prelude of a stream, its chunks, its trailers; and an answer as one JSON object.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming and
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html (2026-11); AWS's Node.js client has the trailers.
"""

import base64
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

type HeaderList = Iterable[tuple[bytes, bytes]]

HTTP_STREAM: Final = "application/vnd.awslambda.http-integration-response"
"""The content type of a stream that begins with a prelude."""
DELIMITER: Final = b"\0" * 8
LAST_CHUNK: Final = b"0\r\n\r\n"
ERROR_TYPE: Final = "Lambda-Runtime-Function-Error-Type"
ERROR_BODY: Final = "Lambda-Runtime-Function-Error-Body"

_NOT_OURS: Final = frozenset(
    {b"connection", b"content-length", b"keep-alive", b"trailer", b"transfer-encoding", b"upgrade"}
)
"""How the bytes travel is between Lambda and the caller: said nevertheless, it comes out as `x-amzn-remapped-…`."""
_LONGEST: Final = 500
"""Characters of an error's message: trailers are headers, and headers are short."""


def prelude(status: int, headers: HeaderList) -> bytes:
    """What comes before the first byte of the body."""
    cookies, joined = list[str](), dict[str, str]()
    for name, value in _said(headers):
        if name == "set-cookie":
            cookies.append(value)
        else:
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
    head: dict[str, Any] = {"statusCode": status, "headers": joined}
    return msgspec.json.encode({**head, "cookies": cookies} if cookies else head) + DELIMITER


def chunk(data: bytes) -> bytes:
    """A piece of an HTTP/1.1 body without a length; there is no empty one, for that is the end."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def broken_off(error: Mapping[str, Any]) -> bytes:
    """The end of a stream that failed: whoever reads it sees a cut, not an ending."""
    body = base64.b64encode(msgspec.json.encode(error)).decode()
    return f"0\r\n{ERROR_TYPE}: {error['errorType']}\r\n{ERROR_BODY}: {body}\r\n\r\n".encode()


def describe(error: BaseException) -> dict[str, Any]:
    """An error as Lambda wants it, without a traceback: that is in our log, masked; Lambda would show it to whoever invoked."""
    from shared.observability import mask  # noqa: PLC0415 - nothing has failed yet when this is loaded

    return {"errorType": type(error).__name__, "errorMessage": mask(str(error))[:_LONGEST], "stackTrace": []}


def whole(version: str, status: int, headers: HeaderList, body: bytes) -> dict[str, Any]:
    """The answer to a payload of that version as one object, for front doors that do not stream."""
    head: dict[str, Any] = {"statusCode": status}
    if version == "1.0":
        repeated: dict[str, list[str]] = {}
        for name, value in _said(headers):
            repeated.setdefault(name, []).append(value)
        head["multiValueHeaders"] = repeated
    else:
        head |= msgspec.json.decode(prelude(status, headers).removesuffix(DELIMITER))
    try:
        return {**head, "body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {**head, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def refusal(status: int, message: str) -> dict[str, Any]:
    """The answer to an event that no app was asked about."""
    error = {"message": message, "code": "invalid_request", "statusCode": status, "details": {}, "requestId": ""}
    body = msgspec.json.encode({"error": error})
    return whole("2.0", status, [(b"content-type", b"application/json")], body)


def _said(headers: HeaderList) -> Iterable[tuple[str, str]]:
    for name, value in headers:
        if name.lower() not in _NOT_OURS:
            yield name.decode("latin-1").lower(), value.decode("latin-1")
