"""Environment → services → app → Lambda's handler."""

import os

from mangum import Mangum

from functions.admin.app import create_app
from shared.services import Services
from shared.settings import read_settings

handler = Mangum(create_app(Services(read_settings(os.environ))), lifespan="off")
