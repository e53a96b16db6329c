"""Fixtures that every room shares."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_material() -> Path:
    """The material beside the checkout (recordings, vectors). A user's clone does not have it: such tests then say so."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "security-vectors").is_dir():
        pytest.skip("the recorded traffic and test vectors are not beside this checkout")
    return folder
