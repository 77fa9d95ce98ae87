"""The doors that Twilio knocks at. Thin: check who it is, hand on, answer."""

from __future__ import annotations

import logging
import traceback

from flask import Blueprint, Response, request

from companion.clock import Clock
from companion.content.catalogue import Catalogue
from companion.db import Database
from companion.messaging import receipts
from companion.messaging.inbound import Inbox, NotATextError
from companion.messaging.signature import Signatures
from companion.messaging.twiml import twiml
from companion.messaging.voice import VoiceDesk, add_voice_doors

log = logging.getLogger(__name__)

LARGEST = 64 * 1024  # bytes; Twilio's own forms are a few kilobytes


def webhooks(
    inbox: Inbox, database: Database, clock: Clock, signatures: Signatures, words: Catalogue, phone: VoiceDesk
) -> Blueprint:
    """Return the blueprint of `POST /twilio/inbound`, `POST /twilio/status` and the doors of calls."""
    doors = Blueprint("twilio", __name__, url_prefix="/twilio")

    @doors.before_request
    def only_twilio() -> Response | None:
        request.max_content_length = LARGEST
        request.max_form_memory_size = LARGEST
        if request.mimetype != "application/x-www-form-urlencoded":
            return _plain("Send a form.", 415)
        if not signatures.genuine(request):
            log.warning("refused a request without Twilio's signature at %s", request.path)
            return _plain("This is not signed by Twilio.", 403)
        return None

    @doors.post("/inbound")
    def inbound() -> Response:
        try:
            answer = inbox.receive(request.form)
        except NotATextError as problem:
            return _plain(str(problem), 400)
        except Exception as error:
            # Whoever wrote must not be left in silence. Twilio keeps the text; reconciliation fetches it later.
            # An error's own words may hold a number or a text: only its kind and its place are logged.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("a text could not be taken: %s at\n%s", type(error).__name__, where)
            answer = twiml([(words.render("system_down").body, None)])
        return Response(answer, mimetype="text/xml")

    @doors.post("/status")
    def status() -> Response:
        with database.write() as session:
            receipts.apply(session, request.args, request.form, clock.now())
        return Response(status=204)

    add_voice_doors(doors, database, clock, phone, signatures.public_url)
    return doors


def _plain(text: str, status: int) -> Response:
    return Response(text + "\n", status=status, mimetype="text/plain")
