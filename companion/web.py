"""The web server: webhooks, console, health, and the few public pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
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
from companion.models import LANES, Heartbeat, OutboxMessage
from companion.models.texts import QUEUED_NOW
from companion.once import once
from companion.place_pages import place_pages
from companion.privacy.pages import pages as copy_pages
from companion.programme.weeks_page import pages as weeks_pages
from companion.proof.health import wrong
from companion.rota.feed import feed
from companion.schema import require_current
from companion.services import Services, open_services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONSOLE = ("/console", "/bootstrap")  # paths that begin like this are the console's
BEHIND = timedelta(seconds=5)  # a worker whose last tick is older has not seen that the clock was moved


def build_app(services: Services | None = None) -> Flask:
    """Put the application together, all of it now. Raises SettingsError, ContentError or DatabaseError."""
    services = services or open_services()
    doors, console = build_doors(services), build_console(services)
    pages = console.wsgi_app
    console.wsgi_app = _divided(doors, lambda: pages)  # type: ignore[method-assign, assignment]
    return console


class Front:
    """The application as it is served: texts are answered before the console is made, which `make_console` does.

    Whoever asks for a page of the console before that waits for it. Raises what `build_doors` raises.
    """

    def __init__(self, services: Services) -> None:
        self._console = once(lambda: build_console(services).wsgi_app)
        self._app = _divided(build_doors(services), self._console)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._app(environ, start_response)

    def make_console(self) -> None:
        """Make the console, unless it is made."""
        self._console()


def build_doors(services: Services) -> Flask:
    """Return the application that answers Twilio and whoever opens a link that we texted.

    It needs nothing that the console's pages need: no session, no sign-in, no form protection, and nothing that can go
    wrong there. Raises SettingsError, ContentError or DatabaseError.
    """
    settings, clock, database, words = services.settings, services.clock, services.database, services.words
    require_current(database)
    signatures = Signatures(settings.public_url, settings.twilio_auth_token)
    app = Flask("companion", static_folder=None)
    app.register_blueprint(
        webhooks(services.inbox, database, clock, signatures, words, PhoneDesk(services.voice)),
    )
    app.register_blueprint(copy_pages(database, clock, settings, words))
    app.register_blueprint(place_pages(database, clock, services.voice))
    app.register_blueprint(weeks_pages(database, clock, settings, words))
    app.register_blueprint(feed(database, clock, settings))
    _public_pages(app, services)
    _health(app, services)
    if settings.simulated:
        _demonstration(app, services)
    return app


def build_console(services: Services) -> Flask:
    """Return the application of the console's pages."""
    app = Flask("companion", static_folder=None)
    app.config["SECRET_KEY"] = services.settings.secret_key
    register_console(
        app, database=services.database, clock=services.clock, settings=services.settings, voice=services.voice
    )
    return app


def _divided(doors: Flask, console: Callable[[], WSGIApplication]) -> WSGIApplication:
    """Return what lets `console` answer its own paths, and `doors` all others."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        app = console() if environ["PATH_INFO"].startswith(CONSOLE) else doors.wsgi_app
        return app(environ, start_response)

    return answer


def _public_pages(app: Flask, services: Services) -> None:
    @app.get("/")
    def front() -> AnyResponse:
        return redirect("/simulator/" if services.settings.simulated else "/console/")

    @app.get("/privacy")
    def privacy() -> str:
        months = services.settings.companion_keep_months
        return render_template("privacy.html", words=services.words.standing, months=months)

    @app.get("/public.css")
    def public_style() -> Response:
        return Response(render_template("public.css"), mimetype="text/css")

    @app.errorhandler(404)
    def not_found(_error: Exception) -> tuple[str, int]:
        return render_template("not_found.html", words=services.words.standing), 404


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
    """Add what only exists beside a stand-in: the way to the phones, and what they may jump to.

    `busy` says that something due has not gone out yet: moving the clock now might make it too late.
    """

    @app.get("/simulator/")
    def phones() -> AnyResponse:
        return redirect(f"{services.settings.twilio_api_base_url}/simulator/")

    @app.get("/simulator/next-due")
    def due() -> Response:
        now = services.clock.now()
        with services.database.read() as session:
            found = next_due(session, now, services.settings.zone)
            waits = select(OutboxMessage.id).where(text(QUEUED_NOW), OutboxMessage.not_before <= now).limit(1)
            ticked = session.scalar(select(Heartbeat.at).where(Heartbeat.job == "tick"))
            busy = ticked is None or now - ticked > BEHIND or session.scalar(waits) is not None
        return jsonify(at=found[0].isoformat() if found else None, what=found[1] if found else None, busy=busy)
