"""Requests and answers checked against Twilio's own OpenAPI documents."""

from __future__ import annotations

import json
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

from flask import Request
from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest
from werkzeug.datastructures import Headers

_FOLDER = Path(__file__).parent / "openapi"
# Documents by the host that they describe.
_DOCUMENTS = {
    "messages": ("https://api.twilio.com", "twilio_api_v2010.messages.shapes.json"),
    "calls": ("https://api.twilio.com", "twilio_api_v2010.calls.shapes.json"),
    "content": ("https://content.twilio.com", "twilio_content_v1.shapes.json"),
}

_FORM = "application/x-www-form-urlencoded"
# Fields of our answers whose value matters to the document, not only their type.
_TELLING = frozenset({"status", "direction"})
_MANY = 2000


class _Request(WerkzeugOpenAPIRequest):
    """The request as if it had been sent to Twilio's host: the checker insists on the document's server."""

    def __init__(self, request: Request, host: str) -> None:
        super().__init__(request)
        self._host = host

    @property
    def host_url(self) -> str:
        return self._host


class _Answer:
    """An answer of ours in the form that the checker reads."""

    def __init__(self, status: int, data: Any) -> None:
        self.status_code = status
        self.data = b"" if data is None else json.dumps(data).encode()
        self.content_type = "application/json"
        self.headers = Headers()


@cache
def _document(name: str) -> Any:
    return OpenAPI.from_dict(json.loads((_FOLDER / _DOCUMENTS[name][1]).read_text(encoding="utf-8")))


@cache
def known_fields(name: str, path: str) -> frozenset[str]:
    """Return the form fields that the document knows for POST to `path` (as the document writes it)."""
    document = json.loads((_FOLDER / _DOCUMENTS[name][1]).read_text(encoding="utf-8"))
    content = document["paths"][path]["post"]["requestBody"]["content"]
    return frozenset(content[_FORM]["schema"]["properties"])


@cache
def _free_fields(name: str) -> frozenset[str]:
    """Return the fields of which the document says no more than that they are strings."""
    document = json.loads((_FOLDER / _DOCUMENTS[name][1]).read_text(encoding="utf-8"))
    posts = (path["post"] for path in document["paths"].values() if "post" in path)
    forms = (post.get("requestBody", {}).get("content", {}).get(_FORM, {}) for post in posts)
    fields = ((key, spec) for form in forms for key, spec in form.get("schema", {}).get("properties", {}).items())
    return frozenset(key for key, spec in fields if spec.get("type") == "string" and not set(spec) - {"type", "format"})


# A check takes some 20 ms: what differs from an accepted request in its free text alone is accepted too.
_accepted: set[Hashable] = set()


def request_faults(name: str, request: Request) -> list[str]:
    """Return what the document has against the request; an empty list when it is as Twilio wants it."""
    free = _free_fields(name)
    form = tuple((key, "" if key in free else value) for key, value in request.form.items(multi=True))
    kind = (name, request.method, request.full_path, request.mimetype, form)
    if request.mimetype == _FORM and kind in _accepted:
        return []
    errors = _document(name).iter_request_errors(_Request(request, _DOCUMENTS[name][0]))
    faults = [_explain(error) for error in errors]
    if not faults and len(_accepted) < _MANY:
        _accepted.add(kind)
    return faults


def answer_faults(name: str, request: Request, status: int, data: Any) -> list[str]:
    """Return what the document has against our answer. Only 2xx answers are described there."""
    kind: Hashable = None
    if name == "messages" and request.method == "POST" and isinstance(data, dict):
        fields = ((key, value if key in _TELLING else type(value).__name__) for key, value in data.items())
        kind = (name, request.endpoint, status, tuple(fields))
        if kind in _accepted:
            return []
    errors = _document(name).iter_response_errors(_Request(request, _DOCUMENTS[name][0]), _Answer(status, data))
    faults = [_explain(error) for error in errors]
    if kind and not faults and len(_accepted) < _MANY:
        _accepted.add(kind)
    return faults


def _explain(error: Any) -> str:
    cause = getattr(error, "__cause__", None)
    details = getattr(cause, "schema_errors", None) or getattr(error, "schema_errors", None)
    if details:
        return "; ".join(f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in details)
    return f"{error}: {cause}" if cause else str(error)
