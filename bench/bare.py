"""The least a webhook could do: check the signature, insert two rows in one commit, answer. What we compare with.

Run by gunicorn with the options of `companion serve`. It uses the same engine (SQLite's settings, PostgreSQL's pool).
"""

from __future__ import annotations

import os
from xml.sax.saxutils import escape

import sqlalchemy as sa
from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

from companion.db import Database

metadata = sa.MetaData()
received = sa.Table(
    "received",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sid", sa.String(34), unique=True),
    sa.Column("sender", sa.String),
    sa.Column("body", sa.String),
)
answered = sa.Table(
    "answered",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sid", sa.String(34), unique=True),
    sa.Column("body", sa.String),
)


def make_app(database_url: str, public_url: str, token: str) -> Flask:
    """Return the application; its two tables are made if they are not there."""
    database = Database(database_url, ())
    with database.write() as session:
        metadata.create_all(session.connection())
    validator = RequestValidator(token)
    app = Flask("bare")

    @app.get("/privacy")
    def privacy() -> str:
        return "bare"

    @app.post("/twilio/inbound")
    def inbound() -> Response:
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(public_url + request.path, request.form, signature):
            abort(403)
        form, answer = request.form, "Thank you. We have your text."
        with database.write() as session:
            session.execute(received.insert().values(sid=form["MessageSid"], sender=form["From"], body=form["Body"]))
            session.execute(answered.insert().values(sid=form["MessageSid"], body=answer))
        return Response(f"<Response><Message>{escape(answer)}</Message></Response>", mimetype="text/xml")

    return app


if "BENCH_DATABASE_URL" in os.environ:  # gunicorn looks for `app`
    app = make_app(os.environ["BENCH_DATABASE_URL"], os.environ["BENCH_PUBLIC_URL"], os.environ["BENCH_TOKEN"])
