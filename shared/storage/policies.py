"""Which limits stand over a request."""

from shared.records.limits import Limits, Scope
from shared.records.token import AccessToken
from shared.storage.table import Table


async def find_limits(
    table: Table,  # noqa: ARG001 - the same
    owner: str,  # noqa: ARG001 - the same
    token: AccessToken | None,
    provider: str,  # noqa: ARG001 - the same
    model: str,  # noqa: ARG001 - the same
) -> tuple[tuple[Scope, Limits], ...]:
    """The limits of everything that this request belongs to; scopes that nothing limits are left out."""
    if token is None or (limits := limits_of_token(token)).is_empty:
        return ()
    return ((Scope("token", token.id), limits),)


def limits_of_token(token: AccessToken) -> Limits:
    """What the token itself says."""
    return Limits(
        requests_per_minute=token.requests_per_minute,
        tokens_per_minute=token.tokens_per_minute,
        max_concurrent=token.max_concurrent,
        budget_usd=token.budget_usd,
        budget_period=token.budget_period,
    )
