"""Routes of the accounts door. Signing in gives a session to a person; a person gives access tokens to programs."""

from fastapi import FastAPI

from functions.accounts.account import add_account
from functions.accounts.sessions import add_sessions
from functions.accounts.tokens import add_tokens
from shared.services import Services
from shared.web.fastapi import new_door


def create_app(services: Services) -> FastAPI:
    """The door."""
    app = new_door(services, title="Accounts")
    add_sessions(app, services)
    add_tokens(app, services)
    add_account(app, services)
    return app
