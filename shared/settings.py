"""The only reader of the environment. Every setting is checked at start; a wrong one is a clear message and exit code 2.

The table of all settings, with defaults, is docs/configuration.md.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LARGEST_PORT = 65_535
SHORTEST_SECRET = 32


class SettingError(ValueError):
    """A setting is wrong. The message names it and the remedy, and never repeats a value that could be secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may decide. Defaults are the embedded home's."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8000
    provider_urls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    egress_allow: frozenset[str] = frozenset()
    log_level: str = "INFO"
    alert_secret: str | None = field(default=None, repr=False)
    """What alerts are signed with when they are told to a webhook."""
    country_header: str | None = None
    """Where whoever stands before the gateway says from which country a request comes, in lower case."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that the environment asks for.

    Raises:
        SettingError: a value is not what its setting takes, or a REALMULTILLM_ name is none of ours.
    """
    given = {name: value for name, value in environment.items() if name.startswith("REALMULTILLM_")}
    unknown = sorted(set(given) - set(_READERS))
    if unknown:
        raise SettingError(f"{unknown[0]} is not a setting; there are {', '.join(sorted(_READERS))}")
    read: dict[str, Any] = {
        _READERS[name].field: _READERS[name].read(name, value.strip()) for name, value in given.items() if value.strip()
    }
    return Settings(**{"home": _default_home(environment), **read})


def _default_home(environment: Mapping[str, str]) -> Path:
    """`~/.realmultillm`, as the operator's own HOME has it."""
    return Path(environment.get("HOME") or Path.home()) / ".realmultillm"


def _folder(_name: str, value: str) -> Path:
    return Path(value).expanduser().absolute()


def _text(_name: str, value: str) -> str:
    return value


def _port(name: str, value: str) -> int:
    if not _is_port(value):
        raise SettingError(f"{name} is a port number from 1 to {LARGEST_PORT}, for example 8000")
    return int(value)


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 0 < int(text) <= LARGEST_PORT


def _log_level(name: str, value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise SettingError(f"{name} is one of {', '.join(LOG_LEVELS)}")
    return value.upper()


def _provider_urls(name: str, value: str) -> Mapping[str, str]:
    remedy = (
        f'{name} is a JSON object of provider id and base URL, for example {{"openai": "https://proxy.example/v1"}}'
    )
    try:
        urls = json.loads(value)
    except ValueError as error:
        raise SettingError(remedy) from error
    if not isinstance(urls, dict) or not all(isinstance(url, str) and url for url in urls.values()):
        raise SettingError(remedy)
    return MappingProxyType(urls)


def _origins(name: str, value: str) -> frozenset[str]:
    origins = frozenset(part.strip().lower() for part in value.split(",") if part.strip())
    for origin in origins:
        host, colon, port = origin.rpartition(":")
        if not (colon and host and _is_port(port)):
            raise SettingError(f"{name} is a comma-separated list of host:port, for example 127.0.0.1:11434")
    return origins


def _secret(name: str, value: str) -> str:
    """Long enough that nobody guesses it: 128 bits in hex have 32 characters."""
    if len(value) < SHORTEST_SECRET or not (value.isascii() and value.isprintable()):
        raise SettingError(
            f"{name} has at least {SHORTEST_SECRET} visible characters, as `openssl rand -hex 32` makes them"
        )
    return value


def _header(name: str, value: str) -> str:
    if not re.fullmatch("[A-Za-z0-9-]{1,64}", value):
        raise SettingError(f"{name} is the name of a header, for example CloudFront-Viewer-Country")
    return value.lower()


class _Reader(NamedTuple):
    field: str
    read: Callable[[str, str], object]


_READERS: Mapping[str, _Reader] = MappingProxyType(
    {
        "REALMULTILLM_HOME": _Reader("home", _folder),
        "REALMULTILLM_HOST": _Reader("host", _text),
        "REALMULTILLM_PORT": _Reader("port", _port),
        "REALMULTILLM_PROVIDER_URLS": _Reader("provider_urls", _provider_urls),
        "REALMULTILLM_EGRESS_ALLOW": _Reader("egress_allow", _origins),
        "REALMULTILLM_LOG_LEVEL": _Reader("log_level", _log_level),
        "REALMULTILLM_ALERT_SECRET": _Reader("alert_secret", _secret),
        "REALMULTILLM_COUNTRY_HEADER": _Reader("country_header", _header),
    }
)
