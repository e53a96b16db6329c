"""The CDK's own command line, as an operator uses it."""

import asyncio
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.deployed.emulator import ACCOUNT, REGION, Emulator
from tests.fakes.gateway import ROOT

CDK = ROOT / "infra" / "node_modules" / ".bin" / "cdk"


class CommandLine:
    """`cdk` against one emulator, with this context; what it prints goes into `folder`."""

    def __init__(self, emulator: Emulator, folder: Path, context: Mapping[str, str]) -> None:
        self._emulator = emulator
        self._folder = folder
        here = {"architecture": "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64", **context}
        self._context = [word for name, value in here.items() for word in ("--context", f"{name}={value}")]

    async def bootstrap(self) -> None:
        """What every account and region needs once. Outside of the project's folder the CDK synthesises nothing for it."""
        await self._run("bootstrap", f"aws://{ACCOUNT}/{REGION}", cwd=self._folder)

    async def deploy(self) -> dict[str, str]:
        """The stack's outputs."""
        said = self._folder / "outputs.json"
        words = ("--require-approval", "never", "--outputs-file", str(said))
        await self._run("deploy", *words, "--output", str(self._folder / "cdk.out"), *self._context)
        outputs: dict[str, Any] = json.loads(said.read_text("utf-8"))
        (stack,) = outputs.values()
        return dict(stack)

    async def destroy(self) -> None:
        """Take it all away again."""
        await self._run("destroy", "--force", "--app", str(self._folder / "cdk.out"))

    async def _run(self, command: str, *words: str, cwd: Path = ROOT) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **self._emulator.environment,
            "CI": "true",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        }
        process = await asyncio.create_subprocess_exec(
            *(str(CDK), command, *words),
            cwd=cwd,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        (self._folder / f"{command}.log").write_bytes(printed)
        if process.returncode:
            raise RuntimeError(f"cdk {command} failed:\n{printed.decode(errors='replace')[-4000:]}")
