"""When a provider wants to be asked again, in every way in which providers say so. Traps 31, 32."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

LONGEST: Final = 3600.0
"""Seconds. Whoever names a longer time is asked again after an hour."""
_NUMBER: Final = re.compile(r"\d{1,18}(\.\d{1,18})?", re.ASCII)


def read_retry_after(headers: Mapping[str, str], body: Any, now: float | None = None) -> float | None:
    """Seconds to wait, between 0 and `LONGEST`; None when nobody said, or said nothing that makes sense.

    `headers` are lower-case: `retry-after-ms` (OpenAI, Azure), then `retry-after` in seconds or as a date
    (https://www.rfc-editor.org/rfc/rfc9110#name-retry-after). A date is held against `now` (epoch seconds), else against the `date` of
    the same answer. `body` is the parsed JSON: `retry_after`, or Google's `RetryInfo.retryDelay`
    (https://cloud.google.com/apis/design/errors#error_details), at its top or in its `error`.
    """
    found = _milliseconds(headers.get("retry-after-ms"))
    if found is None:
        found = _header(headers.get("retry-after"), headers.get("date"), now)
    if found is None:
        found = _body(body)
    return None if found is None else min(found, LONGEST)


def _milliseconds(text: str | None) -> float | None:
    value = _seconds(text)
    return None if value is None else value / 1000


def _header(text: str | None, date: str | None, now: float | None) -> float | None:
    if text is None or (seconds := _seconds(text)) is not None:
        return seconds if text else None
    until = _epoch(text)
    since = _epoch(date) if now is None else now
    return None if until is None or since is None else max(0.0, until - since)


def _seconds(value: Any) -> float | None:
    """`13`, `0.5`, `"13"` or `"13s"`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip().removesuffix("s")
    return float(text) if _NUMBER.fullmatch(text) else None


def _epoch(text: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _body(body: Any) -> float | None:
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return None
    for holder in (body, body.get("error")):
        if not isinstance(holder, dict):
            continue
        details = holder.get("details")
        said = [holder.get("retry_after"), *_delays(details if isinstance(details, list) else [])]
        for value in said:
            if (seconds := _seconds(value)) is not None:
                return seconds
    return None


def _delays(details: list[Any]) -> list[Any]:
    return [detail.get("retryDelay") for detail in details if isinstance(detail, dict)]
