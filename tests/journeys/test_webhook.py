"""Alerts told over real sockets, from both homes: one machine (SQLite, a key file) and AWS (moto). Threats E1, I14, K1 and K2."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import functions.accounts.app as accounts
import functions.admin.app as admin
from shared.gateway.guard.tell import FIRST_WAIT, MOST_TRIES, tell_alerts
from shared.services import Services
from shared.settings import Settings, read_settings
from shared.storage import layout
from shared.storage.alerts import HOUR, add_alert
from shared.storage.policies import forget_policies
from shared.storage.table import Change
from tests.fakes.aws import Aws
from tests.fakes.http_server import HttpServer, Visit, answer, http_server
from tests.fakes.services import FixedClock

FIRST = "the-first-secret-7c1e5b90d2f34a68"
SECOND = "a-second-secret-40e6a1f7b8c9d235"
ROOT = {"email": "root@example.com", "password": "correct horse battery staple"}


class Receiver:
    """Answers as it is told."""

    def __init__(self) -> None:
        self.says = answer(b"ok")

    async def __call__(self, visit: Visit) -> None:
        await visit.say(self.says)


@dataclass
class Home:
    """An admin, and who listens to their alerts."""

    services: Services
    clock: FixedClock
    doors: dict[str, httpx.AsyncClient]
    server: HttpServer
    receiver: Receiver
    headers: dict[str, str]

    async def put(self, **body: Any) -> httpx.Response:
        return await self.doors["admin"].put("/api/admin/alerts/webhook", json=body, headers=self.headers)

    async def raised(self, subject: str = "alice") -> None:
        await add_alert(self.services.table, "refused_keys", subject, now=self.clock())

    async def alerts(self) -> list[dict[str, Any]]:
        """The newest first."""
        answered = await self.doors["admin"].get("/api/admin/alerts", headers=self.headers)
        found: list[dict[str, Any]] = answered.json()["alerts"]
        return found


@pytest.fixture(params=["one machine", "AWS"])
async def home(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Home]:
    receiver, clock = Receiver(), FixedClock(time.time())  # Cognito's tokens are of today
    async with http_server(receiver) as server:
        if request.param == "AWS":
            aws: Aws = request.getfixturevalue("aws")
            settings = read_settings({**aws.settings(), "REALMULTILLM_EGRESS_ALLOW": server.origin})
        else:
            settings = Settings(home=tmp_path, egress_allow=frozenset({server.origin}))
        services = Services(settings, now=clock)
        async with opened(accounts, services) as people, opened(admin, services) as administer:
            session = (await people.post("/api/auth/signup", json=ROOT)).json()
            headers = {"authorization": f"Bearer {session['token']}"}
            yield Home(services, clock, {"admin": administer}, server, receiver, headers)
        await services.close()


@asynccontextmanager
async def opened(door: Any, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(door.create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client


def is_signed(visit: Visit, secret: str) -> bool:
    """As the receiver of docs/administration.md judges."""
    timestamp = visit.headers["x-realmultillm-timestamp"].encode()
    expected = hmac.new(secret.encode(), timestamp + b"." + visit.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v1={expected}", visit.headers["x-realmultillm-signature"])


async def test_an_alert_is_told_signed_with_the_stored_secret_and_with_its_next_one(home: Home) -> None:
    url = home.server.url("/hook")
    first = (await home.put(url=url, secret=FIRST)).json()
    await home.raised()
    heard = [await tell_alerts(home.services)]
    second = (await home.put(url=url, secret=SECOND)).json()
    await home.raised("bob")
    heard.append(await tell_alerts(home.services))
    before, after = home.server.visits

    assert heard == [1, 1]
    assert first["fingerprint"] != second["fingerprint"]
    assert set(first) == {"url", "fingerprint"}
    assert (is_signed(before, FIRST), is_signed(before, SECOND)) == (True, False)
    assert (is_signed(after, SECOND), is_signed(after, FIRST)) == (True, False)


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "202 Accepted"])
async def test_whoever_answers_well_has_heard(home: Home, status: str) -> None:
    home.receiver.says = answer(b"", status)
    await home.put(url=home.server.url("/hook"), secret=FIRST)
    await home.raised()
    await tell_alerts(home.services)

    assert [(alert["telling"], alert["failure"]) for alert in await home.alerts()] == [("told", None)]


async def test_a_webhook_that_fails_says_so_in_the_alert_and_is_given_up_at_last(home: Home) -> None:
    home.receiver.says = answer(b"no", "500 Internal Server Error")
    await home.put(url=home.server.url("/hook"), secret=FIRST)
    await home.raised()
    row = layout.alert(int(home.clock()) // HOUR, "refused_keys", "alice")
    await tell_alerts(home.services)
    (once,) = await home.alerts()
    for _ in range(MOST_TRIES + 3):
        home.clock.pass_by(HOUR)
        await tell_alerts(home.services)
    raw = await home.services.table.get(row)

    assert (once["telling"], once["tries"], once["failure"]) == ("waiting", 1, "status 500")
    assert raw is not None
    assert (raw["telling"], raw["tries"], raw["failure"]) == ("given_up", MOST_TRIES, "status 500")
    assert len(home.server.visits) == MOST_TRIES


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://169.254.169.254/latest", 400),
        ("https://10.0.0.1/hook", 400),
        ("http://alerts.example.com/hook", 400),
    ],
)
async def test_a_webhook_goes_through_the_address_rules(home: Home, url: str, status: int) -> None:
    """Threat E1."""
    refused = await home.put(url=url, secret=FIRST)
    kept = await home.doors["admin"].get("/api/admin/alerts/webhook", headers=home.headers)

    assert refused.status_code == status
    assert kept.json() == {"url": None, "fingerprint": None}


async def test_a_webhook_without_a_secret_or_with_a_short_one_is_not_taken(home: Home) -> None:
    """An HMAC with an empty secret is anybody's (CVE of New API)."""
    answers = [await home.put(url=home.server.url("/hook"), **more) for more in ({}, {"secret": None})]
    short = await home.put(url=home.server.url("/hook"), secret="short")

    assert [one.status_code for one in answers] == [409, 409]
    assert {one.json()["error"]["details"]["parameter"] for one in answers} == {"secret"}
    assert short.status_code == 400
    assert "short" not in short.text.replace("shorter", "")


