"""A config's key, opened just before it is used, for the one place that it was sealed for."""

from shared.errors import CredentialCorrupt
from shared.gateway.targets.target import Target
from shared.secrets import ApiKey
from shared.services import Services
from shared.storage.configs import mark_key


async def open_key(services: Services, target: Target) -> ApiKey | None:
    """The key; None where the provider needs none.

    Raises:
        CredentialCorrupt: it does not open here. The config says from now on that it has to be entered again (trap 76),
            and the audit log that it did not open (threats K1 and K2).
        KeyServiceUnavailable: nobody unwraps data keys now.
    """
    if target.config.sealed is None:
        return None
    try:
        return await services.vault.open(target.config.sealed, target.config.binding(target.base.origin))
    except CredentialCorrupt:
        await mark_key(services.table, target.config, "needs_reentry")
        if target.config.key_status != "needs_reentry":  # once, not at each try
            details = {"provider": target.provider.id, "owner": target.config.owner}
            await services.audit.add("key.did_not_open", subject=target.config.id, details=details)
        raise
