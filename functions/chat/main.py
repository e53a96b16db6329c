"""Environment → services → app. Lambda's streaming runtime (shared/runtime) asks for `app` and the hooks; where it is not started, `handler` answers whole."""

import importlib
import os

from functions.chat.app import create_app
from shared.observability import set_up_logging_when_needed
from shared.runtime.buffered import Buffered
from shared.services import Services
from shared.settings import read_settings

_settings = read_settings(os.environ)
_services = Services(_settings)
set_up_logging_when_needed(_settings.log_level)
app = create_app(_services)
handler = Buffered(app)


async def before_snapshot() -> None:
    """SnapStart: what is loaded late elsewhere is in the snapshot, for there it costs nobody's time."""
    from shared.observability import logger  # noqa: PLC0415 - only where a snapshot is taken
    from shared.providers.prices import load  # noqa: PLC0415 - the same

    logger()
    load()
    importlib.import_module("functions.chat.history.app")


async def after_restore() -> None:
    """SnapStart: connections, credentials and what was remembered are of the life before the snapshot."""
    await _services.restored()
