"""Days and times of day in a question, written as ISO 8601 has them. Pydantic would take a bare number for seconds since 1970, which no document tells of."""

import re
from datetime import date
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator

_NUMBER: Final = re.compile(r"\s*[+-]?[\d.]+\s*")


def _written(value: Any) -> Any:
    """Raises ValueError for a number, also as text."""
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("a day is written as 2027-01-15, a time as 2027-01-15T08:00:00Z")
    return value


Day = Annotated[date, BeforeValidator(_written)]
Time = Annotated[AwareDatetime, BeforeValidator(_written)]
