"""Whether somebody who is not known yet may make an account."""

from typing import Annotated

from fastapi import APIRouter, Depends

from functions.admin.schemas import SignUpAnswer, SignUpBody
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.services import Services
from shared.storage.policies import find_policies, forget_policies, save_sign_up
from shared.web.fastapi import StrictRoute, admin


def routes(services: Services) -> APIRouter:
    """`GET` and `PUT /sign-up`."""
    router = APIRouter(route_class=StrictRoute)
    Admin = Annotated[Caller, Depends(admin(services))]  # noqa: N806 - a type

    @router.get("/sign-up")
    async def sign_up(_who: Admin) -> SignUpAnswer:
        """Whether people may sign up."""
        forget_policies(services.table)
        return SignUpAnswer(sign_up=(await find_policies(services.table)).sign_up)

    @router.put("/sign-up")
    async def change_sign_up(body: SignUpBody, who: Admin) -> SignUpAnswer:
        """Let people sign up, or nobody any more; effective within five seconds. Who has an account is not concerned."""
        forget_policies(services.table)
        before = (await find_policies(services.table)).sign_up
        await save_sign_up(services.table, body.sign_up)
        await note_deed(services.audit, who, "admin.sign_up_changed", signUp=f"{before} to {body.sign_up}")
        return SignUpAnswer(sign_up=body.sign_up)

    return router
