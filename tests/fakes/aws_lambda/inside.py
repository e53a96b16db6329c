"""Our runtime in the test's own process, with an app of the test's, asked through the fake Runtime API."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.runtime.api import RuntimeApi
from shared.runtime.asgi import App
from shared.runtime.serve import serve
from tests.fakes.aws_lambda.runtime_api import RuntimeApi as FakeRuntimeApi


@asynccontextmanager
async def served(app: App, *, at_once: int | None = None) -> AsyncIterator[FakeRuntimeApi]:
    """Until the context is left."""
    async with runtime_api() as api:
        serving = asyncio.create_task(serve(app, RuntimeApi(f"127.0.0.1:{api.port}"), at_once=at_once))
        await asyncio.wait((api.ready, serving), return_when=asyncio.FIRST_COMPLETED)
        try:
            yield api
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            os.environ.pop("_X_AMZN_TRACE_ID", None)


@asynccontextmanager
async def runtime_api() -> AsyncIterator[FakeRuntimeApi]:
    """The fake alone."""
    api = FakeRuntimeApi()
    await api.open()
    try:
        yield api
    finally:
        await api.close()
