"""Whether chats are judged before and after, and by whom."""

from typing import Annotated

from fastapi import APIRouter, Depends

from functions.admin.schemas import ModerationAnswer, ModerationBody
from shared.errors import InvalidRequest
from shared.gateway.targets.named import get_named_provider
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.records.policy import INSTALLATION, Moderation
from shared.services import Services
from shared.storage.configs import find_config
from shared.storage.policies import find_policies, forget_policies, save_moderation
from shared.web.fastapi import StrictRoute, admin


def routes(services: Services) -> APIRouter:
    """`GET` and `PUT /moderation`."""
    router = APIRouter(route_class=StrictRoute)
    Admin = Annotated[Caller, Depends(admin(services))]  # noqa: N806 - a type

    @router.get("/moderation")
    async def moderation(_who: Admin) -> ModerationAnswer:
        """Whether chats are judged, and by whom."""
        forget_policies(services.table)
        return ModerationAnswer.of((await find_policies(services.table)).moderation)

    @router.put("/moderation")
    async def change_moderation(body: ModerationBody, who: Admin) -> ModerationAnswer:
        """Judge chats so from now on, in place of what held before; effective within five seconds."""
        chosen = await _checked(services, body)
        await save_moderation(services.table, chosen)
        by = " ".join(chosen.by)
        await note_deed(
            services.audit,
            who,
            "admin.moderation_changed",
            before=str(chosen.before).lower(),
            after=str(chosen.after).lower(),
            by=by,
        )
        return ModerationAnswer.of(chosen)

    return router


async def _checked(services: Services, body: ModerationBody) -> Moderation:
    """A policy that can be kept: a judge who has nothing to judge by, or no key, would refuse everything or nothing.

    Raises:
        InvalidRequest: it could not.
    """
    provider = None
    if "provider" in body.by:
        row = get_named_provider(body.provider, None)
        if row.find_offer("moderations", body.model or "") is None:
            raise InvalidRequest(f"{row.name} judges nothing: name a provider with moderations", parameter="provider")
        if await find_config(services.table, INSTALLATION, row.id, consistent=True) is None:
            raise InvalidRequest(
                f"The installation has no key of {row.name}: PUT /api/admin/providers/{row.id} stores one as `sharedKey`.",
                parameter="provider",
            )
        provider = row.id
    elif body.provider is not None:
        raise InvalidRequest("`provider` judges only where `by` has provider", parameter="provider")
    if "rules" in body.by and (body.before or body.after) and not body.words and not body.shapes:
        raise InvalidRequest("`words` or `shapes` is needed where `by` has rules", parameter="words")
    return Moderation(
        before=body.before,
        after=body.after,
        by=tuple(dict.fromkeys(body.by)),
        words=tuple(dict.fromkeys(word.casefold() for word in body.words)),
        shapes=tuple(dict.fromkeys(body.shapes)),
        provider=provider,
        model=body.model,
        refuse_unjudged=body.refuse_unjudged,
    )
