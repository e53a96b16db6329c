"""The home on AWS as the composition root opens it: late, over one client, and anew after a restore."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.crypto.binding import Binding
from shared.crypto.kms import KmsWrapper
from shared.errors import StorageUnavailable, Unauthenticated
from shared.identity.cognito import CognitoAccounts
from shared.observability import BreakerOpened
from shared.secrets import ApiKey
from shared.services import Services
from shared.settings import read_settings
from shared.storage.dynamodb import DynamoDBTable
from shared.storage.table import Key
from tests.fakes.aws import Aws
from tests.fakes.http_server import Visit, answer, http_server

BINDING = Binding("owner1", "config1", "openai", "https://api.openai.com:443", 1)


@pytest.fixture
def environment(aws: Aws) -> dict[str, str]:
    """Living: what a test changes in it is seen at once."""
    return aws.settings()


@pytest.fixture
async def services(environment: dict[str, str]) -> AsyncIterator[Services]:
    services = Services(read_settings(environment))
    yield services
    await services.close()


async def test_its_engines_are_those_of_aws(services: Services) -> None:
    assert isinstance(services.table, DynamoDBTable)
    assert isinstance(services.key_wrapper, KmsWrapper)
    assert isinstance(services.accounts, CognitoAccounts)
    assert services.tells_cloudwatch


def test_the_embedded_home_counts_for_nobody(tmp_path: Any) -> None:
    assert not Services(read_settings({"HOME": str(tmp_path)})).tells_cloudwatch


async def test_what_befalls_is_counted_here_and_told_to_cloudwatch_there(
    services: Services, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home = Services(read_settings({"HOME": str(tmp_path)}))
    at_home.incidents.note(BreakerOpened("openai"))
    silent = capsys.readouterr().out
    services.incidents.note(BreakerOpened("openai"))

    assert at_home.incidents.counted() == services.incidents.counted() == {BreakerOpened("openai"): 1}
    assert silent == ""
    assert "llm_breaker_open_total" in capsys.readouterr().out


async def test_each_engine_works_with_what_the_stack_tells(services: Services) -> None:
    await services.table.put({"pk": "P", "sk": "S"})
    sealed = await services.vault.seal(ApiKey("sk-planted"), BINDING)
    session = await services.accounts.sign_up("alice@example.com", "correct horse")

    assert await services.table.get(Key("P", "S")) is not None
    assert (await services.vault.open(sealed, BINDING)).reveal() == "sk-planted"
    assert (await services.accounts.verify(session.token)).role == "admin"


async def test_after_a_restore_nothing_of_before_is_left(services: Services, environment: dict[str, str]) -> None:
    """SnapStart: connections, credentials, sessions and opened keys of the snapshot are not this process's."""
    before = [services.table, services.vault, services.accounts, services.access_tokens, services.client]
    await services.table.get(Key("P", "S"))
    await services.restored()
    environment["AWS_ACCESS_KEY_ID"] = "ASIAOTHER"
    after = [services.table, services.vault, services.accounts, services.access_tokens, services.client]

    assert not [old for old, new in zip(before, after, strict=True) if old is new]
    assert await services.table.get(Key("P", "S")) is None


async def test_a_restored_function_signs_with_credentials_of_after(aws: Aws) -> None:
    """Where SnapStart is on, the environment names a place on this machine where they are."""

    async def script(visit: Visit) -> None:
        given = {
            "AccessKeyId": "ASIAFETCHED",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": "2099-01-01T00:00:00Z",
        }
        await visit.say(answer(json.dumps(given).encode()))

    async with http_server(script) as server:
        environment = aws.settings()
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            del environment[name]
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url("/credentials")
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "proof"
        services = Services(read_settings(environment))
        await services.table.put({"pk": "P", "sk": "S"})
        await services.table.get(Key("P", "S"))
        await services.close()

    assert [visit.headers["authorization"] for visit in server.visits] == ["proof"]


async def test_credentials_are_not_fetched_from_anywhere_but_the_platform(aws: Aws) -> None:
    """Whoever could name the place would be given the function's identity, and its answers."""
    environment = aws.settings()
    del environment["AWS_ACCESS_KEY_ID"]
    environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://10.0.0.1/credentials"
    services = Services(read_settings(environment))
    with pytest.raises(StorageUnavailable):
        await services.table.get(Key("P", "S"))
    await services.close()


async def test_callers_gain_no_way_to_aws(services: Services, aws: Aws) -> None:
    """Threat E1: what our own client may reach, theirs may not."""
    from shared.egress.exchange import Outbound  # noqa: PLC0415 - here alone
    from shared.errors import RealMultiLLMError  # noqa: PLC0415 - the same

    with pytest.raises(RealMultiLLMError) as refused:
        async with services.client.send(Outbound("GET", f"{aws.url}/")):
            pass

    assert refused.value.status == 400


async def test_a_session_of_another_pool_is_refused(services: Services, aws: Aws) -> None:
    """Threat I2: moto signs for all its pools with one key, as one region's Cognito might."""
    elsewhere = Services(read_settings(aws.settings()))
    session = await elsewhere.accounts.sign_up("alice@example.com", "correct horse")
    await elsewhere.close()

    with pytest.raises(Unauthenticated):
        await services.accounts.verify(session.token)


def test_nothing_of_it_is_loaded_before_its_first_use(environment: dict[str, str]) -> None:
    script = """
import os, sys
import functions.chat.main
print(*sorted(sys.modules))
"""
    loaded = subprocess.check_output([sys.executable, "-c", script], text=True, env={**environment, "PYTHONPATH": "."})

    assert "functions.chat.app" in loaded.split()
    late = {"shared.home_on_aws", "shared.storage.dynamodb", "shared.crypto.kms", "shared.identity.cognito", "jwt"}
    assert late.isdisjoint(loaded.split())


def test_the_master_key_of_kms_is_not_rotated_here(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "functions.local", "rotate-master-key"],
        env={**environment, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "KMS" in done.stderr
