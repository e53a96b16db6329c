"""The pages of docs/clients are true: the snippets of each, in their order, as one program in that client's environment."""

import asyncio
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fakes.gateway import ROOT
from tests.journeys.clients.programs import ENVIRONMENTS, HERE
from tests.journeys.clients.stage import Stage, stage

FOLDER = ROOT / "docs" / "clients"
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
HELD_BACK = {"instructor", "llm"}
STRUCTURED = {"instructor"}
GREETING = "Bonjour, 你好!"
type Printed = tuple[int, str]


def program(page: str) -> tuple[str, str]:
    """(language, code) of a page: what its fences say, but for what is installed."""
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    fences = re.findall(r"^```(python|js|bash)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (language,) = {language for language, _ in fences}
    return language, "\n".join(code for _, code in fences)


def command(page: str) -> list[str]:
    """How to run it; empty where something for it is not here."""
    language, code = program(page)
    if language == "js":
        there = shutil.which("node") is not None and (HERE / "node" / "node_modules").is_dir()
        return ["node", "--input-type=module", "-e", code] if there else []
    python = ENVIRONMENTS["held-back" if page in HELD_BACK else "newest"]
    if not python.is_file() or (page == "curl" and shutil.which("curl") is None):
        return []
    return [str(python), "-c", code] if language == "python" else ["bash", "-euc", code]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Printed]:
    """What each page's program printed."""
    return asyncio.run(_walked(tmp_path_factory.mktemp("pages")))


async def _walked(home: Path) -> dict[str, Printed]:
    turns = asyncio.Semaphore(2)
    async with stage() as on:
        pages = [page for page in PAGES if command(page)]
        for page in pages:
            (home / page).mkdir()
        return dict(
            zip(pages, await asyncio.gather(*[_run(turns, on, page, home / page) for page in pages]), strict=True)
        )


async def _run(turns: asyncio.Semaphore, on: Stage, page: str, home: Path) -> Printed:
    tools = str(ENVIRONMENTS["held-back"].parent)
    settings = {"REALMULTILLM_TOKEN": on.token, "LLM_USER_PATH": str(home), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    async with turns:
        process = await asyncio.create_subprocess_exec(
            *[part.replace("http://127.0.0.1:8000", on.gateway) for part in command(page)],
            cwd=HERE / "node" if program(page)[0] == "js" else home,
            env={"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), "PYTHONUTF8": "1", **settings},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.parametrize("page", PAGES)
def test_the_snippets_of_a_page(page: str, printed: Mapping[str, Printed]) -> None:
    if page not in printed:
        pytest.skip(f"the client of {page} is not installed: `make clients`")
    status, said = printed[page]

    assert status == 0, said
    if page in STRUCTURED:
        assert said.count("name='Ada' age=36") >= 2, said
        return
    spoken = said if page != "curl" else said + "".join(re.findall(r'"text_delta","text":"(.*?)"', said))
    assert spoken.count(GREETING) >= 2, said
    assert "Paris" in said


def test_every_page_is_listed_and_has_an_answer_a_stream_and_a_tool() -> None:
    listed = re.findall(r"\]\(([\w-]+)\.md\) \|", (FOLDER / "README.md").read_text(encoding="utf-8"))

    assert sorted(listed) == PAGES
    for page in PAGES:
        headings = re.findall(r"^## (.*)$", (FOLDER / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE)
        assert len(headings) == 3
        assert headings[:2] == ["One answer", "A stream"]
