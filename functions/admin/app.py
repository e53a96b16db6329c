"""Routes of the admin door, each for somebody who is signed in as an admin; an access token never is."""

from fastapi import FastAPI

from functions.admin import alerts, audit, limits, moderation, providers, sign_up, totals, users
from shared.services import Services
from shared.web.fastapi import new_door


def create_app(services: Services) -> FastAPI:
    """The door. Nothing is opened before the first request."""
    app = new_door(services, title="Administration")
    for part in (users, sign_up, totals, providers, limits, audit, alerts, moderation):
        app.include_router(part.routes(services), prefix="/api/admin", tags=["Admin"])
    return app
