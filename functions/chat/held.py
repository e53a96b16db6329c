"""What OpenAI's servers hold and we do not: stored responses. Asked for one, we say so, in words that its SDK raises as NotFoundError."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from shared.errors import NothingHeld
from shared.services import Services
from shared.web.authentication import authenticate

_ONE = "/v1/responses/{id}"


def routes(services: Services) -> list[BaseRoute]:
    """Every route of theirs that names a stored response."""

    async def tell(request: Request) -> Response:
        await authenticate(services, request.scope)
        raise NothingHeld("No response is stored here: keep the one that you got, and send its items again.")

    return [
        Route(_ONE, tell, methods=["GET", "DELETE"]),
        Route(f"{_ONE}/cancel", tell, methods=["POST"]),
        Route(f"{_ONE}/input_items", tell, methods=["GET"]),
    ]
