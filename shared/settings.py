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

from shared.aws.places import ENDPOINTS, place_of

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LARGEST_PORT = 65_535
SHORTEST_SECRET = 32
MOST_AT_ONCE = 65_535
_PAGE = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}")
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_KEY = re.compile(r"arn:aws(-[a-z-]+)?:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]{1,256}")
_USER_POOL = re.compile(r"[a-z0-9-]+_[A-Za-z0-9]{1,55}")
_CLIENT = re.compile(r"[A-Za-z0-9_+]{1,128}")
_QUEUE = re.compile(r"https?://[^/?#@\s]+/\d{12}/[A-Za-z0-9_-]{1,80}")
_ENDPOINT = re.compile(r"https://[^/?#@\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")


class SettingError(ValueError):
    """A setting is wrong. The message names it and the remedy, and never repeats a value that could be secret."""


@dataclass(frozen=True, slots=True)
class AwsHome:
    """What the stack made, by its ids, and where AWS is. None of it is a secret but what stands in the environment itself."""

    table: str
    key: str
    user_pool: str
    user_pool_client: str
    settlements: str
    region: str
    endpoints: Mapping[str, str]
    """The URL of each service, without a slash at its end: `dynamodb`, `kms`, `cognito-idp`, `sqs`."""
    environment: Mapping[str, str] = field(repr=False)
    """The living environment, where Lambda puts this function's credentials and, after a restore, others."""

    @property
    def issuer(self) -> str:
        """What stands in the tokens of the user pool, wherever it is asked: https://cognito-idp.<region>.amazonaws.com/<pool>."""
        return f"{place_of('cognito-idp', self.user_pool.partition('_')[0])}/{self.user_pool}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may decide. Defaults are the embedded home's."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8000
    provider_urls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    egress_allow: frozenset[str] = frozenset()
    browser_origins: frozenset[str] = frozenset()
    log_level: str = "INFO"
    most_at_once: int = 1024
    """Requests that the embedded server answers at a time. What one holds is bounded, so this bounds its memory."""
    aws: AwsHome | None = None
    """The home on AWS; None is the embedded one."""
    alert_secret: str | None = field(default=None, repr=False)
    """What alerts are signed with when they are told to a webhook."""
    country_header: str | None = None
    """Where whoever stands before the gateway says from which country a request comes, in lower case."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that the environment asks for.

    Raises:
        SettingError: a value is not what its setting takes, or a REALMULTILLM_ name is none of ours.
    """
    given = {name: value.strip() for name, value in environment.items() if name.startswith("REALMULTILLM_")}
    unknown = sorted(set(given) - set(_READERS) - set(_ON_AWS))
    if unknown:
        raise SettingError(f"{unknown[0]} is not a setting; there are {', '.join(sorted({*_READERS, *_ON_AWS}))}")
    read: dict[str, Any] = {
        reader.field: reader.read(name, given[name]) for name, reader in _READERS.items() if given.get(name)
    }
    return Settings(**{"home": _default_home(environment), "aws": _aws_home(given, environment), **read})


def _aws_home(given: Mapping[str, str], environment: Mapping[str, str]) -> AwsHome | None:
    """All five ids are the home on AWS, none is the embedded one."""
    ids = {name: given[name] for name in _ON_AWS if given.get(name)}
    if not ids:
        return None
    missing = sorted(set(_ON_AWS) - set(ids))
    if missing:
        raise SettingError(
            f"{', '.join(missing)} missing: the home on AWS has all of {', '.join(_ON_AWS)}, the embedded one none"
        )
    read = {_ON_AWS[name].field: _ON_AWS[name].read(name, value) for name, value in ids.items()}
    region = _region(environment)
    return AwsHome(**read, region=region, endpoints=_endpoints(region, environment), environment=environment)


def _region(environment: Mapping[str, str]) -> str:
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""
    if not _REGION.fullmatch(region):
        raise SettingError("AWS_REGION is the region of the table, for example eu-central-1; Lambda sets it")
    return region


