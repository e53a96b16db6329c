"""Which pages may call from a browser. Threat H10."""

from collections.abc import Mapping

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared.web.browsers import for_browsers

PAGE = "http://localhost:3000"
ASKS = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,x-stainless-lang"}


async def _answer(_request: Request) -> Response:
    return PlainTextResponse("hi", headers={"x-request-id": "1"})


INNER = Starlette(routes=[Route("/", _answer, methods=["POST"])])


async def visit(
    method: str, origin: str, more: Mapping[str, str] | None = None, *, allowed: frozenset[str] = frozenset({PAGE})
) -> httpx.Response:
    transport = httpx.ASGITransport(for_browsers(INNER, allowed))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.request(method, "/", headers={"origin": origin, **(more or {})})


async def test_a_listed_page_may_call_with_any_header_and_read_all() -> None:
    asked, called = await visit("OPTIONS", PAGE, ASKS), await visit("POST", PAGE)

    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, PAGE)
    assert asked.headers["access-control-allow-headers"] == ASKS["access-control-request-headers"]
    assert called.headers["access-control-allow-origin"] == PAGE
    assert called.headers["access-control-expose-headers"] == "*"


async def test_nothing_that_a_browser_adds_itself_is_taken() -> None:
    for answer in (await visit("OPTIONS", PAGE, ASKS), await visit("POST", PAGE)):
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["http://localhost:3001", "https://localhost:3000", "http://localhost:3000.evil.example", "null"]
)
async def test_another_page_may_not(origin: str) -> None:
    for answer in (await visit("OPTIONS", origin, ASKS), await visit("POST", origin)):
        assert "access-control-allow-origin" not in answer.headers


async def test_without_a_list_no_page_may() -> None:
    answer = await visit("POST", PAGE, allowed=frozenset())

    assert not [name for name in answer.headers if name.startswith("access-control")]
