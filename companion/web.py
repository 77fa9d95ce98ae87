"""The web server: webhooks, console, health, and the few public pages."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, redirect, render_template
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as AnyResponse

from companion.agenda import next_due
from companion.console import register as register_console
from companion.escalation.ringing import PhoneDesk
from companion.messaging.signature import Signatures
from companion.messaging.webhooks import webhooks
from companion.models import LANES, OutboxMessage
from companion.models.texts import QUEUED_NOW
from companion.place_pages import place_pages
from companion.privacy.pages import pages as copy_pages
from companion.programme.weeks_page import pages as weeks_pages
from companion.proof.health import wrong
from companion.rota.feed import feed
from companion.schema import require_current
from companion.services import Services, open_services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)


def build_app(services: Services | None = None) -> Flask:
    """Put the application together. Raises SettingsError, ContentError or DatabaseError."""
    services = services or open_services()
    settings, clock, database = services.settings, services.clock, services.database
    require_current(database)
    app = Flask("companion", static_folder=None)
    app.config["SECRET_KEY"] = settings.secret_key
    _put_in_front(app, build_doors(services))
    register_console(app, database=database, clock=clock, settings=settings, voice=services.voice)
    app.register_blueprint(copy_pages(services.database, clock, settings, services.words))
    app.register_blueprint(place_pages(database, clock, services.voice))
    app.register_blueprint(weeks_pages(services.database, clock, settings, services.words))
    app.register_blueprint(feed(services.database, clock, settings))
    _public_pages(app, services)
    _health(app, services)
    if settings.simulated:
        _demonstration(app, services)
    return app


def build_doors(services: Services) -> Flask:
    """Return the application that answers Twilio's paths, in front of all pages.

    Texts are taken and answered without anything that the console's pages need: no session, no sign-in, no form
    protection, and nothing that can go wrong there.
    """
    settings = services.settings
    signatures = Signatures(settings.public_url, settings.twilio_auth_token)
    phone = PhoneDesk(services.voice)
    doors = Flask("companion.doors", static_folder=None, template_folder=None)
    doors.register_blueprint(
        webhooks(services.inbox, services.database, services.clock, signatures, services.words, phone)
    )
    return doors


def _put_in_front(app: Flask, doors: Flask) -> None:
    """Let `doors` answer Twilio's paths, and `app` all others."""
    app.extensions["companion_doors"] = doors
    pages = app.wsgi_app

    def first_door(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        to = doors.wsgi_app if environ["PATH_INFO"].startswith("/twilio/") else pages
        return to(environ, start_response)

    app.wsgi_app = first_door  # type: ignore[method-assign]


def _public_pages(app: Flask, services: Services) -> None:
    @app.get("/")
    def front() -> AnyResponse:
        return redirect("/simulator/" if services.settings.simulated else "/console/")

    @app.get("/privacy")
    def privacy() -> str:
        return render_template("privacy.html", words=services.words.standing)

    @app.get("/public.css")
    def public_style() -> Response:
        return Response(render_template("public.css"), mimetype="text/css")


def _health(app: Flask, services: Services) -> None:
    @app.get("/healthz")
    def healthz() -> tuple[Response, int]:
        """Answer 200 while the worker's tick is fresh and its auditor finds all well, else 503 and what is wrong."""
        try:
            with services.database.read() as session:
                found = wrong(session, services.clock.now())
        except SQLAlchemyError:
            found = "the database does not answer"
        return (jsonify(ok=False, wrong=found), 503) if found else (jsonify(ok=True), 200)

    @app.get("/metrics")
    def metrics() -> Response:
        """Show how many texts wait, by lane: counts only, in Prometheus's text format."""
        with services.database.read() as session:
            waiting = dict(
                session.execute(
                    select(OutboxMessage.lane, func.count()).where(text(QUEUED_NOW)).group_by(OutboxMessage.lane)
                )
                .tuples()
                .all()
            )
        lines = ["# TYPE companion_outbox_waiting gauge"]
        lines += [f'companion_outbox_waiting{{lane="{lane}"}} {waiting.get(i, 0)}' for i, lane in enumerate(LANES)]
        return Response("\n".join(lines) + "\n", mimetype="text/plain")


def _demonstration(app: Flask, services: Services) -> None:
    """Add what only exists beside a stand-in: the way to the phones, and what they may jump to."""

    @app.get("/simulator/")
    def phones() -> AnyResponse:
        return redirect(f"{services.settings.twilio_api_base_url}/simulator/")

    @app.get("/simulator/next-due")
    def due() -> Response:
        with services.database.read() as session:
            found = next_due(session, services.clock.now(), services.settings.zone)
        return jsonify(at=found[0].isoformat() if found else None, what=found[1] if found else None)
