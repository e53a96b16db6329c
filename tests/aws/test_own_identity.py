"""Who we are on AWS: the environment of this moment, or what stands behind the URL that it names."""

from collections.abc import Callable

import pytest

from shared.aws.operation import NoAnswer
from shared.aws.own_identity import EARLY, OwnIdentity
from shared.aws.signature import Credentials
from shared.egress.exchange import Outbound
from shared.errors import Unreachable
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.services import FixedClock

PLACE = "http://127.0.0.1:9001/2021-04-23/credentials"
FULL = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": PLACE, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "planted-proof"}
LIVES = "2027-01-15T08:10:00Z"
"""Ten minutes after the clock's first moment."""


def identity(
    environment: dict[str, str], answers: Callable[[Outbound], Answer]
) -> tuple[OwnIdentity, FakeClient, FixedClock]:
    client, clock = FakeClient(answers), FixedClock()
    return OwnIdentity(environment, client=client, now=clock), client, clock


def numbered() -> Callable[[Outbound], FakeAnswer]:
    given = 0

    def answers(_: Outbound) -> FakeAnswer:
        nonlocal given
        given += 1
        return FakeAnswer(
            200, {"AccessKeyId": f"ASIA{given}", "SecretAccessKey": "s", "Token": "t", "Expiration": LIVES}
        )

    return answers


async def test_the_environment_is_read_again_each_time() -> None:
    """What Lambda has put there after a restore is used at once."""
    environment = {"AWS_ACCESS_KEY_ID": "ASIA1", "AWS_SECRET_ACCESS_KEY": "s1", "AWS_SESSION_TOKEN": "t1"}
    own, client, _ = identity(environment, numbered())

    assert await own.credentials() == Credentials("ASIA1", "s1", "t1")
    environment.update(AWS_ACCESS_KEY_ID="ASIA2", AWS_SECRET_ACCESS_KEY="s2", AWS_SESSION_TOKEN="")
    assert await own.credentials() == Credentials("ASIA2", "s2", None)
    assert client.asked == []


async def test_a_restored_function_finds_its_credentials_behind_a_url() -> None:
    """SnapStart: the environment has no keys, but where to fetch them and with which proof."""
    own, client, _ = identity(FULL, numbered())

    assert await own.credentials() == Credentials("ASIA1", "s", "t")
    (asked,) = client.asked
    assert (asked.method, asked.url, asked.headers["authorization"]) == ("GET", PLACE, "planted-proof")
    assert "planted" not in repr(asked)


async def test_fetched_credentials_are_kept_until_shortly_before_their_end() -> None:
    own, client, clock = identity(FULL, numbered())
    await own.credentials()
    clock.pass_by(600 - EARLY - 1)
    await own.credentials()

    assert len(client.asked) == 1
    clock.pass_by(1)
    assert (await own.credentials()).access_key == "ASIA2"


async def test_forgotten_or_moved_credentials_are_fetched_again() -> None:
    environment = dict(FULL)
    own, client, _ = identity(environment, numbered())
    await own.credentials()
    own.forget()
    await own.credentials()
    environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:9001/elsewhere"
    await own.credentials()

    assert [asked.url for asked in client.asked] == [PLACE, PLACE, "http://127.0.0.1:9001/elsewhere"]


@pytest.mark.parametrize(
    "said",
    [
        Unreachable("no"),
        FakeAnswer(500, {}),
        FakeAnswer(403, {"message": "planted"}),
        FakeAnswer(200, b"<html>"),
        FakeAnswer(200, {}),
        FakeAnswer(200, []),
        FakeAnswer(200, {"AccessKeyId": "A", "SecretAccessKey": "s", "Token": "t", "Expiration": "soon"}),
        FakeAnswer(200, {"AccessKeyId": "A", "SecretAccessKey": "s", "Token": "t", "Expiration": None}),
    ],
)
async def test_a_place_that_gives_no_credentials_is_no_answer(said: Answer) -> None:
    own, _, _ = identity(FULL, lambda _: said)
    with pytest.raises(NoAnswer) as failed:
        await own.credentials()

    assert "planted" not in str(failed.value)


@pytest.mark.parametrize("environment", [{}, {"AWS_ACCESS_KEY_ID": "A"}, {"AWS_SECRET_ACCESS_KEY": "s"}])
async def test_an_environment_without_credentials_names_the_remedy(environment: dict[str, str]) -> None:
    own, _, _ = identity(environment, numbered())
    with pytest.raises(NoAnswer, match="give this process a role"):
        await own.credentials()
