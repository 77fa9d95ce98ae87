"""Requests and answers checked against Twilio's own OpenAPI documents."""

from __future__ import annotations

import json
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
    return frozenset(content["application/x-www-form-urlencoded"]["schema"]["properties"])


def request_faults(name: str, request: Request) -> list[str]:
    """Return what the document has against the request; an empty list when it is as Twilio wants it."""
    errors = _document(name).iter_request_errors(_Request(request, _DOCUMENTS[name][0]))
    return [_explain(error) for error in errors]


def answer_faults(name: str, request: Request, status: int, data: Any) -> list[str]:
    """Return what the document has against our answer. Only 2xx answers are described there."""
    errors = _document(name).iter_response_errors(_Request(request, _DOCUMENTS[name][0]), _Answer(status, data))
    return [_explain(error) for error in errors]


def _explain(error: Any) -> str:
    cause = getattr(error, "__cause__", None)
    details = getattr(cause, "schema_errors", None) or getattr(error, "schema_errors", None)
    if details:
        return "; ".join(f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in details)
    return f"{error}: {cause}" if cause else str(error)
