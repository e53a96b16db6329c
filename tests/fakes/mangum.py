"""Plays a lambda event to a door as Mangum does, on an event loop that is closed again."""

import asyncio
from typing import Any, cast

from fastapi import FastAPI
from mangum import Mangum
from mangum.types import LambdaContext


def replay(app: FastAPI, event: dict[str, Any]) -> dict[str, Any]:
    """What the door answers. Not for coroutines: it runs its own loop."""
    with asyncio.Runner() as runner:
        runner.get_loop()
        answer: dict[str, Any] = Mangum(app, lifespan="off")(event, cast("LambdaContext", None))
    return answer
