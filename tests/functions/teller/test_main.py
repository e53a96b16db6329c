"""The teller as Lambda starts it: a process of its own, told names and ids alone, that opens the secret where it is needed. Threat I14."""

import asyncio
import os
import subprocess
import sys

from shared.gateway.guard.webhook import with_secret
from shared.records.policy import Webhook
from shared.secrets import ApiKey
from shared.services import Services
from shared.settings import read_settings
from shared.storage.alerts import add_alert, list_alerts
from shared.storage.policies import save_webhook
from tests.fakes.aws import Aws
from tests.fakes.gateway import ROOT
from tests.fakes.http_server import answer, http_server, saying

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
CALL = "from functions.teller.main import handler; print(handler({}, None))"


async def test_what_is_due_is_told_when_the_clock_calls(aws: Aws) -> None:
    async with http_server(saying(answer(b"ok"))) as server:
        told = {**aws.settings(), "REALMULTILLM_EGRESS_ALLOW": server.origin}
        services = Services(read_settings(told))
        webhook = await with_secret(services, Webhook(""), server.url("/hook"), ApiKey(SECRET))
        await save_webhook(services.table, webhook)
        await add_alert(services.table, "sudden_spend", "alice", now=services.now())
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CALL, cwd=ROOT, env={"PATH": os.environ["PATH"], **told},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        said, failed = await process.communicate()
        (alert,), _ = await list_alerts(services.table)
        await services.close()

    assert said.decode().strip() == "{'heard': 1}", failed.decode()
    assert len(server.visits) == 1
    assert alert.telling == "told"
    assert SECRET not in said.decode() + failed.decode() + repr(told)
