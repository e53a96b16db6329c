"""Alerts are told, signed, until they are heard; and never within a request."""

import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path

import pytest

from shared.egress.exchange import Outbound
from shared.errors import AddressRefused, Conflict, InvalidRequest, Unreachable
from shared.gateway.guard.tell import FIRST_WAIT, MOST_TRIES, tell_alerts
from shared.gateway.guard.webhook import check_webhook
from shared.records.policy import Webhook
from shared.services import Services
from shared.storage.alerts import HOUR, add_alert, list_alerts
from shared.storage.policies import save_webhook
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.services import FixedClock, fake_services

SECRET = "0123456789abcdef0123456789abcdef"
URL = "https://alerts.example.com/hook"


class Listener:
    """Answers as it is told."""

    def __init__(self) -> None:
        self.answer: Answer = FakeAnswer(204, b"")

    def __call__(self, _: Outbound) -> Answer:
        return self.answer


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def services(tmp_path: Path, clock: FixedClock, listener: Listener) -> Services:
    services = fake_services(tmp_path, clock=clock)
    services.settings = replace(services.settings, alert_secret=SECRET)
    services.client = FakeClient(listener)
    await save_webhook(services.table, Webhook(URL))
    return services


def asked(services: Services) -> list[Outbound]:
    assert isinstance(services.client, FakeClient)
    return services.client.asked


async def test_an_alert_is_told_once_and_signed(services: Services, clock: FixedClock) -> None:
    await add_alert(services.table, "refused_keys", "alice", now=clock(), details={"provider": "openai"})
    heard = [await tell_alerts(services), await tell_alerts(services)]

    (outbound,) = asked(services)
    timestamp = outbound.headers["x-realmultillm-timestamp"]
    expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." + outbound.body, hashlib.sha256).hexdigest()
    assert heard == [1, 0]
    assert outbound.headers["x-realmultillm-signature"] == f"v1={expected}"
    assert json.loads(outbound.body)["kind"] == "refused_keys"
    assert SECRET not in repr(outbound) + repr(services.settings)
    assert [alert.telling for alert in (await list_alerts(services.table))[0]] == ["told"]


async def test_there_is_one_alert_an_hour_of_each_kind_and_subject(services: Services, clock: FixedClock) -> None:
    added = [await add_alert(services.table, "new_country", "alice", now=clock()) for _ in range(3)]
    clock.pass_by(HOUR)
    added.append(await add_alert(services.table, "new_country", "alice", now=clock()))

    assert added == [True, False, False, True]


@pytest.mark.parametrize(
    "failure", [FakeAnswer(500, b""), FakeAnswer(302, b""), Unreachable("no"), AddressRefused("no")]
)
async def test_who_did_not_hear_is_told_again_later(
    services: Services, clock: FixedClock, listener: Listener, failure: Answer
) -> None:
    await add_alert(services.table, "sudden_spend", "alice", now=clock())
    listener.answer = failure
    await tell_alerts(services)
    await tell_alerts(services)
    first = len(asked(services))
    clock.pass_by(FIRST_WAIT)
    listener.answer = FakeAnswer(200, b"")

    assert first == 1
    assert await tell_alerts(services) == 1


async def test_who_never_hears_is_given_up(services: Services, clock: FixedClock, listener: Listener) -> None:
    await add_alert(services.table, "sudden_spend", "alice", now=clock())
    listener.answer = FakeAnswer(500, b"")
    for _ in range(MOST_TRIES + 5):
        await tell_alerts(services)
        clock.pass_by(HOUR)

    assert len(asked(services)) == MOST_TRIES
    assert [alert.telling for alert in (await list_alerts(services.table))[0]] == ["given_up"]


async def test_without_a_webhook_an_alert_is_written_down_all_the_same(services: Services, clock: FixedClock) -> None:
    await save_webhook(services.table, None)
    await add_alert(services.table, "refused_keys", "alice", now=clock())

    assert await tell_alerts(services) == 0
    assert [alert.telling for alert in (await list_alerts(services.table))[0]] == ["nobody"]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://127.0.0.1/x", AddressRefused),
        ("https://169.254.169.254/latest", AddressRefused),
        ("http://alerts.example.com/", InvalidRequest),
        ("https://user@alerts.example.com/", InvalidRequest),
        ("nonsense", InvalidRequest),
    ],
)
def test_a_webhook_goes_through_the_same_walls(services: Services, url: str, error: type[Exception]) -> None:
    """Threat E1."""
    with pytest.raises(error):
        check_webhook(Webhook(url), services.settings)


def test_without_a_secret_there_is_no_webhook(services: Services) -> None:
    """An HMAC with an empty secret is anybody's (CVE of New API)."""
    with pytest.raises(Conflict, match="REALMULTILLM_ALERT_SECRET"):
        check_webhook(Webhook(URL), replace(services.settings, alert_secret=None))
