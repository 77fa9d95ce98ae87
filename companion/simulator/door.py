"""Who may talk to the page of the phones, and in what form."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def guard(app: Flask, hosts: frozenset[str]) -> None:
    """Refuse unknown Host headers, and posts that another site's page makes in somebody's browser."""

    @app.before_request
    def check() -> Response | None:
        host = urlsplit(f"//{request.host}").hostname or ""
        if host not in _LOOPBACK | hosts:
            return Response("The stand-in does not answer to this host name.\n", 421, mimetype="text/plain")
        origin = request.headers.get("Origin")
        same = origin is None or urlsplit(origin).netloc == request.host
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.method not in {"GET", "HEAD"} and (not same or site not in {"same-origin", "none"}):
            return Response("Posts from other sites are refused.\n", 403, mimetype="text/plain")
        return None


def asked() -> dict[str, Any]:
    """Return the posted JSON object. Only JSON: a form could be posted by any site."""
    data = request.get_json()
    if not isinstance(data, dict):
        raise BadRequest("A JSON object is needed.")
    return data
