"""The way to the history: who asks for it first loads it, and what breaks in it is answered as everywhere."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx

from functions.chat.app import create_app
from functions.chat.history.door import History
from shared.services import Services
from shared.storage.table import Page
from tests.fakes.gateway import ROOT
from tests.fakes.services import FixedClock, fake_services
from tests.fakes.table import MemoryTable

LOADS = """
import asyncio, pathlib, sys
from functions.chat.app import create_app
from functions.chat.history.door import History
from shared.services import Services
from shared.settings import Settings

async def sent(message):
    print(message.get("status", ""), end="")

async def received():
    return {"type": "http.request", "body": b"", "more_body": False}

async def main():
    app = create_app(Services(Settings(home=pathlib.Path(sys.argv[1]))))
    for path in ("/api/health", "/api/chat/history"):
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
                 "root_path": "", "headers": [], "scheme": "http", "server": ("house", 80), "client": ("127.0.0.1", 1)}
        await app(scope, received, sent)
        print("", "fastapi" in sys.modules, end=" ")

asyncio.run(main())
"""


class Broken(MemoryTable):
    """Breaks in a way that nobody foresaw, where conversations are listed."""

    async def query(self, pk: str, **options: object) -> Page:
        if options.get("prefix") == "CHAT#":
            raise RuntimeError("a mistake of ours")
        return await super().query(pk, **options)  # type: ignore[arg-type]  # as the caller wrote them


def test_fastapi_is_loaded_for_whoever_asks_for_the_history_and_for_nobody_before(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOADS, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["200", "False", "401", "True"]


async def test_what_breaks_is_answered_once_by_the_chat_doors_edge(tmp_path: Path) -> None:
    clock = FixedClock()
    services: Services = fake_services(tmp_path, clock=clock, table=Broken(now=clock))
    session = await services.accounts.sign_up("alice@example.com", "correct horse")
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        answer = await http.get("/api/chat/history", headers={"authorization": f"Bearer {session.token}"})

    assert answer.status_code == 500
    assert answer.json()["error"]["requestId"] == answer.headers["x-realmultillm-request-id"]
    assert "mistake" not in answer.text


async def test_many_who_ask_first_at_once_load_it_once(tmp_path: Path) -> None:
    history = History(fake_services(tmp_path))
    loaded = await asyncio.gather(*(asyncio.to_thread(history._load_once) for _ in range(8)))

    assert len({id(app) for app in loaded}) == 1
