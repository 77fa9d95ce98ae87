"""The pages behind a one-time link: read the copy of what is held about you, or take it as a file."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from companion.clock import Clock
from companion.content.catalogue import Catalogue
from companion.db import Database
from companion.models import Person
from companion.privacy import links
from companion.privacy.copy import Copy, copy_of
from companion.settings import Settings

COOKIE = "companion_copy"
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def pages(database: Database, clock: Clock, settings: Settings, words: Catalogue) -> Blueprint:
    """Return the blueprint of /copy/<token>. Whoever has the link may open it, once, in one browser."""
    door = Blueprint("copy", __name__, url_prefix="/copy", template_folder="templates")

    @door.after_request
    def private(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Cache-Control"] = "no-store, private"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    @door.get("/<token>")
    def ask(token: str) -> AnyResponse | tuple[str, int]:
        """Ask before the link is used up: messengers look at links by themselves."""
        if (copy := _read(token)) is not None:
            return make_response(render_template("privacy/copy.html", copy=copy, token=token, zone=settings.zone))
        with database.write() as session:
            works = links.find(session, token, clock.now()) is not None
        return make_response(_page("privacy/ask.html", token)) if works else (_page("privacy/over.html", token), 404)

    @door.post("/<token>")
    def open_(token: str) -> AnyResponse | tuple[str, int]:
        """Use the link up; this browser may read for a quarter of an hour."""
        now = clock.now()
        with database.write() as session:
            link = links.find(session, token, now)
            if link is None:
                return _page("privacy/over.html", token), 404
            key = links.use(link, now)
        response = redirect(url_for("copy.ask", token=token), 303)
        response.set_cookie(
            COOKIE,
            key,
            max_age=links.READ_FOR,
            path=url_for("copy.ask", token=token),
            httponly=True,
            samesite="Lax",
            secure=settings.public_url.startswith("https"),
        )
        return response

    @door.get("/<token>/file")
    def file(token: str) -> Response:
        """Give the copy as a file for a machine."""
        copy = _read(token)
        if copy is None:
            abort(404)
        response = jsonify(copy.as_data())
        response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return response

    def _read(token: str) -> Copy | None:
        key, now = request.cookies.get(COOKIE, ""), clock.now()
        if not key:
            return None
        with database.read() as session:
            link = links.still_reading(session, token, key, now)
            return copy_of(session, session.get_one(Person, link.person_id), now) if link else None

    def _page(template: str, token: str) -> str:
        return render_template(template, token=token, words=words.standing)

    return door
