"""The harness must tell: it runs on a small corpus of its own making, with one expectation made wrong."""

import asyncio
import json
import sys
from pathlib import Path

from tests.fakes.gateway import ROOT

PROVIDER = "huggingface"


async def test_a_wrong_expectation_is_a_mismatch_and_a_failing_exit(shared_material: Path, tmp_path: Path) -> None:
    traffic = shared_material / "provider-traffic"
    recorded, expected = (
        [json.loads(line) for line in (traffic / f"{PROVIDER}{end}").read_text("utf-8").splitlines()]
        for end in (".jsonl", ".expected.jsonl")
    )
    chosen = [line["id"] for line in expected if line["api"] == "chat" and line["text"]][:2]
    told = [{**line, "text": "never said"} if line["id"] == chosen[0] else line for line in expected]
    for name, lines in ((f"{PROVIDER}.jsonl", recorded), (f"{PROVIDER}.expected.jsonl", told)):
        kept = [line for line in lines if line["id"] in chosen]
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in kept), "utf-8")

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.conformance",
        "--corpus",
        str(tmp_path),
        "--columns",
        "native",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said = (await process.communicate())[0].decode().splitlines()

    assert process.returncode == 1
    assert said[-1] == "1 of 2 exchanges as expected"
    assert [line for line in said if chosen[0] in line and "text" in line]


async def test_a_folder_without_recordings_is_a_clear_message(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.conformance", "--corpus", str(tmp_path), cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    said = (await process.communicate())[1].decode()

    assert process.returncode == 2
    assert "no recorded chats" in said
