"""Both homes of the KeyWrapper port, so that one contract suite runs against both."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from shared.aws.json_service import KMS
from shared.crypto.keyfile import KeyFile
from shared.crypto.keys import KeyWrapper
from shared.crypto.kms import KmsWrapper
from tests.fakes.aws import Aws, Faulty


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "home" / "keys.json")


@pytest.fixture(scope="module")
def kms_key(aws: Aws) -> str:
    """The ARN of a key in moto."""
    return aws.create_key()


@pytest.fixture
async def kms_ask(aws: Aws) -> AsyncIterator[Faulty]:
    """Our transport to KMS, which fails when told to."""
    ask = aws.ask(KMS)
    yield Faulty(ask)
    await ask.close()


@pytest.fixture
def kms(kms_key: str, kms_ask: Faulty) -> KmsWrapper:
    return KmsWrapper(kms_key, kms_ask, sleep=no_sleep)


async def no_sleep(_seconds: float) -> None:
    """Nobody waits in a test."""


@pytest.fixture(params=["key_file", "kms"])
def wrapper(request: pytest.FixtureRequest) -> KeyWrapper:
    found: KeyWrapper = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def another_wrapper(wrapper: KeyWrapper, tmp_path: Path, aws: Aws, kms_ask: Faulty) -> Callable[[], KeyWrapper]:
    """The same kind of home, somebody else's."""

    def make() -> KeyWrapper:
        if isinstance(wrapper, KeyFile):
            return KeyFile(tmp_path / "elsewhere" / "keys.json")
        return KmsWrapper(aws.create_key(), kms_ask)

    return make
