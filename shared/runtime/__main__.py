"""Lambda's runtime for an ASGI app: `python -m shared.runtime functions.chat.main:app`, where Lambda says how to reach it."""

import asyncio
import gc
import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

from shared.observability import logger
from shared.runtime.answers import describe
from shared.runtime.api import RuntimeApi
from shared.runtime.asgi import App
from shared.runtime.line import RuntimeApiGone
from shared.runtime.serve import serve
from shared.runtime.snapshot import SnapshotFailed, restore

FAILED = 1


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Serve until Lambda ends us; 1 when it cannot be served."""
    if len(arguments) != 2 or "AWS_LAMBDA_RUNTIME_API" not in environment:  # noqa: PLR2004 - the program and its one argument
        print("usage, on Lambda: python -m shared.runtime module:app", file=sys.stderr)  # noqa: T201 - what a person reads
        return FAILED
    gc.disable()  # what is loaded stays: looking for garbage in it costs a tenth of the start
    try:
        with asyncio.Runner() as runner:
            return runner.run(_live(arguments[1], environment))
    except (RuntimeApiGone, SnapshotFailed) as error:
        print(f"runtime: {error}", file=sys.stderr)  # noqa: T201 - Lambda puts it into the function's log
        return FAILED


async def _live(name: str, environment: Mapping[str, str]) -> int:
    api = RuntimeApi(environment["AWS_LAMBDA_RUNTIME_API"])
    try:
        module, app = _load(name)
        at_once = environment.get("AWS_LAMBDA_MAX_CONCURRENCY")
        several = int(at_once) if at_once else None
    except Exception as error:  # noqa: BLE001 - whatever it is, Lambda is told; the log has the traceback, masked
        logger().exception("the app cannot be loaded")
        await api.report("init", describe(error))
        return FAILED
    if environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        await restore(api, module)
    gc.freeze()
    gc.enable()
    await serve(app, api, at_once=several)
    return 0


def _load(name: str) -> tuple[Any, App]:
    """The module, and the app in it."""
    module_name, _, attribute = name.partition(":")
    module = importlib.import_module(module_name)
    return module, getattr(module, attribute)


if __name__ == "__main__":
    sys.exit(main(sys.argv, os.environ))
