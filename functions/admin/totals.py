"""The installation in numbers."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends

from functions.admin.schemas import TotalsAnswer
from shared.identity.caller import Caller
from shared.services import Services
from shared.storage.configs import every_config
from shared.storage.people import every_account
from shared.web.fastapi import StrictRoute, admin


def routes(services: Services) -> APIRouter:
    """`GET /analytics`."""
    router = APIRouter(route_class=StrictRoute)

    @router.get("/analytics")
    async def totals(_who: Annotated[Caller, Depends(admin(services))]) -> TotalsAnswer:
        """How many people there are, and how many keys of which providers."""
        people = Counter[str]()
        async for account in every_account(services.table):
            people[account.role if account.is_active else "inactive"] += 1
        configs = Counter[str]()
        async for config in every_config(services.table):
            configs[config.provider] += 1
        return TotalsAnswer(
            users=people.total(),
            admins=people["admin"],
            inactive_users=people["inactive"],
            configs=dict(sorted(configs.items())),
        )

    return router
