"""Environment → services → app → Lambda's handler."""

import os

from mangum import Mangum

from functions.history.app import create_app
from shared.services import Services
from shared.settings import read_settings

app = create_app(Services(read_settings(os.environ)))
handler = Mangum(app, lifespan="off")
