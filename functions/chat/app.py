"""The chat door: plain Starlette, for it has to be awake in a moment. Three APIs, each in its callers' own words, over one gateway."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from functions.chat import exchanges, held
from functions.chat.cancel import Cancel
from functions.chat.compare import Compare
from functions.chat.count import Count
from functions.chat.door import Door, NativeDoor
from functions.chat.health import Health
from functions.chat.history import door as history
from shared.dialects.native import SSE
from shared.services import Services
from shared.web.edge import Edge
from shared.web.handlers import HANDLERS


def create_app(services: Services) -> Starlette:
    """The door. Importing it costs nothing but itself; nothing is opened before the first request."""
    plain = NativeDoor(services)
    app = Starlette(
        routes=[
            Route("/api/chat/compare", Compare(services), methods=["POST"]),
            Route("/api/requests/{id}/cancel", Cancel(services), methods=["POST"]),
            Route("/api/tokens/count", Count(services), methods=["POST"]),
            Route("/api/llm/chat", plain, methods=["POST"]),
            Route("/api/llm/stream", NativeDoor(services, stream=True), methods=["POST"]),
            *history.routes(services),
            Route("/api/chat/{provider}", plain, methods=["POST"]),
            Route("/api/chat/{provider}/stream", NativeDoor(services, stream=True, usual=SSE), methods=["POST"]),
            Route("/v1/chat/completions", Door(services, "openai"), methods=["POST"]),
            Route("/v1/messages", Door(services, "anthropic"), methods=["POST"]),
            Route("/v1/responses", Door(services, "responses"), methods=["POST"]),
            *exchanges.routes(services),
            *held.routes(services),
            Route("/api/health", Health(services), methods=["GET"]),
        ],
        middleware=[Middleware(Edge, now=services.now)],
        exception_handlers=dict(HANDLERS),
    )
    app.router.redirect_slashes = False  # it would send the caller, body and all, to whatever the Host header says
    return app
