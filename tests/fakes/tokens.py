"""Access tokens that are already there."""

from dataclasses import replace
from typing import Any

from shared.identity.opaque import digest_of
from shared.identity.tokens import mint_token
from shared.records.token import AccessToken
from shared.services import Services
from shared.storage.tokens import add_token


async def narrowed(services: Services, who: dict[str, str], **allowed: Any) -> dict[str, str]:
    """The header of a program that this person gave a token, for what is named alone."""
    owner = (await services.accounts.verify(who["authorization"].removeprefix("Bearer "))).owner
    token_id, text = mint_token()
    token = AccessToken(id=token_id, owner=owner, name="ci", digest=digest_of(text), created_at=0, updated_at=0)
    await add_token(services.table, replace(token, **allowed))
    return {"authorization": f"Bearer {text}"}
