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


@pytest.fixture(scope="module")
def kms_key() -> Iterator[str]:
    """The ARN of a key in moto, which takes its time to start."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        with mock_aws():
            key = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]
            yield key["Arn"]


@pytest.fixture
def kms(kms_key: str) -> KmsWrapper:
    return KmsWrapper(kms_key, region=REGION)


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
