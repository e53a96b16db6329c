"""People: who there is, who administers, and who may come in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from functions.admin.schemas import PeopleAnswer, PersonAnswer, UserChange
from shared.errors import Conflict, InvalidRequest, NotFound
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.records.account import Account
from shared.services import Services
from shared.storage.accounts import change_account, end_sign_ins, find_account
from shared.storage.people import changing_roles, has_other_admin, list_people
from shared.web.fastapi import StrictRoute, admin

LONGEST_ID = 64
"""Characters; a longer one is nobody's."""


def routes(services: Services) -> APIRouter:
    """`GET /users`, `PATCH /users/{user_id}`."""
    router = APIRouter(route_class=StrictRoute)
    Admin = Annotated[Caller, Depends(admin(services))]  # noqa: N806 - a type

    @router.get("/users")
    async def users(
        _who: Admin,
        search: Annotated[str, Query(max_length=254, description="A part of the e-mail.")] = "",
        after: Annotated[str | None, Query(min_length=1, max_length=LONGEST_ID)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> PeopleAnswer:
        """All people, page by page."""
        found, following = await list_people(services.table, search=search.lower(), after=after, limit=limit)
        return PeopleAnswer(users=[PersonAnswer.of(account) for account in found], next=following)

    @router.patch("/users/{user_id}")
    async def change_user(user_id: str, body: UserChange, who: Admin) -> PersonAnswer:
        """Change a role, or whether somebody may come in. Sessions and access tokens of who may not end within five seconds."""
        async with changing_roles(services.table, services.now()):
            before = await _get_account(services, user_id)
            after = await _changed(services, before, body)
        await note_deed(
            services.audit,
            who,
            "admin.user_changed",
            subject=user_id,
            role=None if body.role is None else f"{before.role} to {after.role}",
            isActive=None if body.is_active is None else f"{before.is_active} to {after.is_active}",
        )
        return PersonAnswer.of(after)

    return router


async def _get_account(services: Services, user_id: str) -> Account:
    account = await find_account(services.table, user_id) if len(user_id) <= LONGEST_ID else None
    if account is None:
        raise NotFound("There is no such user. GET /api/admin/users lists all.", details={"parameter": "user_id"})
    return account


async def _changed(services: Services, account: Account, body: UserChange) -> Account:
    for name in body.model_fields_set:
        if getattr(body, name) is None:
            field = UserChange.model_fields[name].alias or name
            raise InvalidRequest(f"`{field}` cannot be null. Leave it out to keep it.", parameter=field)
    administers = account.role == "admin" and account.is_active
    if administers and (body.role == "user" or body.is_active is False):
        await check_not_last_admin(services, account.owner)
    if body.role is not None and body.role != account.role:
        await services.accounts.change_role(account, body.role)
    if body.is_active is not None:
        await change_account(services.table, account, is_active=body.is_active)
    if body.is_active is False:
        await end_sign_ins(services.table, account.owner)
    return await _get_account(services, account.owner)


async def check_not_last_admin(services: Services, owner: str) -> None:
    """Raises Conflict where nobody else administers: an installation without an admin could not be helped any more."""
    if not await has_other_admin(services.table, owner):
        raise Conflict("This is the last admin. Make somebody else admin first.", details={"parameter": "role"})
