"""A house whose provider knows a few keys, and people in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

import functions.configs.app as configs
import functions.key_test.app as key_test
from shared.services import Services
from tests.fakes.client import FakeClient, lets_in
from tests.fakes.services import FixedClock, fake_services

GOOD = "sk-good-4f7a91c2d3e8b605"
NEWER = "sk-newer-77aa0b1c9d2e3f48"
BAD = "sk-bad-00000000deadbeef"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def client() -> FakeClient:
    return FakeClient(lets_in(GOOD, NEWER))


@pytest.fixture
def services(tmp_path: Path, clock: FixedClock, client: FakeClient) -> Services:
    services = fake_services(tmp_path, clock=clock)
    services.client = client
    return services


def both_doors(services: Services) -> ASGIApp:
    """The key test is asked first, as `functions.local` does: one of its paths looks like a config's."""
    trying, keeping = key_test.create_app(services), configs.create_app(services)

    async def one(scope: Scope, receive: Receive, send: Send) -> None:
        is_trial = scope["path"].endswith(("/test", "/test-api-key"))
        await (trying if is_trial else keeping)(scope, receive, send)

    return one


@pytest.fixture
async def house(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """The key test and the configs on one port, as they are locally."""
    transport = httpx.ASGITransport(both_doors(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        yield http


async def sign_up(services: Services, name: str) -> dict[str, str]:
    """The header that this person now calls with; the first of all is admin."""
    session = await services.accounts.sign_up(f"{name}@example.com", "correct horse")
    return {"authorization": f"Bearer {session.token}"}


@pytest.fixture
async def admin(services: Services) -> dict[str, str]:
    return await sign_up(services, "root")


@pytest.fixture
async def alice(services: Services, admin: dict[str, str]) -> dict[str, str]:
    return await sign_up(services, "alice")


@pytest.fixture
async def bob(services: Services, admin: dict[str, str]) -> dict[str, str]:
    return await sign_up(services, "bob")
