"""Starlette's exceptions, and ours, in our own form. For `Starlette(exception_handlers=HANDLERS)`; FastAPI's are in `fastapi`."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import CallerError, InvalidRequest, MethodNotAllowed, NotFound, RealMultiLLMError
from shared.web.edge import request_id
from shared.web.errors import answer_error
from shared.web.forms import family_of

type Handler = Callable[[Request, Exception], Awaitable[Response]]


def error_response(request: Request, error: RealMultiLLMError) -> Response:
    """The answer to an error, as a response of Starlette."""
    answer = answer_error(error, request_id(request.scope), family_of(request.url.path, request.scope["headers"]))
    response = Response(answer.body, status_code=answer.status)
    response.raw_headers[:0] = answer.headers
    return response


async def answer_ours(request: Request, error: Exception) -> Response:
    """For RealMultiLLMError."""
    if not isinstance(error, RealMultiLLMError):
        raise error
    return error_response(request, error)


async def answer_http(request: Request, error: Exception) -> Response:
    """For HTTPException: no such route, no such method, and what FastAPI makes of an error while it reads the body."""
    if not isinstance(error, HTTPException):
        raise error
    response = error_response(request, _ours(error))
    response.headers.update(error.headers or {})
    return response


def _ours(error: HTTPException) -> RealMultiLLMError:
    if isinstance(error.__cause__, RealMultiLLMError):
        return error.__cause__
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NotFound("There is no such route. The OpenAPI document lists all.")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return MethodNotAllowed("This route does not take that method. `Allow` lists those it takes.")
        case HTTPStatus.BAD_REQUEST:
            return InvalidRequest("The body could not be read. Send JSON.")
        case status:
            answer = CallerError(HTTPStatus(status).phrase)
            answer.status = int(status)
            return answer


HANDLERS: Mapping[type[Exception], Handler] = {RealMultiLLMError: answer_ours, HTTPException: answer_http}
