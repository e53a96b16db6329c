"""The runtime as a program: what Lambda sees of its beginning is in tests/functions/chat/test_main.py."""

import pytest

from shared.runtime.__main__ import FAILED, main


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["x"], {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}), (["x", "functions.chat.main:app"], {})],
)
def test_elsewhere_it_says_how_it_is_used(
    arguments: list[str], environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, environment) == FAILED
    assert "usage" in capsys.readouterr().err
