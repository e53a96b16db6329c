"""Fixtures that every room shares."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.fakes.aws import Aws

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how fast a machine is, is no test's to judge


@pytest.fixture(scope="session")
def shared_material() -> Path:
    """The material beside the checkout (recordings, vectors). A user's clone does not have it: such tests then say so."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "security-vectors").is_dir():
        pytest.skip("the recorded traffic and test vectors are not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def aws() -> "Iterator[Aws]":
    """AWS on this machine, which takes its time to start. Every test makes things of its own in it."""
    from tests.fakes.aws import moto_server  # noqa: PLC0415 - two seconds that most files of tests need not pay

    with moto_server() as running:
        yield running
