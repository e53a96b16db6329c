"""The chat door as Lambda starts it: through its exec wrapper, asked with every sample event of events/chat."""

import asyncio
import json
import os
import subprocess
import sys
from itertools import batched
from pathlib import Path

import psutil
import pytest

from shared.services import Services
from shared.settings import read_settings
from shared.storage.ledger import list_rows
from tests.fakes.aws_lambda.environment import Environment, Function, running, start
from tests.fakes.aws_lambda.house import CALLER, furnished, variables
from tests.fakes.aws_lambda.invocation import FunctionFailed
from tests.fakes.aws_lambda.replayed import replayed, streaming
from tests.fakes.aws_lambda.samples import event
from tests.fakes.gateway import ROOT
from tests.fakes.http_server import Visit, answer, http_server

EXPECTED = {
    "cold-start": 401,
    "base64-body": 401,
    "completion": 400,
    "function-url": 401,
    "health": 200,
    "health-rest-api": 200,
    "history": 401,
    "history-rest-api": 401,
    "http-api": 401,
    "malformed": 400,
    "malformed-body": 400,
    "no-such-route": 404,
    "rest-api": 401,
    "scheduled": 400,
}
"""Nothing that Lambda may bring is an error of the function's."""
FRESH = 100
"""Processes, all of them there before the first is asked; on a machine with little memory, in as many crowds as it takes."""
EACH = 100 * 2**20
"""Bytes of memory that are kept free for one."""
AT_ONCE = 8 * (os.cpu_count() or 1)
"""First requests that are carried at a time. All of them would wait for this machine's processor, and with it whoever holds the lock of its one file."""
INIT = 1.5
"""Seconds of a processor's time, which is what an init phase has to itself on Lambda."""
CHAT = json.dumps({"provider": "openai", "model": "m", "messages": [{"role": "user", "content": "hello"}]}).encode()


async def test_every_sample_event_is_answered_by_one_process(tmp_path: Path) -> None:
    assert await replayed("chat", streaming(tmp_path)) == EXPECTED


@pytest.mark.slow
async def test_fresh_processes_that_start_at_once_all_answer(tmp_path: Path) -> None:
    """Fault 31, a cold-start storm: a hundred share a home, none fails, and they wait for nothing but the processor."""
    inits: list[float] = []
    answers: list[bytes] = []
    async with http_server(says_hello) as server:
        headers = [*(await furnished(tmp_path, server.origin)).items(), ("content-type", "application/json")]
        asked = event(method="POST", target="/api/llm/chat", body=CHAT, headers=headers)
        function = streaming(tmp_path, **variables(tmp_path, server.origin))
        turns = asyncio.Semaphore(AT_ONCE)
        for crowd in batched(range(FRESH), max(1, psutil.virtual_memory().available // EACH), strict=False):
            environments = await asyncio.gather(*(start(function) for _ in crowd))
            try:
                await asyncio.gather(*(environment.init() for environment in environments))
                inits += [sum(psutil.Process(each.process.pid).cpu_times()[:2]) for each in environments]
                answers += await asyncio.gather(*(answered(environment, asked, turns) for environment in environments))
            finally:
                await asyncio.gather(*(environment.close() for environment in environments))
    services = Services(read_settings(variables(tmp_path, server.origin)))
    owner = (await services.accounts.sign_in(CALLER["email"], CALLER["password"])).user.id
    rows, _ = await list_rows(services.table, owner, limit=2 * FRESH)
    await services.close()

    assert [b'"Bonjour"' in answer for answer in answers] == [True] * FRESH, answers
    assert len(server.visits) == FRESH
    assert [(row.outcome, row.attempts) for row in rows] == [("done", 1)] * FRESH
    assert max(inits) < INIT


async def answered(environment: Environment, asked: bytes, turns: asyncio.Semaphore) -> bytes:
    async with turns:
        return await environment.invoke(asked).whole()


async def says_hello(visit: Visit) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Bonjour"}, "finish_reason": "stop"}
    await visit.say(answer(json.dumps({"choices": [choice]}).encode(), content_type="application/json"))


async def test_where_no_wrapper_runs_the_same_events_are_answered_whole(tmp_path: Path) -> None:
    function = Function(wrapper=None, environment={"REALMULTILLM_HOME": str(tmp_path)})

    assert await replayed("chat", function) == EXPECTED


async def test_a_wrong_setting_ends_the_init_phase_with_its_name(tmp_path: Path) -> None:
    environment = await start(streaming(tmp_path, REALMULTILLM_PORT="many"))
    with pytest.raises(FunctionFailed, match="SettingError: REALMULTILLM_PORT is a port number"):
        await environment.init()
    await environment.process.wait()
    await environment.close()

    assert environment.process.returncode == 1
    assert environment.api.heard == ["init/error"]
    assert all(json.loads(line)["level"] == "ERROR" for line in environment.printed.splitlines())


async def test_a_snapshot_is_taken_before_the_first_invocation(tmp_path: Path) -> None:
    function = Function(environment={"REALMULTILLM_HOME": str(tmp_path)}, snap_start=True)
    async with running(function) as environment:
        said = await environment.invoke(event()).whole()

    assert environment.api.heard[:3] == ["restore/next", "next", "response"]
    assert said.endswith(b'{"status":"ok"}')


async def test_without_the_runtime_api_the_process_ends(tmp_path: Path) -> None:
    async with running(streaming(tmp_path)) as environment:
        await environment.api.close()
        await asyncio.wait_for(environment.process.wait(), 10)

    assert environment.process.returncode == 1
    assert environment.printed.startswith(b"runtime: the Runtime API hung up")


@pytest.mark.parametrize("script", ["bootstrap", "run.sh"])
def test_what_lambda_executes_is_a_script_that_may_be_executed(script: str) -> None:
    path = ROOT / "functions" / "chat" / script

    assert path.stat().st_mode & 0o777 == 0o755
    assert path.read_bytes().startswith(b"#!/bin/sh\n")
    assert b"\r" not in path.read_bytes()
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0


def test_the_runtime_loads_nothing_that_the_door_does_not(tmp_path: Path) -> None:
    """The start is what a cold caller waits for: benchmarks/cold_start.py measures it."""
    script = "import sys, {0}; print(*sorted(sys.modules))"
    environment = {**os.environ, "REALMULTILLM_HOME": str(tmp_path)}

    def loaded(modules: str) -> set[str]:
        command = [sys.executable, "-c", script.format(modules)]
        return set(
            subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
            ).stdout.split()
        )

    more = loaded("functions.chat.main, shared.runtime.__main__") - loaded("functions.chat.main, shared.wire.http")

    assert {module.split(".")[0] for module in more} == {"gc", "shared"}
