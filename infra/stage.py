"""What an operator may decide about a deployment: `cdk deploy -c stage=prod -c alarm-email=ops@example.com`.

A stage is a set of defaults; every field of it can be set on the command line, or under `context` in cdk.json, by its name with hyphens.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

Architecture = Literal["arm64", "x86_64"]
ChatRuntime = Literal["own", "web-adapter"]

STAGE: Final = "stage"
LONGEST_CHAT: Final = 900
"""Seconds: the most that a Lambda function may take."""


class StageError(ValueError):
    """A setting of the deployment is wrong. The message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment. Memory in MB, times in seconds, rates a second."""

    name: str
    architecture: Architecture = "arm64"
    keep_data: bool = True
    """Table, key and user pool outlive the stack, and the first and last cannot be deleted by mistake."""
    table: str | None = None
    """The name of a table that was restored from a backup, to be used in place of the stack's own."""
    chat_memory: int = 512
    chat_seconds: int = LONGEST_CHAT
    chat_concurrency: int | None = None
    """Chats at a time, reserved: what one flood can cost. An account needs a quota of 100 more than all that is reserved."""
    door_memory: int = 512
    door_seconds: int = 29
    door_concurrency: int | None = None
    """The same, for each other door."""
    chat_runtime: ChatRuntime = "own"
    snap_start: bool = False
    managed_instances: bool = False
    edge: bool = False
    """One address for all doors: a REST API that streams, behind AWS WAF."""
    domain: str | None = None
    certificate: str | None = None
    """ARN of the certificate of `domain`, in the stack's own region."""
    cors_origins: tuple[str, ...] = ()
    requests_a_second: int = 50
    requests_at_once: int = 100
    requests_by_address: int = 2000
    """With `edge`: from one address in five minutes."""
    log_days: int = 30
    alarm_email: str | None = None
    monthly_budget: int | None = None
    """US dollars: what the whole AWS account may cost before `alarm_email` hears of it."""
    assume_roles: tuple[str, ...] = ()
    """ARNs of the roles that callers may name as their key for Bedrock."""
    provider_urls: str | None = None
    egress_allow: str | None = None
    log_level: str = "INFO"
    country_header: str | None = None
    """Where whoever stands before the stack says from which country a request comes."""


_STAGES: Final[Mapping[str, Stage]] = MappingProxyType(
    {
        "dev": Stage("dev", keep_data=False, log_days=7),
        "prod": Stage("prod", chat_concurrency=200, door_concurrency=50, log_days=90),
    }
)
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,20}")
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")
_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/*-]+")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LOG_DAYS: Final = (1, 7, 14, 30, 90, 180, 365, 731)
"""Of those that CloudWatch Logs takes. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html (2026-11)."""


def read_stage(find: Callable[[str], Any]) -> Stage:
    """The stage that the CDK's context asks for; `find` gives a value by its key, or None.

    Raises:
        StageError: a value is not what its setting takes, or two do not go together.
    """
    name = find(STAGE) or "dev"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise StageError(f"{STAGE}: a name of lower-case letters, digits and hyphens, for example prod")
    stage = replace(_STAGES.get(name, _STAGES["prod"]), name=name)
    given = {field: find(_key(field)) for field in _READERS}
    read = {field: _READERS[field](_key(field), value) for field, value in given.items() if value is not None}
    return _checked(replace(stage, **read))


def settings() -> list[str]:
    """The names that can be set."""
    return [STAGE, *map(_key, _READERS)]


def _key(field: str) -> str:
    return field.replace("_", "-")


def _checked(stage: Stage) -> Stage:
    if stage.snap_start and stage.managed_instances:
        raise StageError("snap-start and managed-instances exclude each other: choose one")
    if stage.domain is not None and not (stage.edge and stage.certificate):
        raise StageError("domain needs edge=true and certificate, the ARN of its certificate in the same region")
    if stage.monthly_budget is not None and stage.alarm_email is None:
        raise StageError("monthly-budget needs alarm-email: somebody has to hear of it")
    return stage


def _switch(key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value not in {"true", "false"}:
        raise StageError(f"{key} is true or false")
    return bool(value == "true")


def _number(lowest: int, highest: int) -> Callable[[str, Any], int]:
    def read(key: str, value: Any) -> int:
        text = str(value)
        if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}", text) or not lowest <= int(text) <= highest:
            raise StageError(f"{key} is a whole number from {lowest} to {highest}")
        return int(text)

    return read


def _one_of(*choices: Any) -> Callable[[str, Any], Any]:
    by_text = {str(choice): choice for choice in choices}

    def read(key: str, value: Any) -> Any:
        if str(value) not in by_text:
            raise StageError(f"{key} is one of {', '.join(by_text)}")
        return by_text[str(value)]

    return read


def _text(shape: re.Pattern[str], example: str) -> Callable[[str, Any], str]:
    def read(key: str, value: Any) -> str:
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise StageError(f"{key} is written like {example}")
        return value

    return read


def _texts(shape: re.Pattern[str], example: str) -> Callable[[str, Any], tuple[str, ...]]:
    one = _text(shape, example)

    def read(key: str, value: Any) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list):
            raise StageError(f"{key} is a list, or text with commas")
        return tuple(one(key, part.strip() if isinstance(part, str) else part) for part in parts)

    return read


_ANYTHING: Final = re.compile(r"\S.*", re.DOTALL)
_READERS: Final[Mapping[str, Callable[[str, Any], Any]]] = MappingProxyType(
    {
        "architecture": _one_of(*get_args(Architecture)),
        "keep_data": _switch,
        "table": _text(re.compile(r"[A-Za-z0-9_.-]{3,255}"), "RealMultiLLM-restored"),
        "chat_memory": _number(256, 10_240),
        "chat_seconds": _number(30, LONGEST_CHAT),
        "chat_concurrency": _number(1, 100_000),
        "door_memory": _number(256, 10_240),
        "door_seconds": _number(5, 29),
        "door_concurrency": _number(1, 100_000),
        "chat_runtime": _one_of(*get_args(ChatRuntime)),
        "snap_start": _switch,
        "managed_instances": _switch,
        "edge": _switch,
        "domain": _text(re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+"), "llm.example.com"),
        "certificate": _text(
            re.compile(r"arn:aws[a-z-]*:acm:\S+"), "arn:aws:acm:eu-central-1:111122223333:certificate/…"
        ),
        "cors_origins": _texts(_ORIGIN, "https://console.example.com"),
        "requests_a_second": _number(1, 10_000),
        "requests_at_once": _number(1, 10_000),
        "requests_by_address": _number(10, 2_000_000),
        "log_days": _one_of(*LOG_DAYS),
        "alarm_email": _text(_EMAIL, "ops@example.com"),
        "monthly_budget": _number(1, 100_000_000),
        "assume_roles": _texts(_ROLE, "arn:aws:iam::111122223333:role/bedrock-*"),
        "provider_urls": _text(_ANYTHING, '{"openai": "https://proxy.example/v1"}'),
        "egress_allow": _text(_ANYTHING, "proxy.example:8443"),
        "log_level": _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        "country_header": _text(re.compile(r"[A-Za-z0-9-]{1,64}"), "CloudFront-Viewer-Country"),
    }
)
assert set(_READERS) == {field.name for field in fields(Stage)} - {"name"}, "every field of a stage can be set"  # noqa: S101 - of this file alone
