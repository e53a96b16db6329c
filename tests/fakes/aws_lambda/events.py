"""A caller's request as the front doors of AWS hand it to a function."""

import base64
import json
import time
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.fakes.aws_lambda.wire import Request

HOST = "abcdefghij.lambda-url.eu-central-1.on.aws"
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect"})
_TEXT = ("text/", "application/json", "application/xml", "application/javascript", "application/x-ndjson")


def function_url(request: Request, body: bytes, address: str) -> bytes:
    """Payload 2.0: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads (2026-11)."""
    path, _, query = request.target.partition("?")
    headers = _headers(request, address)
    cookies = headers.pop("cookie", "")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        **({"cookies": cookies.split("; ")} if cookies else {}),
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdefghij",
            "domainName": HOST,
            "domainPrefix": "abcdefghij",
            "http": {
                "method": request.method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": address,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": "9e4d5c2a-1f1b-4a52-9d0a-0d2f3c4b5a69",
            "routeKey": "$default",
            "stage": "$default",
            "time": "21/Nov/2026:05:00:00 +0000",
            "timeEpoch": int(time.time() * 1000),
        },
        **_body(request, body),
    }
    return json.dumps(event).encode()


def rest_api(request: Request, body: bytes, address: str) -> bytes:
    """Payload 1.0: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html (2026-11)."""
    path, _, query = request.target.partition("?")
    repeated: dict[str, list[str]] = {}
    for name, value in [*request.lines, ("x-forwarded-for", address)]:
        if name not in _HOP_BY_HOP:
            repeated.setdefault(name, []).append(value)
    parameters = parse_qs(query, keep_blank_values=True)
    event: dict[str, Any] = {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in repeated.items()},
        "multiValueHeaders": repeated,
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": {"proxy": path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "httpMethod": request.method,
            "identity": {"sourceIp": address, "userAgent": request.headers.get("user-agent")},
            "path": f"/prod{path}",
            "protocol": "HTTP/1.1",
            "resourcePath": "/{proxy+}",
            "responseTransferMode": "STREAM",
            "stage": "prod",
        },
        "body": None,
        **_body(request, body),
    }
    return json.dumps(event).encode()


def _headers(request: Request, address: str) -> dict[str, str]:
    """What a caller says of forwarding stays, with AWS's word behind it."""
    headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
    said = headers.get("x-forwarded-for")
    return {
        **headers,
        "host": HOST,
        "x-amzn-trace-id": "Root=1-6750c0de-0123456789abcdef01234567",
        "x-forwarded-for": f"{said}, {address}" if said else address,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }


def _body(request: Request, body: bytes) -> dict[str, Any]:
    if not body:
        return {"isBase64Encoded": False}
    if request.headers.get("content-type", "").startswith(_TEXT):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # as AWS does with what is no text after all
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
