"""What a proxy costs that does nothing: Starlette over aiohttp, no identity, no keys, no parsing. Prints its port.

python -m benchmarks.bare_proxy http://127.0.0.1:<provider's port>
"""

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route


@asynccontextmanager
async def _life(app: Starlette) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as app.state.session:
        yield


async def _chat(request: Request) -> Response:
    body = await request.body()
    headers = {"content-type": "application/json", "authorization": request.headers.get("authorization", "")}
    answer = await request.app.state.session.post(sys.argv[1] + request.url.path, data=body, headers=headers)
    content_type = answer.headers["content-type"]
    if "event-stream" not in content_type:
        async with answer:
            return Response(await answer.read(), answer.status, media_type=content_type)
    return StreamingResponse(_pieces(answer), answer.status, media_type=content_type)


async def _pieces(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with answer:
        async for piece in answer.content.iter_any():
            yield piece


def _main() -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)  # noqa: T201 - whoever started it reads this
    app = Starlette(routes=[Route("/v1/chat/completions", _chat, methods=["POST"])], lifespan=_life)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    _main()
