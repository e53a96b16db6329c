"""A home with one caller and one stored key, and the chat door over it as Lambda has it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from functions.local import create_app
from shared.services import Services
from shared.settings import read_settings
from tests.fakes.aws_lambda.environment import Function
from tests.fakes.aws_lambda.front import Front, front_door
from tests.fakes.http_server import HttpServer

KEY = "sk-house-Wq8Zr5Ty2Ui7Op4As9Df1Gh6Jk"
CALLER = {"email": "alice@example.com", "password": "a long pass phrase"}


def variables(home: Path, origin: str) -> dict[str, str]:
    """The settings of a door over this home, with `host:port` in OpenAI's place."""
    return {
        "REALMULTILLM_HOME": str(home),
        "REALMULTILLM_EGRESS_ALLOW": origin,
        "REALMULTILLM_PROVIDER_URLS": json.dumps({"openai": f"http://{origin}/v1"}),
    }


async def furnished(home: Path, origin: str) -> dict[str, str]:
    """Sign up, and store a key of OpenAI's, through the other doors; the header to call with. The home is free again."""
    services = Services(read_settings(variables(home, origin)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(services)), base_url="http://house") as doors:
        session = (await doors.post("/api/auth/signup", json=CALLER)).json()
        headers = {"authorization": f"Bearer {session['token']}"}
        body = {"provider": "openai", "apiKey": KEY, "test": False}
        stored = await doors.post("/api/provider-configs", json=body, headers=headers)
        assert stored.status_code < 300, stored.text
    await services.close()
    return headers


@asynccontextmanager
async def chats(
    home: Path, provider: HttpServer, *, seconds: float = 900.0, **front: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, Front]]:
    """A client of the chat door's URL, signed in, and what is behind it."""
    headers = await furnished(home, provider.origin)
    function = Function(environment=variables(home, provider.origin), seconds=seconds)
    async with (
        front_door(function, **front) as door,
        httpx.AsyncClient(base_url=door.url, headers=headers, timeout=30) as client,
    ):
        yield client, door