def _endpoints(region: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({service: _endpoint(service, region, environment) for service in ENDPOINTS})


def _endpoint(service: str, region: str, environment: Mapping[str, str]) -> str:
    for name in (ENDPOINTS[service], "AWS_ENDPOINT_URL"):
        url = environment.get(name, "").strip().rstrip("/")
        if url and not _ENDPOINT.fullmatch(url):
            raise SettingError(
                f"{name} is a https URL without a path, or http on this machine, for example http://127.0.0.1:4566"
            )
        if url:
            return url
    return place_of(service, region)


def _default_home(environment: Mapping[str, str]) -> Path:
    """`~/.realmultillm`, as the operator's own HOME has it."""
    return Path(environment.get("HOME") or Path.home()) / ".realmultillm"


def _folder(_name: str, value: str) -> Path:
    return Path(value).expanduser().absolute()


def _shaped(shape: re.Pattern[str], example: str) -> "Callable[[str, str], str]":
    """A reader of ids of that shape."""

    def read(name: str, value: str) -> str:
        if not shape.fullmatch(value):
            raise SettingError(f"{name} is {example}")
        return value

    return read


def _text(_name: str, value: str) -> str:
    return value


def _port(name: str, value: str) -> int:
    if not _is_port(value):
        raise SettingError(f"{name} is a port number from 1 to {LARGEST_PORT}, for example 8000")
    return int(value)


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 0 < int(text) <= LARGEST_PORT


def _most_at_once(name: str, value: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", value) or not 0 < int(value) <= MOST_AT_ONCE:
        raise SettingError(f"{name} is a number of requests from 1 to {MOST_AT_ONCE}, for example 1024")
    return int(value)


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


def _pages(name: str, value: str) -> frozenset[str]:
    """Exact, as browsers send them: https://www.rfc-editor.org/rfc/rfc6454#section-6.2."""
    pages = frozenset(part.strip().lower() for part in value.split(",") if part.strip())
    for page in pages:
        if not _PAGE.fullmatch(page):
            raise SettingError(f"{name} is a comma-separated list of origins, for example http://localhost:3000")
    return pages


class _Reader[Value](NamedTuple):
    field: str
    read: Callable[[str, str], Value]


_READERS: Mapping[str, _Reader[object]] = MappingProxyType(
    {
        "REALMULTILLM_HOME": _Reader("home", _folder),
        "REALMULTILLM_HOST": _Reader("host", _text),
        "REALMULTILLM_PORT": _Reader("port", _port),
        "REALMULTILLM_PROVIDER_URLS": _Reader("provider_urls", _provider_urls),
        "REALMULTILLM_EGRESS_ALLOW": _Reader("egress_allow", _origins),
        "REALMULTILLM_BROWSER_ORIGINS": _Reader("browser_origins", _pages),
        "REALMULTILLM_LOG_LEVEL": _Reader("log_level", _log_level),
        "REALMULTILLM_MOST_AT_ONCE": _Reader("most_at_once", _most_at_once),
        "REALMULTILLM_ALERT_SECRET": _Reader("alert_secret", _secret),
        "REALMULTILLM_COUNTRY_HEADER": _Reader("country_header", _header),
    }
)
_ON_AWS: Mapping[str, _Reader[str]] = MappingProxyType(
    {
        "REALMULTILLM_TABLE": _Reader("table", _shaped(_TABLE, "the name of the DynamoDB table")),
        "REALMULTILLM_KEY": _Reader(
            "key", _shaped(_KEY, "the ARN of the KMS key, arn:aws:kms:<region>:<account>:key/<id>")
        ),
        "REALMULTILLM_USER_POOL": _Reader(
            "user_pool", _shaped(_USER_POOL, "the id of the Cognito user pool, for example eu-central-1_AbCdEf123")
        ),
        "REALMULTILLM_USER_POOL_CLIENT": _Reader(
            "user_pool_client", _shaped(_CLIENT, "the id of an app client of that pool, one without a secret")
        ),
        "REALMULTILLM_SETTLEMENTS": _Reader(
            "settlements",
            _shaped(_QUEUE, "the URL of the SQS queue, https://sqs.<region>.amazonaws.com/<account>/<name>"),
        ),
    }
)
"""What the stack tells every door: all five, or none."""
