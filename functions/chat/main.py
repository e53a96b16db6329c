"""Environment → services → app. Lambda's streaming runtime asks for `app`."""

import os

from functions.chat.app import create_app
from shared.services import Services
from shared.settings import read_settings

app = create_app(Services(read_settings(os.environ)))
