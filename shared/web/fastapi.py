"""What every FastAPI door shares: our errors, the edge, strict JSON, and who calls."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from shared.errors import Forbidden, InvalidRequest, LimitReached
from shared.identity.caller import Caller
from shared.services import Services
from shared.web.authentication import authenticate
from shared.web.edge import Edge
from shared.web.handlers import HANDLERS, Handler, answer_ours, error_response
from shared.web.schemas import ErrorBody
from shared.wire.json import read_strict

LONGEST_NAME = 100
"""Characters of a field's name that an error repeats."""

MOST_ERRORS = 20
"""Wrong fields that are named: a body of nothing but wrong ones is not answered at ten times its length (threat H5)."""

_CREDENTIAL = HTTPBearer(
    scheme_name="credential", auto_error=False, description="A session (JWT) or an access token (`sk-rml-…`)."
)
_SESSION = HTTPBearer(scheme_name="session", auto_error=False, description="A session (JWT): somebody signed in.")
"""For the OpenAPI document alone: `authenticate` reads the headers itself. What is deployed in front of the doors reads them there too."""

_ERRORS: Mapping[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "What the caller can mend"},
    "5XX": {"model": ErrorBody, "description": "What the caller cannot mend"},
}

type Ask = Callable[..., Awaitable[Caller]]


def new_door(services: Services, *, title: str) -> FastAPI:
    """An app without routes. It serves no documentation of its own: one merged document is the inventory (threat H11)."""
    app = FastAPI(
        title=title, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, responses=dict(_ERRORS)
    )
    install(app, services)
    return app


def install(app: FastAPI, services: Services) -> None:
    """Our errors, the edge and strict JSON, before the first route is added."""
    app.router.route_class = StrictRoute
    app.add_middleware(Edge, now=services.now)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(LimitReached, _telling(services))


def _telling(services: Services) -> Handler:
    """What a door refuses by itself (wrong passwords, keys that are tried) is told to the log; the gateway tells of what it refuses."""

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, LimitReached) and "policy" in error.details:
            services.refusals.tell(error.details["policy"], error.details["scope"])
        return await answer_ours(request, error)

    return answer


def caller(services: Services) -> Ask:
    """A dependency: whoever calls, person or program. `Annotated[Caller, Depends(caller(services))]`."""
    return _verified(services, _CREDENTIAL)


def _verified(services: Services, described: HTTPBearer) -> Ask:
    shown = Depends(described)

    async def ask(request: Request, _shown: Any = shown) -> Caller:
        return await authenticate(services, request.scope)

    return ask


def person(services: Services) -> Ask:
    """A dependency: somebody signed in, not an access token, so that a token cannot make another that may more (threat I4)."""
    known = Depends(_verified(services, _SESSION))

    async def ask(who: Caller = known) -> Caller:
        if who.session_id is None:
            raise Forbidden("This route needs a session, not an access token. Sign in.")
        return who

    return ask


def admin(services: Services) -> Ask:
    """A dependency: an admin who is signed in."""
    known = Depends(person(services))

    async def ask(who: Caller = known) -> Caller:
        if who.role != "admin":
            raise Forbidden("This route is for admins.")
        return who

    return ask


def refuse_unknown(request: Request) -> None:
    """A dependency, after whoever calls is known: a query parameter that the route does not take is refused by name, for else a misspelt filter is none.

    Raises:
        InvalidRequest: there is one.
    """
    route: APIRoute = request.scope["route"]
    known = list(_query_names(route.dependant))
    for name in request.query_params:
        if name not in known:
            raise InvalidRequest(
                f"`{name[:LONGEST_NAME]}` is no query parameter of this route. It takes {', '.join(known)}.",
                parameter=name[:LONGEST_NAME],
            )


def _query_names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for needed in dependant.dependencies:
        yield from _query_names(needed)


class StrictRoute(APIRoute):
    """Reads JSON as the chat door does: no duplicates, no NaN, no depth bombs (threats H5 and H6). Its docstring is what the document says."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        said, _, more = (endpoint.__doc__ or "").strip().partition(". ")
        options["summary"] = options.get("summary") or said.rstrip(".")
        options["description"] = options.get("description") or more.strip()
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a request that reads strictly."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        return read_strict(await self.body())


async def _answer_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    if [each["loc"] for each in error.errors()] == [("body",)]:
        return error_response(request, _no_body(request.scope["route"]))
    return error_response(request, explain(error.errors()))


def _no_body(route: APIRoute) -> InvalidRequest:
    """No object at all: what it needs is named all the same."""
    kind = route.body_field.field_info.annotation if route.body_field else None
    fields = getattr(kind, "model_fields", {})
    needed = [field.alias or name for name, field in fields.items() if field.is_required()]
    wanted = f" with {', '.join(f'`{name}`' for name in needed)}" if needed else ""
    return InvalidRequest(
        f"Send the body as a JSON object{wanted}, with content-type application/json.",
        parameter=needed[0] if needed else None,
    )


def explain(errors: Sequence[Any]) -> InvalidRequest:
    """What pydantic found, in our form: the fields by the names that the caller used, and never what they held."""
    found = [{"field": _path(error["loc"]), "message": _message(error["msg"])} for error in errors[:MOST_ERRORS]]
    first = found[0]
    return InvalidRequest(
        f"`{first['field']}`: {first['message']}"
        if first["field"]
        else "Send the body as a JSON object, with content-type application/json.",
        parameter=first["field"] or None,
        details={"errors": found},
    )


def _message(text: str) -> str:
    """In our own words where a validator of ours spoke: pydantic puts the kind of its exception before them."""
    return text.removeprefix("Value error, ")


def _path(location: Iterable[str | int]) -> str:
    """`("body", "messages", 0, "role")` as `messages[0].role`."""
    path = ""
    for part in list(location)[1:]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")[:LONGEST_NAME]