async def test_the_secret_stays_at_its_origin(home: Home) -> None:
    """Threat K1: at another path it is left out, for another place it has to be given again."""
    await home.put(url=home.server.url("/hook"), secret=FIRST)
    path = await home.put(url=home.server.url("/other"))
    place = await home.put(url="https://elsewhere.example.com/hook")

    assert (path.status_code, path.json()["url"]) == (200, home.server.url("/other"))
    assert (place.status_code, place.json()["error"]["details"]["parameter"]) == (409, "secret")


async def test_a_row_that_is_turned_to_another_place_opens_nothing_there(home: Home) -> None:
    """Threats K1 and K2: whoever writes the table has nothing told to a place of theirs."""
    async with http_server(Receiver()) as canary:
        await home.put(url=home.server.url("/hook"), secret=FIRST)
        allowed = home.services.settings.egress_allow | {canary.origin}
        object.__setattr__(home.services.settings, "egress_allow", allowed)
        await home.services.table.update(layout.house_policy("webhook"), Change(set={"url": canary.url("/hook")}))
        forget_policies(home.services.table)
        await home.raised()
        await tell_alerts(home.services)
        (alert,) = await home.alerts()

        assert canary.visits == []
        assert (alert["telling"], alert["failure"]) == ("waiting", "credential_corrupt")


async def test_null_tells_nobody_and_forgets_the_secret(home: Home) -> None:
    await home.put(url=home.server.url("/hook"), secret=FIRST)
    gone = await home.put(url=None)
    again = await home.put(url=home.server.url("/hook"))
    row = await home.services.table.get(layout.house_policy("webhook"), consistent=True)

    assert gone.json() == {"url": None, "fingerprint": None}
    assert again.status_code == 409
    assert row is not None
    assert row["sealed"] is None


async def test_no_alert_is_begun_when_the_time_is_up(home: Home) -> None:
    """On AWS the function ends after fifty seconds; what was not begun is told a minute later."""

    async def slow(visit: Visit) -> None:
        home.clock.pass_by(FIRST_WAIT)
        await visit.say(answer(b"ok"))

    home.server.script = slow
    await home.put(url=home.server.url("/hook"), secret=FIRST)
    for subject in ("alice", "bob"):
        await home.raised(subject)
    heard = [await tell_alerts(home.services, within=25), await tell_alerts(home.services, within=25)]

    assert heard == [1, 1]
