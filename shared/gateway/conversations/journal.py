"""The owner's journal, opened: its data key is made with the first message that is kept."""

from shared.crypto.journal import Journal, journal_context
from shared.services import Services
from shared.storage.conversations import add_journal_key, find_journal_key


async def open_journal(services: Services, owner: str) -> Journal:
    """It.

    Raises:
        KeyServiceUnavailable: nobody wraps or unwraps data keys now. Nothing is ever kept unsealed instead.
        CredentialCorrupt: its key was not wrapped for this owner.
    """
    context = journal_context(owner)
    wrapped = await find_journal_key(services.table, owner)
    if wrapped is None:
        made = await services.key_wrapper.generate(context)
        wrapped = await add_journal_key(services.table, owner, made.wrapped)
        if wrapped == made.wrapped:
            return Journal(made.plain, owner)
    return Journal(await services.key_wrapper.unwrap(wrapped, context), owner)
