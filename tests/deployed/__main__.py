"""`make deploy-local`: the synthesised stack, by the CDK's own command line, onto an emulator of AWS on this machine; then a walk through all doors.

What it shows is that the stack deploys as it is, that every function starts from its zip, finds table, key and pool by what it is told, and that the doors
work together. What it cannot show: IAM (the emulator enforces no rights), streaming (it buffers; tests/runtime does that), and AWS itself.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.deployed.command_line import CDK, CommandLine
from tests.deployed.emulator import PYTHON, running_emulator, unwrapped
from tests.fakes.upstreams import OPENAI_KEY, upstreams

MISSING = 2
EMAIL = "operator@example.com"
PASSWORD = "a long pass phrase"
HELLO = {"provider": "openai", "model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello."}]}


@dataclass
class Walk:
    """Both addresses of the stack, and who walks."""

    api: httpx.AsyncClient
    chat: httpx.AsyncClient
    token: str = ""

    async def ask(self, client: httpx.AsyncClient, method: str, path: str, status: int, **body: Any) -> Any:
        """The answer's JSON. Raises AssertionError where the status is another."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        answer = unwrapped(await client.request(method, path, headers=headers, **body))
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None


async def health(walk: Walk) -> str:
    said = await walk.ask(walk.chat, "GET", "/api/health", 200)
    assert said == {"status": "ok"}, said
    return "the chat door starts from its zip"


async def stranger(walk: Walk) -> str:
    await walk.ask(walk.api, "GET", "/api/provider-configs", 401)
    await walk.ask(walk.chat, "POST", "/api/llm/chat", 401, json=HELLO)
    return "nobody without a credential is let in"


async def sign_up(walk: Walk) -> str:
    session = await walk.ask(walk.api, "POST", "/api/auth/signup", 201, json={"email": EMAIL, "password": PASSWORD})
    walk.token = session["token"]
    assert session["user"]["role"] == "admin", "the first account is the admin"
    return f"as {session['user']['role']}, by Cognito"


async def sign_in(walk: Walk) -> str:
    walk.token = ""
    session = await walk.ask(walk.api, "POST", "/api/auth/signin", 200, json={"email": EMAIL, "password": PASSWORD})
    walk.token = session["token"]
    who = await walk.ask(walk.api, "GET", "/api/auth/session", 200)
    assert EMAIL in json.dumps(who)
    return "the session is good at the doors"


async def store_key(walk: Walk) -> str:
    body = {"provider": "openai", "apiKey": OPENAI_KEY}
    stored = await walk.ask(walk.api, "POST", "/api/provider-configs", 201, json=body)
    assert stored["testResult"]["valid"] is True
    assert OPENAI_KEY not in json.dumps(stored)
    return "tried at the provider, sealed under KMS, kept in DynamoDB"


async def test_key(walk: Walk) -> str:
    tried = await walk.ask(walk.api, "POST", "/api/providers/openai/test", 200)
    assert tried["valid"] is True
    return "the stored key was opened by KMS, and tried"


async def models(walk: Walk) -> str:
    listed = await walk.ask(walk.api, "GET", "/api/models/openai", 200)
    assert listed["source"] == "provider"
    catalogue = await walk.ask(walk.api, "GET", "/api/providers", 200)
    return f"{len(listed['models'])} that the key may use; {len(catalogue['providers'])} providers in the catalogue"


async def chat(walk: Walk) -> str:
    answer = await walk.ask(walk.chat, "POST", "/api/llm/chat", 200, json=HELLO)
    assert answer.get("choices"), answer
    assert answer["receipt"]["key"] == "own", answer["receipt"]
    return f"{answer['model']} said {answer['choices'][0]['message']['content']!r}"


async def program(walk: Walk) -> str:
    made = await walk.ask(walk.api, "POST", "/api/tokens", 201, json={"name": "a program"})
    walk.token = made["token"]
    body = {"model": "openai/gpt-4o-mini", "messages": HELLO["messages"]}
    answer = await walk.ask(walk.chat, "POST", "/v1/chat/completions", 200, json=body)
    assert answer["object"] == "chat.completion"
    return "an access token chats in OpenAI's words"


STEPS: tuple[Callable[[Walk], Awaitable[str]], ...] = (
    health,
    stranger,
    sign_up,
    sign_in,
    store_key,
    test_key,
    models,
    chat,
    program,
)


@asynccontextmanager
async def deployed(folder: Path) -> AsyncIterator[Walk]:
    """The stack, deployed and reachable; taken away when the context is left."""
    async with AsyncExitStack() as open_:
        providers = await open_.enter_async_context(upstreams())
        emulator = await open_.enter_async_context(running_emulator(folder / "emulator.log"))
        context = {"stage": "dev", "provider-urls": json.dumps(providers.urls), "egress-allow": providers.origins}
        command_line = CommandLine(emulator, folder, context)
        await _timed("cdk bootstrap", command_line.bootstrap())
        outputs = await _timed("cdk deploy", command_line.deploy())
        api = await open_.enter_async_context(emulator.at(outputs["ApiUrl"]))
        chats = await open_.enter_async_context(emulator.at(outputs["ChatUrl"]))
        yield Walk(api, chats)
        await _timed("cdk destroy", command_line.destroy())


async def _timed[Value](what: str, doing: Awaitable[Value]) -> Value:
    began = time.monotonic()
    value = await doing
    _say(what, f"{time.monotonic() - began:.0f} s")
    return value


def _say(what: str, how: str) -> None:
    print(f"  {what:14} {how}", flush=True)  # noqa: T201 - what a person at a terminal reads


async def _main(folder: Path) -> None:
    async with deployed(folder) as walk:
        for step in STEPS:
            _say(step.__name__.replace("_", " "), await step(walk))


def main() -> int:
    """0 when every step went as it should, 1 when not, 2 when something is not installed."""
    if absent := [str(path) for path in (CDK, PYTHON) if not path.exists()]:
        print(f"{absent[0]} is not there: `make deploy-local` installs it", file=sys.stderr)  # noqa: T201 - the same
        return MISSING
    with tempfile.TemporaryDirectory() as folder:
        try:
            asyncio.run(_main(Path(folder)))
        except (AssertionError, RuntimeError) as error:
            print(f"deploy-local: {error}", file=sys.stderr)  # noqa: T201 - the same
            log = Path(folder, "emulator.log")
            print(log.read_text("utf-8", "replace")[-3000:] if log.is_file() else "", file=sys.stderr)  # noqa: T201 - the same
            return 1
    print("deployed, walked through, and taken away again")  # noqa: T201 - the same
    return 0


if __name__ == "__main__":
    sys.exit(main())
