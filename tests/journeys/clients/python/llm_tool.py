"""`llm`, the command-line tool, and its Python API."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import llm
from llm.default_plugins.openai_models import AsyncChat, Chat
from pydantic import BaseModel

from tests.fakes.upstreams.files import PDF, PNG
from tests.journeys.clients.python.checks import AWKWARD, GREETING, At, Checks, has, raised, same

check = Checks()


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"{city} 18°"


def model(at: At, **more: Any) -> Chat:
    found = Chat(
        "ours",
        model_name=at.model(),
        api_base=at.openai_url,
        vision=True,
        supports_tools=True,
        supports_schema=True,
        **more,
    )
    found.key = at.key
    return found


def command(at: At, *arguments: str) -> str:
    """What the tool prints, as one installs it: a model of our own in its extra-openai-models.yaml."""
    with tempfile.TemporaryDirectory() as folder:
        ours = {"model_id": "ours", "model_name": at.model(), "api_base": at.openai_url, "api_key_name": "ours"}
        able = {"supports_tools": True, "supports_schema": True, "vision": True}
        (Path(folder) / "extra-openai-models.yaml").write_text(json.dumps([{**ours, **able}]))
        (Path(folder) / "keys.json").write_text(json.dumps({"ours": at.key}))
        said = subprocess.run(
            [sys.executable, "-m", "llm", *arguments], env={**os.environ, "LLM_USER_PATH": folder},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        return said.stdout


@check
def the_command(at: At) -> None:
    same(command(at, "-m", "ours", "--no-stream", "-s", "Be brief.", "scene:system").strip(), "system: Be brief.")


@check
def prompts(at: At) -> None:
    said = model(at).prompt("Hello", stream=False)
    same(said.text(), GREETING)
    usage = said.usage()
    same((usage.input, usage.output), (20, 8))


@check
def streams(at: At) -> None:
    pieces = list(model(at).prompt("Hello"))
    same("".join(pieces), GREETING)
    assert len(pieces) > 1


@check
def awkward_characters(at: At) -> None:
    """Trap 79."""
    same(model(at).prompt("scene:unicode").text(), AWKWARD)


@check
def a_schema(at: At) -> None:
    same(json.loads(model(at).prompt("Who?", schema=Person).text()), {"name": "Ada", "age": 36})


@check
def a_chain_of_tools(at: At) -> None:
    for stream in (True, False):
        said = model(at).chain("scene:parallel", tools=[get_weather], stream=stream).text()
        has(said, 'get_weather({"city":"Rome"})=Rome 18°')


@check
def attachments(at: At) -> None:
    said = model(at).prompt("scene:look", attachments=[llm.Attachment(type="image/png", content=PNG)]).text()
    same(said, f"I see image/png {len(PNG)} bytes")


@check
def papers(at: At) -> None:
    said = model(at).prompt("scene:look", attachments=[llm.Attachment(type="application/pdf", content=PDF)]).text()
    same(said, f"I see application/pdf {len(PDF)} bytes")


@check
def a_conversation(at: At) -> None:
    talk = model(at).conversation()
    same((talk.prompt("Hello").text(), talk.prompt("And?").text()), (GREETING, GREETING))


@check
def options(at: At) -> None:
    said = json.loads(model(at).prompt("scene:echo", max_tokens=321, temperature=0.5).text())
    same((said["max_tokens"], said["temperature"]), (321, 0.5))


@check
async def prompts_async(at: At) -> None:
    found = AsyncChat("ours", model_name=at.model(), api_base=at.openai_url)
    found.key = at.key
    same(await found.prompt("Hello").text(), GREETING)


@check
def failures(at: At) -> None:
    error = raised(Exception, lambda: model(at).prompt("scene:error-400").text())
    has(error, "reasons of the upstream")


if __name__ == "__main__":
    check.run()
