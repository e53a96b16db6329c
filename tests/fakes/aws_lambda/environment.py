"""One execution environment: a process with the variables that Lambda sets, and the Runtime API that it asks."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.aws_lambda.invocation import FunctionFailed, Invocation
from tests.fakes.aws_lambda.runtime_api import RuntimeApi
from tests.fakes.gateway import ROOT

BOOTSTRAP = "functions/chat/bootstrap"
CHAT = "functions.chat.main.handler"


@dataclass(frozen=True, slots=True)
class Function:
    """How a function is deployed. `task`: what is unpacked at /var/task."""

    handler: str = CHAT
    wrapper: str | None = BOOTSTRAP
    """Of the zip, as AWS_LAMBDA_EXEC_WRAPPER names it; without one AWS's own Python client runs."""
    environment: Mapping[str, str] = field(default_factory=dict)
    task: Path = ROOT
    seconds: float = 900.0
    snap_start: bool = False
    at_once: int | None = None
    """Invocations at a time in one environment: Managed Instances."""
    command: Sequence[str] | None = None
    """In place of what Lambda's Python image starts."""
    python: str = sys.executable
    packages: str = ""
    """Where the interpreter's image has packages of its own."""

    def starts(self) -> list[str]:
        if self.command is not None:
            return list(self.command)
        if self.wrapper is None:
            return [self.python, "-m", "awslambdaric", self.handler]
        return [str(self.task / self.wrapper), self.python, "/var/runtime/bootstrap.py"]

    def variables(self, port: int) -> dict[str, str]:
        """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime (2026-11)."""
        several = {"AWS_LAMBDA_MAX_CONCURRENCY": str(self.at_once)} if self.at_once else {}
        return {
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_NAME": "chat",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if self.snap_start else "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/chat",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/21/[$LATEST]0123456789abcdef0123456789abcdef",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "AWS_REGION": "eu-central-1",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "LAMBDA_TASK_ROOT": str(self.task),
            "LANG": "en_US.UTF-8",
            "PATH": f"{Path(self.python).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{self.task}:{self.packages}" if self.wrapper is None else self.packages,
            "TZ": ":UTC",
            "_HANDLER": self.handler,
            **several,
            **self.environment,
        }


class Environment:
    """A running one."""

    def __init__(self, function: Function, api: RuntimeApi, process: asyncio.subprocess.Process) -> None:
        self.function = function
        self.api = api
        self.process = process
        self.printed = bytearray()
        self.began = time.perf_counter()
        self.running = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self._watched: set[asyncio.Task[None]] = set()
        self._watching = asyncio.create_task(self._watch())

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None

    @property
    def has_room(self) -> bool:
        return self.is_alive and not self.api.broke_off and self.running < (self.function.at_once or 1)

    async def init(self) -> None:
        """Wait until it is ready. Raises FunctionFailed."""
        await asyncio.shield(self.api.ready)

    def invoke(self, event: bytes) -> Invocation:
        """Lambda ends the process when the function's time is over."""
        invocation = Invocation(event, seconds=self.function.seconds)
        self.running += 1
        self.idle.clear()
        self.api.invoke(invocation)
        ending = asyncio.get_running_loop().call_later(self.function.seconds, self._time_out, invocation)
        over = asyncio.create_task(self._over(invocation, ending))
        self._watched.add(over)
        over.add_done_callback(self._watched.discard)
        return invocation

    async def _over(self, invocation: Invocation, ending: asyncio.TimerHandle) -> None:
        await invocation.over.wait()
        ending.cancel()
        self.running -= 1
        if not self.running:
            self.idle.set()

    def _time_out(self, invocation: Invocation) -> None:
        if not invocation.over.is_set():
            self.kill()

    def kill(self) -> None:
        """It and all that it started, as Lambda ends an environment."""
        if self.is_alive:
            os.killpg(self.process.pid, signal.SIGKILL)

    async def _watch(self) -> None:
        assert self.process.stdout is not None
        while piece := await self.process.stdout.read(65536):
            self.printed += piece
        await self.process.wait()
        await self.api.fail_all(FunctionFailed("Runtime.ExitError", f"exit status {self.process.returncode}"))

    async def close(self) -> None:
        self.kill()
        await self._watching
        if not self.api.ready.cancelled() and self.api.ready.done():
            self.api.ready.exception()  # heard, whoever asked or not
        await self.api.close()


async def start(function: Function) -> Environment:
    """Begin the init phase; `init` waits for its end."""
    api = RuntimeApi()
    await api.open()
    if function.snap_start:
        api.restoring.set()
    process = await asyncio.create_subprocess_exec(
        *function.starts(),
        cwd=function.task,
        env=function.variables(api.port),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    return Environment(function, api, process)


@asynccontextmanager
async def running(function: Function) -> AsyncIterator[Environment]:
    """An environment whose init phase is over. Raises FunctionFailed."""
    environment = await start(function)
    try:
        await environment.init()
        yield environment
    finally:
        await environment.close()
