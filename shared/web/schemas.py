"""What every body that outsiders send or get has in common."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

_CENT: Final = Decimal("0.01")
_SMALLEST_BUDGET: Final = Decimal("0.000001")


class Body(BaseModel):
    """A body as callers write it: names in camelCase, and none that we do not know (threat I4)."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True)


class Answer(BaseModel):
    """A body as callers read it, made from our own fields."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


def write_time(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(write_time, return_type=str)]
"""A time, as we write it."""


def moment(seconds: float) -> datetime:
    """A time, from epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def write_dollars(amount: Decimal) -> str:
    """An amount of money in US dollars: cents at least, and every digit there is; nothing is `0`."""
    if not amount:
        return "0"
    exact = amount.normalize()
    return f"{exact if exact.as_tuple().exponent in range(-99, -2) else exact.quantize(_CENT):f}"


def _countable(amount: Decimal) -> Decimal:
    if 0 < amount < _SMALLEST_BUDGET:
        raise ValueError(f"the smallest budget is {_SMALLEST_BUDGET} USD; 0 allows nothing")
    return amount


Budget = Annotated[
    Decimal,
    Field(ge=0, max_digits=20, decimal_places=8, examples=["25.00"]),
    AfterValidator(_countable),
    PlainSerializer(write_dollars, return_type=str),
]
"""A budget as callers write it: a decimal string, or a number. 0 blocks, null does not limit (trap 68); money is counted in micro-dollars."""


class ErrorDetail(Answer):
    """What went wrong."""

    message: str
    code: str
    status_code: int
    details: dict[str, Any]
    request_id: str


class ErrorBody(Answer):
    """The form of every error."""

    error: ErrorDetail
