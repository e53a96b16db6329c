"""`/openapi.json` is the inventory: a route that is not in it does not exist. `/docs` is Swagger UI from our own disk, nothing from elsewhere."""

from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import fastapi_offline
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from functions.reference.merge import merge
from shared.web.edge import Edge
from shared.web.handlers import HANDLERS

_ASSETS = Path(fastapi_offline.__file__).parent / "static"
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>RealMultiLLM API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null
});
"""


def create_app(documents: Callable[[], list[dict[str, Any]]]) -> Starlette:
    """The reference of the doors whose documents those are; they are asked when somebody looks."""

    @cache
    def document() -> dict[str, Any]:
        return merge(documents(), title="RealMultiLLM", version=_version())

    async def openapi(_: Request) -> Response:
        return JSONResponse(document())

    app = Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/docs"), methods=["GET"]),
            Route("/openapi.json", openapi, methods=["GET"]),
            Route("/docs", _page, methods=["GET"]),
            Route("/docs/start.js", _start, methods=["GET"]),
            Mount("/docs/assets", StaticFiles(directory=_ASSETS)),
        ],
        middleware=[Middleware(Edge)],
        exception_handlers=dict(HANDLERS),
    )
    app.router.redirect_slashes = False
    return app


def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE, headers={"content-security-policy": _POLICY})


def _start(_: Request) -> Response:
    return Response(_START, media_type="text/javascript")


def _version() -> str:
    try:
        return version("realmultillm")
    except PackageNotFoundError:
        return "0.1.0"
