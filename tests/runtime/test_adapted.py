"""Behind AWS Lambda Web Adapter: its word on the deadline is heard, a caller's is not."""

import asyncio
import json
import time
from typing import Any

import pytest

from shared.runtime.adapted import Adapted
from shared.runtime.asgi import Message, Receive, Scope, Send


async def asked(*headers: tuple[bytes, bytes], kind: str = "http") -> Scope:
    """The scope that the app gets."""
    found: list[Scope] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        found.append(scope)

    async def nothing(*_: Any) -> Message:
        return {}

    await Adapted(app)({"type": kind, "headers": list(headers)}, nothing, nothing)  # type: ignore[arg-type]  # one does for both
    return found[0]


def context(**fields: Any) -> tuple[bytes, bytes]:
    return b"x-amzn-lambda-context", json.dumps({"request_id": "1", "env_config": {}, **fields}).encode()


async def test_the_deadline_is_what_the_adapter_says() -> None:
    """Trap 70."""
    scope = await asked(context(deadline=int(time.time() * 1000) + 60_000))

    assert scope["state"]["deadline"] - asyncio.get_running_loop().time() == pytest.approx(55, abs=1)


@pytest.mark.parametrize("headers", [[], [context()], [(b"x-amzn-lambda-context", b"no")], [context(deadline="soon")]])
async def test_without_its_word_there_is_none(headers: list[tuple[bytes, bytes]]) -> None:
    """A readiness check has none."""
    assert (await asked(*headers))["state"]["deadline"] is None


async def test_nothing_of_what_front_doors_say_reaches_the_app() -> None:
    """Threat H1."""
    scope = await asked(
        (b"x-amz-tenant-id", b"other"), (b"x-forwarded-for", b"1.1.1.1"), (b"accept", b"*/*"), context()
    )

    assert scope["headers"] == [(b"accept", b"*/*")]


async def test_the_life_of_the_server_is_none_of_its_business() -> None:
    assert "state" not in await asked(kind="lifespan")
