"""The log: one line of JSON per event, and what may never be in it; and the metrics of requests and of what befalls them. Threats H8 and K8.

Text of callers and providers never goes into a message or a name of a field; what is logged of it is ids, counts and codes.
Whatever is logged nevertheless, by us or by a traceback, loses everything shaped like a key before it is written.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

MASKED = "[masked]"

request_id_of_this_task: ContextVar[str | None] = ContextVar("request_id_of_this_task", default=None)
"""Set at the edge; every line says it."""

TOO_TALKATIVE = ("botocore", "boto3", "httpcore", "httpx", "urllib3", "hpack", "asyncio")
"""Their debug lines hold headers and bodies."""

_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9a-f]{4})|(?<=\\x[0-9a-f]{2})|(?<=%[0-9a-f]{2}))"
"""Where a word begins, also after an escape of JSON, Python or a URL."""

_KEY = re.compile(
    rf"""
      {_START}(?:sk|rt|csk|pplx|xai|nvapi|fw|gsk|hf|gh[opusr]|github_pat|tgp_v1|r8)[-_][A-Za-z0-9_\-]{{8,}}
    | {_START}AIza[A-Za-z0-9_\-]{{16,}}
    | {_START}AQ\.[A-Za-z0-9_\-]{{16,}}
    | {_START}A(?:KI|SI)A[A-Z0-9]{{12,}}
    | {_START}eyJ[A-Za-z0-9_\-]{{8,}}(?:\.[A-Za-z0-9_\-]*){{1,4}}
    | (?<=bearer\s)[A-Za-z0-9._~+/\-]{{8,}}=*
    | (?<=basic\s)[A-Za-z0-9+/]{{8,}}=*
    | (?<=[?&]key=)[^&\s"'\\]+
    | (?<=://)[^/\s"'\\@:]*:[^/\s"'\\@]+(?=@)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Anything shaped like a key: those of the providers in the catalogue, AWS's, JWTs, our own, what follows `Bearer`, and passwords in URLs."""

_NAMED = re.compile(
    r"""(\\?["']?(?:x-api-key|x-goog-api-key|api-key|api_?key|authorization|password|secret|(?:access|refresh)_?token)\\?["']?\s*[:=]\s*\\?["'])([^"'\\]+)""",
    re.IGNORECASE,
)
"""A value beside a name that promises a secret, whatever its own shape."""


SIGNS: Final = (
    *(f"{name}{joint}" for name in ("sk", "rt", "pplx", "xai", "nvapi", "fw", "hf", "github_pat", "tgp_v1", "r8") for joint in "-_"),
    *(f"gh{kind}{joint}" for kind in "opusr" for joint in "-_"),
    *("aiza", "aq.", "akia", "asia", "eyj", "bearer", "basic", "key=", "://"),
    *("api-key", "api_key", "apikey", "authorization", "password", "secret"),
    *("access_token", "accesstoken", "refresh_token", "refreshtoken"),
)  # fmt: skip
"""What every match of the two holds a part of, in lower case. Most lines hold none, and looking for these takes a hundredth of the time."""


def mask(text: str) -> str:
    """The text without what is shaped like a key. JSON stays JSON."""
    folded = text.casefold()
    if not any(sign in folded for sign in SIGNS):
        return text
    return mask_thoroughly(text)


def mask_thoroughly(text: str) -> str:
    """The same without looking first whether there is anything."""
    return _NAMED.sub(rf"\1{MASKED}", _KEY.sub(MASKED, text))


@cache
def logger() -> "Logger":
    """The logger of everything here. Fields that belong to one request: `logger().thread_safe_append_keys(…)`."""
    ours = make_logger(sys.stdout)
    for waiting in logging.getLogger().handlers:
        if isinstance(waiting, _NotYet):
            _set_up(ours, waiting.wanted)
    return ours


def make_logger(stream: IO[str], *, name: str = "realmultillm") -> "Logger":
    """A logger that writes to this stream."""
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - 60 ms that a request without a log line need not pay
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter  # noqa: PLC0415 - the same

    class Line(LambdaPowertoolsFormatter):
        def serialize(self, log: dict[str, object]) -> str:  # type: ignore[override]  # theirs is a TypedDict of the same
            return line(log)

    return Logger(service=name, level="INFO", stream=stream, logger_formatter=Line(utc=True))


def line(log: dict[str, object]) -> str:
    """One event, masked, on one line."""
    log = {
        name: value for name, value in log.items() if name != "taskName"
    }  # asyncio's number: `Task-7` says nothing, and looks like a key
    if request := request_id_of_this_task.get():
        log = {**log, "request_id": request}
    return mask(json.dumps(log, default=lambda value: type(value).__name__, ensure_ascii=True))


def set_up_logging(level: str) -> None:
    """For `main.py`: our level, and the same lines for what libraries warn of. uvicorn's access log stays off: it has URLs."""
    _set_up(logger(), level)


def _set_up(ours: "Logger", level: str) -> None:
    ours.setLevel(level)
    logging.getLogger(ours.service).propagate = False  # or the root says each line again
    root = logging.getLogger()
    root.handlers = [ours.registered_handler]
    root.setLevel(logging.WARNING)
    for name in TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


NAMESPACE: Final = "RealMultiLLM"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its CloudWatch unit, and by what it can be told apart. Each is also there without that, as the sum of all."""

    name: str
    unit: Literal["Count", "Seconds", "None"]
    dimensions: tuple[str, ...]


METRICS: Final = (
    Metric("llm_requests_total", "Count", ("provider", "outcome")),
    Metric("llm_request_duration_seconds", "Seconds", ("provider", "outcome")),
    Metric("llm_time_to_first_token_seconds", "Seconds", ("provider", "outcome")),
    Metric("llm_cost_usd_total", "None", ("provider", "outcome")),
    Metric("llm_unpriced_requests_total", "Count", ("provider", "outcome")),
    Metric("llm_tokens_total", "Count", ("provider", "direction")),
    Metric("llm_token_kinds_total", "Count", ("provider", "kind")),
    Metric("llm_errors_total", "Count", ("provider", "code")),
    Metric("llm_breaker_open_total", "Count", ("provider",)),
    Metric("llm_limit_refusals_total", "Count", ("policy",)),
    Metric("llm_unsettled_total", "Count", ("state",)),
    Metric("llm_provider_distrusted_total", "Count", ("provider", "reason")),
)
"""All that there are. No dimension is an owner, a model or a caller's text: each value of one costs, and is anybody's to read."""


@dataclass(frozen=True, slots=True)
class BreakerOpened:
    """A provider failed so many that it is left alone for a while. Told once for each time, by whichever process was first."""

    provider: str


@dataclass(frozen=True, slots=True)
class LimitRefused:
    """A limit let somebody not in: `policy` is `requests`, `tokens`, `concurrent` or `budget`, or `unpriced` where a budget met a model without a price.

    `scope` is the kind of what is limited, which the alarm on all of a policy has no need of: it is no dimension.
    """

    policy: str
    scope: str


@dataclass(frozen=True, slots=True)
class Unsettled:
    """The end of a request that the table did not take. It is `waiting` for the sweeper or, at worst, `logged` alone; later it is `settled`.

    `refused`: something waited that this installation did not sign.
    """

    state: Literal["waiting", "logged", "settled", "refused"]


@dataclass(frozen=True, slots=True)
class ProviderDistrusted:
    """What a provider showed cannot be: a `certificate` of somebody else, who may be in between, or a `usage` in whose place an estimate stands."""

    provider: str
    reason: Literal["certificate", "usage"]


type Incident = BreakerOpened | LimitRefused | Unsettled | ProviderDistrusted


def write_incident(incident: Incident) -> None:
    """The metric of what befell, in the same way as those of requests."""
    match incident:
        case BreakerOpened(provider):
            write_metrics(({"provider": provider}, {"llm_breaker_open_total": 1}))
        case LimitRefused(policy):
            write_metrics(({"policy": policy}, {"llm_limit_refusals_total": 1}))
        case Unsettled(state):
            write_metrics(({"state": state}, {"llm_unsettled_total": 1}))
        case ProviderDistrusted(provider, reason):
            write_metrics(({"provider": provider, "reason": reason}, {"llm_provider_distrusted_total": 1}))


type Measured = tuple[Mapping[str, str], Mapping[str, float]]
"""Values by the name of their metric, and their dimensions."""


def write_metrics(*measured: Measured) -> None:
    """A line from which CloudWatch makes metrics: nothing is asked of anybody. A dimension has one value in a line.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html (2026-11)
    """
    told: dict[str, Any] = {"_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": []}}
    for dimensions, values in measured:
        named = [{"Name": each.name, "Unit": each.unit} for each in METRICS if each.name in values]
        directive = {"Namespace": NAMESPACE, "Dimensions": [[], list(dimensions)], "Metrics": named}
        told["_aws"]["CloudWatchMetrics"].append(directive)
        told |= {**dimensions, **values}
    sys.stdout.write(json.dumps(told, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def set_up_logging_when_needed(level: str) -> None:
    """The same, at the first line: for a start that has no time for it."""
    logging.getLogger().handlers = [_NotYet(level)]


class _NotYet(logging.Handler):
    """Sets the logging up when something is said, and says that."""

    def __init__(self, level: str) -> None:
        super().__init__()
        self.wanted = level

    def emit(self, record: logging.LogRecord) -> None:
        _set_up(logger(), self.wanted)  # its own lines never come here
        logging.getLogger(record.name).handle(record)
