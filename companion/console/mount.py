"""Putting the console's pages, their guards and their headers on the application."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, render_template, request, session
from flask_bootstrap import Bootstrap5
from flask_login import current_user
from flask_wtf.csrf import CSRFError

from companion.clock import Clock
from companion.console import (
    account,
    audit,
    broadcasts,
    closings,
    cohorts,
    concerns,
    content,
    episode_news,
    episodes,
    evaluation,
    exchange,
    families,
    first_run,
    groups,
    hours,
    invited,
    left_out,
    local_contacts,
    messages,
    moving,
    nav,
    needs,
    paged,
    past_episodes,
    people,
    questions,
    rights,
    rota,
    rota_add,
    search,
    session_changes,
    sessions,
    settings_page,
    staff,
    supervising,
    today,
    ways,
    words,
    writing,
)
from companion.console.audit_words import details_said
from companion.console.desk import IDLE, Desk, desk, keep_signed_in, now, pages
from companion.console.signin import set_up, written_words
from companion.db import Database
from companion.escalation.words import Voice
from companion.messaging import outage
from companion.messaging.parts import alphabet
from companion.qr import picture
from companion.settings import Settings
from companion.when import clock_time

PAGES = (
    nav,
    today,
    episodes,
    episode_news,
    paged,
    past_episodes,
    closings,
    exchange,
    groups,
    hours,
    session_changes,
    sessions,
    people,
    questions,
    rights,
    moving,
    left_out,
    messages,
    audit,
    account,
    staff,
    invited,
    writing,
    search,
    broadcasts,
    needs,
    concerns,
    supervising,
    content,
    families,
    local_contacts,
    cohorts,
    settings_page,
    first_run,
    evaluation,
    rota,
    rota_add,
    ways,
)

LARGEST = 8_000_000  # bytes that a page may send; what is larger is refused before it is read

# Nothing from elsewhere, no script or style in a page; `data:` is for the small pictures in Bootstrap's own stylesheet.
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def mount(app: Flask, *, database: Database, clock: Clock, settings: Settings, voice: Voice) -> None:
    """Mount everything under /console/."""
    here = Desk(database, clock, settings, voice)
    app.extensions["companion_console"] = here
    set_up(app, here)
    app.static_url_path = app.static_url_path or "/static"  # Bootstrap-Flask makes its own path from it
    Bootstrap5(app)
    app.register_blueprint(pages)
    app.after_request(_headers)
    app.config.setdefault("MAX_CONTENT_LENGTH", LARGEST)
    for problem in (400, 403, 404, 405, 413, 500):
        app.register_error_handler(problem, _problem)
    app.register_error_handler(CSRFError, _problem)
    app.jinja_env.filters.update(
        when=words.when,
        day=words.day,
        clock=words.clock,
        local_clock=clock_time,
        number=words.number,
        delivery=words.delivery,
        family=words.family,
        capitalize_first=words.upper_first,
        coded=words.coded,
        lower_first=words.lower_first,
        qr_picture=picture,
        date_words=words.date_words,
        dated=words.dated,
        nation_words=lambda name: words.named("nations", name),
    )
    app.jinja_env.globals.update(
        named=words.named,
        alarm_words=words.alarm,
        top_places=nav.top_places,
        more_places=nav.more_places,
        message_places=nav.message_places,
        alphabet=alphabet,
        setting_details=details_said,
        now=now,
    )


@pages.before_request
def _stay() -> None:
    if request.headers.get("X-Requested-With") != "fetch" and request.endpoint != "console.static":
        keep_signed_in()


@pages.after_request
def _leave_as_it_was(response: Response) -> Response:
    if request.headers.get("X-Requested-With") == "fetch":
        session.modified = False  # the library stamps every request
    return response


@pages.app_context_processor
def _on_every_page() -> dict[str, Any]:
    settings = desk().settings
    return {
        "service": settings.companion_name,
        "idle_seconds": int(IDLE.total_seconds()),
        "signed_in_until": now() + IDLE,
        "made_at": now(),
        "pence": settings.companion_part_pence,
        "banner": "This is a rehearsal: no text leaves this machine." if settings.simulated else None,
        "outage": _outage() if getattr(current_user, "is_authenticated", False) else None,
    }


def _outage() -> str | None:
    """Return what everyone who is signed in has to know while Twilio is down."""
    with desk().database.read() as session:
        down = outage.is_down(session)
    return "Twilio is down: texts and calls do not go out. Pages go by e-mail. Ring people yourself." if down else None


def _headers(response: Response) -> Response:
    if not request.path.startswith(("/console", "/bootstrap")):
        return response
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if (request.endpoint or "").endswith(".static"):
        response.headers["Cache-Control"] = "public, max-age=3600"
    else:
        response.headers["Cache-Control"] = "no-store, private"
    return response


def _problem(error: Any) -> Any:
    """Answer what went wrong on a console page in plain words; leave all other paths as they are."""
    if not request.path.startswith("/console"):
        return error
    code = getattr(error, "code", None) or 500
    reason = "form" if isinstance(error, CSRFError) else str(code)
    written = [] if code == 413 else _written()  # what was too large cannot be read again
    return render_template("console/problem.html", reason=reason, written=written), code


def _written() -> list[str]:
    """Return the longer words of a form that could not be taken, for whoever is signed in to copy them.

    The cookie does not come along from other sites, so nobody else can make a page here say something.
    """
    if not getattr(current_user, "is_authenticated", False):
        return []
    return written_words()
