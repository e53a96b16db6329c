"""Both homes of the KeyWrapper port, so that one contract suite runs against both."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from shared.crypto.keyfile import KeyFile
from shared.crypto.keys import KeyWrapper
from shared.crypto.kms import KmsWrapper

REGION = "eu-central-1"


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "home" / "keys.json")


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[KmsWrapper]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        key = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]
        yield KmsWrapper(key["Arn"], region=REGION)


@pytest.fixture(params=["key_file", "kms"])
def wrapper(request: pytest.FixtureRequest) -> KeyWrapper:
    found: KeyWrapper = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def another_wrapper(wrapper: KeyWrapper, tmp_path: Path) -> Callable[[], KeyWrapper]:
    """The same kind of home, somebody else's."""

    def make() -> KeyWrapper:
        if isinstance(wrapper, KeyFile):
            return KeyFile(tmp_path / "elsewhere" / "keys.json")
        return KmsWrapper(boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["Arn"], region=REGION)

    return make
