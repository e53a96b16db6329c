"""The environment, read once."""

from pathlib import Path

import pytest

from shared.settings import SettingError, read_settings


def test_nothing_set_is_the_embedded_home(tmp_path: Path) -> None:
    settings = read_settings({"HOME": str(tmp_path), "PATH": "/bin"})

    assert (settings.host, settings.port, settings.home) == ("127.0.0.1", 8000, tmp_path / ".realmultillm")


def test_every_setting_is_read() -> None:
    settings = read_settings(
        {
            "REALMULTILLM_HOST": "0.0.0.0",
            "REALMULTILLM_PORT": "9000",
            "REALMULTILLM_HOME": "/srv/rml",
            "REALMULTILLM_PROVIDER_URLS": '{"openai": "https://proxy.example/v1"}',
            "REALMULTILLM_EGRESS_ALLOW": "127.0.0.1:8099, [::1]:11434,",
            "REALMULTILLM_BROWSER_ORIGINS": "http://localhost:3000, https://Chat.example",
            "REALMULTILLM_LOG_LEVEL": "debug",
        }
    )

    assert (settings.host, settings.port, settings.home) == ("0.0.0.0", 9000, Path("/srv/rml"))
    assert settings.provider_urls == {"openai": "https://proxy.example/v1"}
    assert settings.egress_allow == {"127.0.0.1:8099", "[::1]:11434"}
    assert settings.browser_origins == {"http://localhost:3000", "https://chat.example"}
    assert settings.log_level == "DEBUG"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("LOG_LEVEL", "loud"),
        ("PROVIDER_URLS", "openai=x"),
        ("PROVIDER_URLS", "[]"),
        ("PROVIDER_URLS", '{"openai": 1}'),
        ("EGRESS_ALLOW", "localhost"),
        ("EGRESS_ALLOW", "host:port"),
        ("EGRESS_ALLOW", "host:\u00b2"),
        ("EGRESS_ALLOW", "host:" + "9" * 5000),
        ("BROWSER_ORIGINS", "*"),
        ("BROWSER_ORIGINS", "null"),
        ("BROWSER_ORIGINS", "localhost:3000"),
        ("BROWSER_ORIGINS", "https://chat.example/"),
        ("PORT", "9" * 5000),
        ("EGRESS_ALOW", "127.0.0.1:1"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"REALMULTILLM_{name}"):
        read_settings({f"REALMULTILLM_{name}": value})
