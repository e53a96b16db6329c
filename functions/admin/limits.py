"""Limits of the organisation, of single users, of providers and of models. Admission keeps them."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from functions.admin.schemas import AllLimitsAnswer, ScopedLimitsAnswer, ScopedLimitsBody
from shared.errors import InvalidRequest, NotFound
from shared.gateway.targets.named import get_named_provider
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.insight.spending import spending_of
from shared.records.changes import of_limits
from shared.records.limits import Limits, Scope, ScopeKind
from shared.services import Services
from shared.storage.accounts import find_account
from shared.storage.policies import (
    DEFAULT_USER,
    ORGANISATION,
    counted_as,
    find_policies,
    forget_policies,
    get_scope_limits,
    list_user_limits,
    save_limits,
)
from shared.web.fastapi import StrictRoute, admin


def routes(services: Services) -> APIRouter:
    """`GET` and `PUT /limits`."""
    router = APIRouter(route_class=StrictRoute)
    Admin = Annotated[Caller, Depends(admin(services))]  # noqa: N806 - a type

    @router.get("/limits")
    async def all_limits(
        _who: Admin,
        after: Annotated[
            str | None, Query(min_length=1, max_length=100, description="`next` of the page before.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> AllLimitsAnswer:
        """All limits that admins set, and what was spent of them. Those of users come page by page, behind all others."""
        forget_policies(services.table)
        policies = await find_policies(services.table)
        kinds: dict[str, ScopeKind] = {
            "organisation": "organisation",
            "provider": "provider",
            "model": "model",
            "user": "user",
        }
        of_all = [
            (Scope(kinds[kind], name), limits)
            for (kind, name), limits in sorted(policies.limits.items(), key=lambda each: each[0])
        ]
        users, following = await list_user_limits(services.table, after=after, limit=limit)
        of_users = [(Scope("user", owner), limits) for owner, limits in users]
        return AllLimitsAnswer(limits=await _shown(services, of_users if after else of_all + of_users), next=following)

    @router.put("/limits")
    async def change_limits(body: ScopedLimitsBody, who: Admin) -> ScopedLimitsAnswer:
        """Set the limits of a scope, in place of those it had; effective within five seconds."""
        limits, name = body.read(), await _get_scope(services, body)
        before = await get_scope_limits(services.table, body.scope, name)
        await save_limits(services.table, body.scope, name, limits)
        changed = of_limits(before, limits)
        await note_deed(services.audit, who, "admin.limits_changed", subject=name, scope=body.scope, **changed)
        return (await _shown(services, [(Scope(body.scope, name), limits)]))[0]

    return router


async def _shown(services: Services, scopes: Sequence[tuple[Scope, Limits]]) -> list[ScopedLimitsAnswer]:
    counted = [(await counted_as(services.table, scope), limits) for scope, limits in scopes]
    spending = await spending_of(services.table, counted, now=services.now())
    return [ScopedLimitsAnswer.for_scope(*each, spent) for each, spent in zip(scopes, spending, strict=True)]


async def _get_scope(services: Services, body: ScopedLimitsBody) -> str:
    """The id of the scope, in its one form.

    Raises:
        InvalidRequest: it is missing, or not in that form.
        NotFound: there is no such user or provider.
    """
    if body.scope == "organisation":
        if body.id not in {None, ORGANISATION}:
            raise InvalidRequest("`id` is left out for the organisation: there is one", parameter="id")
        return ORGANISATION
    if body.id is None:
        raise InvalidRequest(f"`id` names the {body.scope}", parameter="id")
    if body.scope == "user":
        if body.id != DEFAULT_USER and await find_account(services.table, body.id) is None:
            raise NotFound("There is no such user. GET /api/admin/users lists all.", details={"parameter": "id"})
        return body.id
    provider, slash, model = body.id.partition("/")
    if (body.scope == "model") != bool(slash and model):
        raise InvalidRequest(
            "`id` is a provider, or for `scope`: model one of its models as provider/model", parameter="id"
        )
    row = get_named_provider(provider, None)
    return f"{row.id}/{model}" if slash else row.id
