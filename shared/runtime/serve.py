"""Invocations, one after another, each handed to the app: event → ASGI → stream."""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Final

from shared.observability import logger
from shared.runtime.answers import refusal
from shared.runtime.api import Invocation, RuntimeApi
from shared.runtime.asgi import App, Message
from shared.runtime.ending import ends
from shared.runtime.events import Malformed, NotHttp, Request, read_event
from shared.runtime.line import RuntimeApiGone
from shared.runtime.reply import Reply

_ACCEPTED: Final = 202
_BAD_REQUEST: Final = 400
WAITS: Final = (0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts to get an invocation, where others may still be answered meanwhile: as AWS's own client has it (awslambdaric 4.2)."""


async def serve(app: App, api: RuntimeApi, *, at_once: int | None = None, waits: Sequence[float] = WAITS) -> None:
    """Until the Runtime API goes away. `at_once`: how many invocations the platform may bring at a time, where it grants several.

    Raises:
        RuntimeApiGone: it did.
    """
    if at_once is None:
        while True:
            invocation = await api.next()
            _trace(invocation)
            await handle(app, invocation)
    serving = [asyncio.ensure_future(_keep_serving(app, api, waits)) for _ in range(at_once)]
    try:
        await asyncio.gather(*serving)
    finally:
        for one in serving:
            one.cancel()


async def _keep_serving(app: App, api: RuntimeApi, waits: Sequence[float]) -> None:
    """One of several."""
    while True:
        invocation = await _next(api, waits)
        try:
            await handle(app, invocation)
        except RuntimeApiGone:
            logger().warning("answer not taken")


async def _next(api: RuntimeApi, waits: Sequence[float]) -> Invocation:
    for wait in waits:
        try:
            return await api.next()
        except RuntimeApiGone:
            await asyncio.sleep(wait)
    return await api.next()


async def handle(app: App, invocation: Invocation) -> None:
    """One invocation, from its event to what Lambda says of our answer.

    Raises:
        RuntimeApiGone: it says nothing.
    """
    try:
        status = await _handle(app, invocation)
    finally:
        invocation.line.close()
    if status != _ACCEPTED:
        logger().warning("answer not taken", extra={"status": status})


async def _handle(app: App, invocation: Invocation) -> int:
    try:
        request = read_event(invocation.event)
    except NotHttp as error:
        logger().warning("event refused")
        return await invocation.respond(refusal(_BAD_REQUEST, f"This function answers HTTP requests alone. {error}"))
    except Malformed as error:
        logger().warning("event refused")
        return await _refuse(invocation, str(error))
    return await _ask(app, invocation, request)


async def _ask(app: App, invocation: Invocation, request: Request) -> int:
    reply, scope = Reply(invocation), request.scope
    scope["state"] = {"deadline": ends(invocation.deadline - time.time()) if invocation.deadline else None}
    waiting: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await asyncio.shield(invocation.line.unheard)
        return {"type": "http.disconnect"}

    try:
        await app(scope, receive, reply)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():  # we are to stop; else the app let one of its own slip out
            raise
        return await reply.fail(error)
    except Exception as error:  # noqa: BLE001 - the app's own, whatever it is, logged with its traceback: the next invocation may be luckier
        logger().exception("invocation failed")
        return await reply.fail(error)
    return await reply.finish()


async def _refuse(invocation: Invocation, message: str) -> int:
    """A refusal that an HTTP caller reads, so it is streamed like all that goes to one."""
    answer, reply = refusal(_BAD_REQUEST, message), Reply(invocation)
    headers = [(b"content-type", b"application/json")]
    await reply({"type": "http.response.start", "status": _BAD_REQUEST, "headers": headers})
    await reply({"type": "http.response.body", "body": answer["body"].encode()})
    return await reply.finish()


def _trace(invocation: Invocation) -> None:
    """Where AWS's clients put it, and the logger looks for it. Only where invocations come one at a time."""
    if invocation.trace is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    else:
        os.environ["_X_AMZN_TRACE_ID"] = invocation.trace
