"""Strings that break programs, in every place where a caller may put one: they arrive byte-exact or are refused, and the log stays a log."""

import io
import json
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest

from shared.identity.throttle import WINDOW
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.house import Headers, House
from tests.fakes.vectors import naughty_strings

pytestmark = pytest.mark.vectors
STRANGE = [
    "\x00",
    "a\x00b",
    "\u202e\u2066",
    "\ufeff",
    "\u2028\u2029\x85",
    "\U0010ffff",
    "e\u0301",
    "\r\nset-cookie: a=b",
]


@pytest.fixture
def strings(shared_material: Path) -> list[str]:
    """Threat H6: BLNS, and what it lacks."""
    return [*naughty_strings(shared_material), *STRANGE]


async def test_models_messages_and_names_reach_the_provider_byte_exact(
    house: House, client: FakeClient, asker: Headers, strings: list[str]
) -> None:
    """Threat H6."""
    for string in strings:
        message = {"role": "user", "content": f"-{string}", "name": string}
        body = {"provider": "openai", "model": f"m{string}", "messages": [message], "options": {"user": string}}
        answer = await house.http.post("/api/llm/chat", json=body, headers=asker)

        assert answer.status_code == 200, (string, answer.text)
        sent = json.loads(client.asked[-1].body)
        assert (sent["model"], sent["messages"], sent["user"]) == (f"m{string}", [message], string)


async def test_what_a_provider_says_reaches_the_caller_byte_exact(
    house: House, client: FakeClient, asker: Headers, strings: list[str]
) -> None:
    """Threat H6."""
    body = {"provider": "openai", "model": "m", "messages": [{"role": "user", "content": "say it"}]}
    for string in strings:
        said = {"choices": [{"index": 0, "message": {"content": string}, "finish_reason": "stop"}]}
        client.answer = lambda _, said=said: FakeAnswer(200, said)  # type: ignore[misc]  # mypy: a lambda with a default
        answer = await house.http.post("/api/llm/chat", json=body, headers=asker)

        assert answer.json()["choices"][0]["message"]["content"] == string


async def test_the_name_of_an_access_token_reads_back_or_is_refused(
    house: House, asker: Headers, strings: list[str]
) -> None:
    """Threat H6. White space around a name is no part of it."""
    for string in strings:
        made = await house.http.post("/api/tokens", json={"name": string}, headers=asker)
        if made.status_code == 400:
            assert not string.strip() or len(string.strip()) > 100, string
            continue

        listed = (await house.http.get("/api/tokens", headers=asker)).json()["tokens"]
        assert [token["name"] for token in listed] == [string.strip()]
        await house.http.delete(f"/api/tokens/{listed[0]['id']}", headers=asker)


async def test_an_email_is_one_or_is_refused(house: House, strings: list[str]) -> None:
    """Threat H6."""
    for string in [*strings, *[f"{string}@example.com" for string in strings]]:
        house.clock.pass_by(WINDOW)  # sign-ups from one place are counted
        answer = await house.http.post("/api/auth/signup", json={"email": string, "password": "correct horse"})

        assert answer.status_code in {201, 400, 409}, (string, answer.text)
        assert answer.status_code == 400 or string.isprintable(), string


async def test_a_password_is_taken_as_it_is(house: House, strings: list[str]) -> None:
    """Threat H6."""
    for number, string in enumerate(strings[::8]):
        who = {"email": f"person{number}@example.com", "password": f"correct{string}horse"}
        house.clock.pass_by(WINDOW)
        up = await house.http.post("/api/auth/signup", json=who)
        back = await house.http.post("/api/auth/signin", json=who)

        assert (up.status_code, back.status_code) in {(201, 200), (400, 401), (400, 400)}, string


async def test_paths_queries_and_headers_are_nobodys(house: House, asker: Headers, strings: list[str]) -> None:
    """Threat H6."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    for string in [*strings[::2], *STRANGE]:
        there = quote(string, safe="")
        headers = {**asker, "x-anything": string.encode(), "user-agent": string.encode(), "accept": string.encode()}
        answers = [
            await house.http.post(f"/api/chat/-{there}", json=body, headers=headers),  # type: ignore[arg-type]  # bytes too
            await house.http.get(f"/api/models/-{there}", headers=asker),
            await house.http.delete(f"/api/provider-configs/-{there}", headers=asker),
            await house.http.patch(f"/api/tokens/-{there}", json={}, headers=asker),
            await house.http.get(f"/-{there}", headers=asker),
        ]

        assert {answer.status_code for answer in answers} <= {400, 404, 405}, string
        page = await house.http.get(f"/api/models?after={there}&limit=1", headers=asker)
        assert page.status_code in {200, 400}, string


async def test_every_line_of_the_log_is_one_event(
    house: House, client: FakeClient, asker: Headers, strings: list[str], log: io.StringIO
) -> None:
    """Threat H8: also when the traceback of what nobody foresaw repeats what the caller wrote."""

    def fail(outbound: object) -> Exception:
        return RuntimeError(client.asked[-1].body.decode())

    client.answer = fail
    before = len(log.getvalue())
    some = [*strings[::3], *STRANGE]
    for string in some:
        body = {"provider": "openai", "model": f"m{string}", "messages": [{"role": "user", "content": string}]}
        headers = {**asker, "user-agent": string.encode()}
        answer = await house.http.post("/api/llm/chat", json=body, headers=headers)  # type: ignore[arg-type]  # bytes too

        assert answer.status_code == 500
    lines = log.getvalue()[before:].split("\n")

    assert lines.pop() == ""
    told = Counter(json.loads(line)["message"] for line in lines)
    assert told == {"request failed": len(some), "request ended": len(some)}
