"""The lists of models under /v1, in both forms."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.chat.app import create_app
from shared.egress.exchange import Outbound
from shared.errors import Unreachable
from shared.identity.opaque import digest_of
from shared.identity.tokens import mint_token
from shared.records.token import AccessToken
from shared.services import Services
from shared.storage.tokens import add_token
from tests.fakes import kept
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.services import fake_services

OPENAIS = {"data": [{"id": "gpt-a", "created": 5}, {"id": "gpt-b-2025-01-31"}, {"id": "gpt-a"}]}
ANTHROPICS = {
    "data": [
        {
            "type": "model",
            "id": "claude-x-20251001",
            "display_name": "Claude X",
            "created_at": "2025-10-01T00:00:00Z",
            "max_input_tokens": 200000,
            "max_tokens": 64000,
        }
    ]
}
VERSION = {"anthropic-version": "2023-06-01"}


def lists(outbound: Outbound) -> Answer:
    host = outbound.url.split("/")[2]
    found = {"api.openai.com": OPENAIS, "api.anthropic.com": ANTHROPICS}.get(host)
    return FakeAnswer(200, found) if found else Unreachable("nobody there")


@pytest.fixture
def client() -> FakeClient:
    return FakeClient(lists)


@pytest.fixture
def services(tmp_path: Path, client: FakeClient) -> Services:
    services = fake_services(tmp_path)
    services.client = client
    return services


@pytest.fixture
async def alice(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    session = await services.accounts.sign_up("alice@example.com", "correct horse")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(services)),
        base_url="http://house",
        headers={"authorization": f"Bearer {session.token}"},
    ) as http:
        yield http


async def keep(services: Services, alice: httpx.AsyncClient, *providers: str, **more: Any) -> None:
    owner = (await services.accounts.verify(alice.headers["authorization"].removeprefix("Bearer "))).owner
    await kept.keep(services, owner, *providers, **more)


async def test_all_that_the_callers_keys_may_use(
    services: Services, alice: httpx.AsyncClient, client: FakeClient
) -> None:
    await keep(services, alice, "openai", "anthropic")
    first, second = [(await alice.get("/v1/models")).json() for _ in range(2)]

    assert first == second
    assert len(client.asked) == 2
    assert first == {
        "object": "list",
        "data": [
            {
                "id": "anthropic/claude-x-20251001",
                "object": "model",
                "created": 1759276800,
                "owned_by": "anthropic",
            },
            {"id": "openai/gpt-a", "object": "model", "created": 5, "owned_by": "openai"},
            {"id": "openai/gpt-b-2025-01-31", "object": "model", "created": 0, "owned_by": "openai"},
        ],
    }


async def test_who_does_not_answer_takes_nothing_from_the_others(services: Services, alice: httpx.AsyncClient) -> None:
    """The catalogue speaks for them."""
    await keep(services, alice, "openai", "groq")
    names = {model["id"] for model in (await alice.get("/v1/models")).json()["data"]}

    assert "openai/gpt-a" in names
    assert "groq/llama-3.3-70b-versatile" in names


async def test_nobody_without_a_key_lists_anything(services: Services, alice: httpx.AsyncClient) -> None:
    assert (await alice.get("/v1/models")).json() == {"object": "list", "data": []}
    await keep(services, alice, "openai", is_active=False)
    assert (await alice.get("/v1/models")).json()["data"] == []
    theirs = (await alice.get("/v1/models", headers=VERSION)).json()

    assert theirs == {"data": [], "has_more": False, "first_id": None, "last_id": None}


async def test_an_owner_sees_what_they_want_to_see(services: Services, alice: httpx.AsyncClient) -> None:
    await keep(services, alice, "openai", models=("gpt-a", "my-fine-tune"))
    names = [model["id"] for model in (await alice.get("/v1/models")).json()["data"]]

    assert names == ["openai/gpt-a", "openai/my-fine-tune"]


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        ({"providers": ["openai"]}, ["openai/gpt-a", "openai/gpt-b-2025-01-31"]),
        ({"models": ["gpt-a"]}, ["openai/gpt-a"]),
        ({"models": ["anthropic/claude-x-20251001"]}, ["anthropic/claude-x-20251001"]),
    ],
)
async def test_a_narrowed_token_sees_its_own_alone(
    services: Services, alice: httpx.AsyncClient, limits: dict[str, Any], names: list[str]
) -> None:
    """Threat I4."""
    await keep(services, alice, "openai", "anthropic")
    owner = (await services.accounts.verify(alice.headers["authorization"].removeprefix("Bearer "))).owner
    token_id, token = mint_token()
    narrow: Any = {name: tuple(of) for name, of in limits.items()}
    await add_token(services.table, AccessToken(token_id, owner, "ci", digest_of(token), 0, 0, **narrow))
    headers = {"authorization": f"Bearer {token}"}
    seen = [model["id"] for model in (await alice.get("/v1/models", headers=headers)).json()["data"]]
    answers = {
        name: (await alice.get(f"/v1/models/{name}", headers=headers)).status_code
        for name in ("openai/gpt-a", "anthropic/claude-x-20251001")
    }

    assert seen == names
    assert [name for name, status in answers.items() if status == 200] == [n for n in names if n in answers]
    assert set(answers.values()) == {200, 404}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("openai/gpt-a", "openai/gpt-a"),
        ("openai%2Fgpt-a", "openai/gpt-a"),
        ("gpt-a", "openai/gpt-a"),
        ("gpt-b", "openai/gpt-b-2025-01-31"),
        ("claude-x", "anthropic/claude-x-20251001"),
        ("claude/claude-x-latest", "anthropic/claude-x-20251001"),
    ],
)
async def test_one_by_any_of_its_names(services: Services, alice: httpx.AsyncClient, name: str, found: str) -> None:
    await keep(services, alice, "openai", "anthropic")

    assert (await alice.get(f"/v1/models/{name}")).json()["id"] == found


@pytest.mark.parametrize("name", ["openai/gpt-z", "gpt-z", "nothing", "mistral/mistral-small", "nobody/knows"])
async def test_an_unknown_model_is_not_found(services: Services, alice: httpx.AsyncClient, name: str) -> None:
    """Trap 85, in the form of whose SDK asks."""
    await keep(services, alice, "openai", "anthropic")
    ours = await alice.get(f"/v1/models/{name}")
    theirs = await alice.get(f"/v1/models/{name}", headers=VERSION)

    assert (ours.status_code, ours.json()["error"]["code"]) == (404, "model_not_found")
    assert (theirs.status_code, theirs.json()["error"]["type"]) == (404, "not_found_error")


async def test_anthropics_form_with_its_pages(services: Services, alice: httpx.AsyncClient) -> None:
    await keep(services, alice, "openai", "anthropic")
    pages = [
        (await alice.get("/v1/models", params=query, headers=VERSION)).json()
        for query in (
            {"limit": "2"},
            {"limit": "2", "after_id": "openai/gpt-a"},
            {"limit": "1", "before_id": "openai/gpt-b-2025-01-31"},
        )
    ]

    assert [[model["id"] for model in page["data"]] for page in pages] == [
        ["anthropic/claude-x-20251001", "openai/gpt-a"],
        ["openai/gpt-b-2025-01-31"],
        ["openai/gpt-a"],
    ]
    assert [page["has_more"] for page in pages] == [True, False, True]
    assert (pages[0]["first_id"], pages[0]["last_id"]) == ("anthropic/claude-x-20251001", "openai/gpt-a")
    assert pages[0]["data"][0] == {
        "type": "model",
        "id": "anthropic/claude-x-20251001",
        "display_name": "Claude X",
        "created_at": "2025-10-01T00:00:00Z",
        "max_input_tokens": 200000,
        "max_tokens": 64000,
    }


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=", "after_id=a&before_id=b", "after_id=openai/none"]
)
async def test_a_wrong_page_is_refused(services: Services, alice: httpx.AsyncClient, query: str) -> None:
    await keep(services, alice, "openai")

    assert (await alice.get(f"/v1/models?{query}", headers=VERSION)).status_code == 400
