"""The page behind the link of MY WEEKS: a picture and a table of one person's own numbers, until the link is over."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template

from companion.clock import Clock
from companion.content.catalogue import Catalogue
from companion.db import Database
from companion.models import Person
from companion.programme.weeks import Weeks, numbers_of, person_of, picture
from companion.settings import Settings

_POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def pages(database: Database, clock: Clock, settings: Settings, words: Catalogue) -> Blueprint:
    """Return the blueprint of /weeks/<token>."""
    door = Blueprint("weeks", __name__, url_prefix="/weeks")

    @door.after_request
    def private(response: Response) -> Response:
        if response.mimetype != "image/svg+xml":  # a picture's own style is part of it
            response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Cache-Control"] = "no-store, private"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def _weeks(token: str) -> Weeks | None:
        person_id = person_of(settings.secret_key, token, clock.now())
        if person_id is None:
            return None
        with database.read() as session:
            there = session.get(Person, person_id) is not None
            return numbers_of(session, person_id) if there else None

    @door.get("/<token>")
    def show(token: str) -> tuple[str, int]:
        """Show the numbers."""
        weeks = _weeks(token)
        return render_template(
            "weeks.html", weeks=weeks, token=token, words=words.standing
        ), 200 if weeks is not None else 404

    @door.get("/<token>/picture.svg")
    def draw(token: str) -> Response:
        """Draw them."""
        weeks = _weeks(token)
        if not weeks:
            abort(404)
        return Response(picture(weeks), mimetype="image/svg+xml")

    return door
