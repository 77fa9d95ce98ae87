"""Twilio's Messages API over HTTP, as the twilio client calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, request

from companion.simulator import shapes
from companion.simulator.calls_api import calls_api
from companion.simulator.content_api import content_api
from companion.simulator.door import guard
from companion.simulator.errors import MESSAGES, Refusal
from companion.simulator.faults import API_FAULTS
from companion.simulator.gate import AFTER_ACCEPT, Gate
from companion.simulator.ledger import FINAL_STATUSES, Message, split_address, to_resource
from companion.simulator.pages import PageOptions, entrance, pages
from companion.simulator.rules import NEWER_FIELDS, check_create

if TYPE_CHECKING:
    from companion.simulator.standin import StandIn

_ACCOUNT = "/2010-04-01/Accounts/<account_sid>"
_MESSAGES_PATH = "/2010-04-01/Accounts/{AccountSid}/Messages.json"


def build_app(standin: StandIn, options: PageOptions) -> Flask:
    """Return the stand-in's WSGI application."""
    app = Flask(__name__, static_folder=None)
    guard(app, options.hosts)
    app.register_blueprint(messages_api(standin))
    app.register_blueprint(calls_api(standin))
    app.register_blueprint(content_api(standin))
    app.register_blueprint(pages(standin, options))
    app.add_url_rule("/", view_func=entrance)
    app.register_error_handler(404, _not_there)
    return app


def _not_there(_error: Exception) -> tuple[dict[str, Any], int]:
    refusal = Refusal(20404)
    return refusal.body(), refusal.status


def messages_api(standin: StandIn) -> Blueprint:
    """Return the Messages resource and its Media list."""
    api = Blueprint("messages", __name__)
    gate = Gate(standin, "messages")
    gate.attach(api)
    show = _shower(standin)

    @api.post(f"{_ACCOUNT}/Messages.json")
    def create() -> Response:
        to = request.form.get("To", "")
        number, channel = split_address(to.strip())
        now = standin.clock.now()
        if fault := standin.faults.take(set(API_FAULTS) - AFTER_ACCEPT, number, channel, now):
            return gate.break_down(fault)
        gate.check_fields(shapes.known_fields("messages", _MESSAGES_PATH) | NEWER_FIELDS)
        gate.check_request()
        message = standin.carrier.accept(check_create(request.form, standin.state, now))
        standin.state.log("accepted", f"{standin.state.who(message.to)}: {message.status}")
        if fault := standin.faults.take(AFTER_ACCEPT, number, channel, now):
            return gate.break_down(fault)
        return gate.answer(show(message), 201)

    @api.get(f"{_ACCOUNT}/Messages.json")
    def list_all() -> Response:
        gate.check_request()
        return gate.answer(_page(standin, show))

    @api.get(f"{_ACCOUNT}/Messages/<sid>.json")
    def fetch(sid: str) -> Response:
        gate.check_request()
        return gate.answer(show(_find(standin, sid)))

    @api.post(f"{_ACCOUNT}/Messages/<sid>.json")
    def update(sid: str) -> Response:
        gate.check_fields(frozenset({"Body", "Status"}))
        gate.check_request()
        return gate.answer(show(_update(standin, _find(standin, sid))))

    @api.delete(f"{_ACCOUNT}/Messages/<sid>.json")
    def delete(sid: str) -> Response:
        gate.check_request()
        message = _find(standin, sid)
        if message.status not in FINAL_STATUSES:
            raise Refusal(20009)
        standin.state.forget(sid)
        return gate.answer(None, 204)

    @api.get(f"{_ACCOUNT}/Messages/<sid>/Media.json")
    def media(sid: str) -> Response:
        gate.check_request()
        _find(standin, sid)
        return gate.answer(_paging(request.path, {}, 0, 50, 0) | {"media_list": []})

    return api


def _shower(standin: StandIn) -> Callable[[Message], dict[str, Any]]:
    def show(message: Message) -> dict[str, Any]:
        code = message.error_code if message.status in {"failed", "undelivered"} else None
        shown = replace(message, error_code=code)
        return to_resource(shown, standin.account_sid, MESSAGES.get(code or 0))

    return show


def _find(standin: StandIn, sid: str) -> Message:
    with standin.state.lock:
        message = standin.state.messages.get(sid)
    if message is None:
        raise Refusal(20404)
    return message


def _update(standin: StandIn, message: Message) -> Message:
    with standin.state.lock:
        if request.form.get("Status") == "canceled":
            if message.status != "scheduled":
                raise Refusal(20009)
            standin.carrier.move(message.sid, "canceled")
            return standin.state.messages[message.sid]
        if request.form.get("Body") == "":
            if message.status not in FINAL_STATUSES:
                raise Refusal(20009)
            return standin.state.put(replace(message, body=""))
    raise Refusal(20001, "only Status=canceled and an empty Body can be set")


def _moment(text: str) -> datetime | date:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(20001, "DateSent") from None


def _wanted(message: Message) -> bool:
    """Whether the list's filters want the message. A message not sent yet counts by its creation."""
    for key, value in (("To", message.to), ("From", message.from_)):
        if request.args.get(key) not in (None, "", value):
            return False
    sent = message.sent_at or message.created_at
    for key in ("DateSent", "DateSent<", "DateSent>"):
        if not (text := request.args.get(key)):
            continue
        limit = _moment(text)
        mine: datetime | date = sent if isinstance(limit, datetime) else sent.date()
        late, early = mine > limit, mine < limit
        day = sent.date() == (limit.date() if isinstance(limit, datetime) else limit)
        if (key == "DateSent" and not day) or (key[-1] == "<" and late) or (key[-1] == ">" and early):
            return False
    return True


def _page(standin: StandIn, show: Callable[[Message], dict[str, Any]]) -> dict[str, Any]:
    size, number = int(request.args.get("PageSize", 50)), int(request.args.get("Page", 0))
    found = [message for message in reversed(standin.messages) if _wanted(message)]
    filters = {k: v for k, v in request.args.items() if k not in {"Page", "PageToken", "PageSize"}}
    part = found[number * size : (number + 1) * size]
    paging = _paging(request.path, filters, number, size, len(found))
    return paging | {"messages": [show(message) for message in part]}


def _paging(uri: str, filters: dict[str, str], page: int, size: int, total: int) -> dict[str, Any]:
    def link(number: int) -> str:
        return f"{uri}?{urlencode({**filters, 'PageSize': size, 'Page': number})}"

    more = (page + 1) * size < total
    return {
        "uri": link(page),
        "first_page_uri": link(0),
        "next_page_uri": link(page + 1) if more else None,
        "previous_page_uri": link(page - 1) if page else None,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": max(min((page + 1) * size, total) - 1, 0),
    }
