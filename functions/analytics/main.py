"""Environment → services → app → Lambda's handler."""

import os

from mangum import Mangum

from functions.analytics.app import create_app
from shared.observability import set_up_logging_when_needed
from shared.services import Services
from shared.settings import read_settings

_settings = read_settings(os.environ)
set_up_logging_when_needed(_settings.log_level)
app = create_app(Services(_settings))
handler = Mangum(app, lifespan="off")
