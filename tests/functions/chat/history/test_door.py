"""The history is loaded by whoever asks for it first, once, however many do so at the same moment."""

import asyncio
from pathlib import Path

import httpx
from starlette.applications import Starlette

from functions.chat.history.door import History, routes
from tests.fakes.services import fake_services


async def test_many_who_ask_first_at_once_load_it_once_and_all_are_answered(tmp_path: Path) -> None:
    services = fake_services(tmp_path)
    session = await services.accounts.sign_up("alice@example.com", "correct horse")
    headers = {"authorization": f"Bearer {session.token}"}
    app = Starlette(routes=routes(services))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as http:
        answers = await asyncio.gather(*(http.get("/api/chat/history", headers=headers) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {200}


async def test_it_is_the_same_for_all_of_them(tmp_path: Path) -> None:
    history = History(fake_services(tmp_path))
    loaded = await asyncio.gather(*(asyncio.to_thread(history._load_once) for _ in range(8)))

    assert len({id(app) for app in loaded}) == 1
