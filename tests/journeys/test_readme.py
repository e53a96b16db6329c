"""The front page is true: its first chat, command for command, in a shell."""

import asyncio
import os
import re
from pathlib import Path

from tests.fakes.gateway import ROOT, lines, running_gateway
from tests.fakes.provider import GOOD_KEY, WORDS, fake_provider


def first_chat() -> str:
    """The commands below that heading."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"## The first chat\n\n```console\n(.*?)```", page, re.DOTALL)
    assert found
    return found[1]


async def test_the_first_chat_of_the_readme(tmp_path: Path) -> None:
    async with fake_provider() as provider:
        urls = f'{{"openai": "{provider.url("/v1")}"}}'
        async with running_gateway(tmp_path, EGRESS_ALLOW=provider.origin, PROVIDER_URLS=urls) as gateway:
            shell = await asyncio.create_subprocess_exec(
                "bash", "-euc", first_chat().replace("http://127.0.0.1:8000", gateway.url),
                env={**os.environ, "OPENAI_API_KEY": GOOD_KEY},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            printed, _ = await shell.communicate()

    assert shell.returncode == 0, printed.decode()
    stored, told = printed.decode().split('{"type":"start"')
    spoken = lines('{"type":"start"' + told)
    assert '"keyStatus":"valid"' in stored
    assert "".join(line["content"] for line in spoken if line["type"] == "chunk") == "".join(WORDS)
    assert spoken[-1]["type"] == "done"
