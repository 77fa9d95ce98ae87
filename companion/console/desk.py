"""What every page of the console needs at hand: the database, the clock, the settings, and who is asking."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, abort, current_app, g, session
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security.decorators import auth_required

from companion.clock import Clock
from companion.db import Database
from companion.escalation.words import Voice
from companion.models import Person
from companion.settings import Settings

FACILITATOR, LEAD, COORDINATOR, AUDITOR = "facilitator", "lead", "coordinator", "auditor"
READERS = (FACILITATOR, LEAD)  # who may read what trainees wrote
EVERYONE = (FACILITATOR, LEAD, COORDINATOR)  # who runs the programme
SIGNED_IN = (*EVERYONE, AUDITOR)  # an auditor sees what was done and no content

SHIFT = timedelta(hours=12)  # how long one sign-in lasts at most
IDLE = timedelta(minutes=30)  # how long it lasts with nothing done
FRESH = timedelta(minutes=10)  # how recent a password must be for a number or a login to be shown or changed

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

pages = Blueprint(
    "console",
    __name__,
    url_prefix="/console",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)


@dataclass(frozen=True)
class Desk:
    """The console's share of the application."""

    database: Database
    clock: Clock
    settings: Settings
    voice: Voice


def desk() -> Desk:
    """Return the desk of the running application."""
    found: Desk = current_app.extensions["companion_console"]
    return found


def now() -> datetime:
    """Return one moment for the whole request (UTC)."""
    if "companion_now" not in g:
        g.companion_now = desk().clock.now()
    moment: datetime = g.companion_now
    return moment


def me() -> Person:
    """Return who is signed in."""
    person: Person = current_user.person
    return person


def my_id() -> uuid.UUID:
    """Return the id of who is signed in."""
    return me().id


def allow(*roles: str, within: timedelta = SHIFT) -> Callable[[View[P]], View[P]]:
    """Let a page be seen by `roles` only, who gave their password no longer ago than `within`.

    Others are asked to sign in, to give their password again, or get a 403.
    """

    def wrap(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if me().role not in roles:
                abort(403)
            return view(*args, **kwargs)

        checked: Any = auth_required("session", within=lambda: within, grace=0)(guarded)
        checked.roles = roles
        return checked  # type: ignore[no-any-return]

    return wrap


def open_to_all(view: View[P]) -> View[P]:
    """Say of a page that nobody has to sign in to see it."""
    opened: Any = view
    opened.roles = ("nobody",)
    return opened  # type: ignore[no-any-return]


def keep_signed_in() -> None:
    """Start the idle time anew: something was done by a person, not by a script that refreshes a page."""
    session.modified = True
