"""Twilio's Content API: templates, and their approval for WhatsApp."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from companion.simulator.errors import Refusal
from companion.simulator.gate import Gate
from companion.simulator.ledger import Content, new_sid

if TYPE_CHECKING:
    from companion.simulator.standin import StandIn

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_CATEGORIES = frozenset({"UTILITY", "MARKETING", "AUTHENTICATION"})
_TYPE = re.compile(r"(twilio|whatsapp)/[a-z-]+")
APPROVALS = frozenset({"unsubmitted", "received", "pending", "approved", "rejected", "paused", "disabled"})


def new_content(
    now: datetime, friendly_name: str, language: str, types: dict[str, Any], variables: dict[str, str]
) -> Content:
    """Return a new template. Raises Refusal when its types are none that Twilio knows."""
    if not types or not all(_TYPE.fullmatch(kind) and isinstance(shape, dict) for kind, shape in types.items()):
        raise Refusal(20001, "types needs at least one such as twilio/text or twilio/quick-reply")
    return Content(new_sid("HX"), friendly_name, language, dict(variables), dict(types), now, now)


def content_api(standin: StandIn) -> Blueprint:
    """Return the Content resource, its approval requests, and the list of both."""
    api = Blueprint("content", __name__, url_prefix="/v1")
    gate = Gate(standin, "content")
    gate.attach(api)
    state, account = standin.state, standin.account_sid

    def find(sid: str) -> Content:
        content = state.content(sid)
        if content is None:
            raise Refusal(20404)
        return content

    @api.post("/Content")
    def create() -> Response:
        gate.check_request()
        asked: dict[str, Any] = request.get_json()
        content = new_content(
            standin.clock.now(),
            str(asked.get("friendly_name", "")),
            str(asked.get("language", "")),
            asked.get("types") or {},
            asked.get("variables") or {},
        )
        return gate.answer(_show(state.put_content(content), account), 201)

    @api.get("/Content")
    def list_all() -> Response:
        gate.check_request()
        return gate.answer(_page([_show(content, account) for content in state.contents()]))

    @api.get("/Content/<sid>")
    def fetch(sid: str) -> Response:
        gate.check_request()
        return gate.answer(_show(find(sid), account))

    @api.delete("/Content/<sid>")
    def delete(sid: str) -> Response:
        gate.check_request()
        state.drop_content(find(sid).sid)
        return gate.answer(None, 204)

    @api.post("/Content/<sid>/ApprovalRequests/whatsapp")
    def submit(sid: str) -> Response:
        gate.check_request()
        approval = _approval(find(sid), state.contents(), request.get_json())
        state.put_content(replace(find(sid), approval=approval, updated_at=standin.clock.now()))
        if standin.live:  # nobody is there to decide in a demonstration
            standin.decide(sid, "approved")
        return gate.answer({key: approval[key] for key in approval if key != "type"}, 201)

    @api.get("/Content/<sid>/ApprovalRequests")
    def approval(sid: str) -> Response:
        gate.check_request()
        content = find(sid)
        url = f"https://content.twilio.com/v1/Content/{sid}/ApprovalRequests"
        shown = {"sid": sid, "account_sid": account, "url": url, "whatsapp": _shown_approval(content)}
        return gate.answer(shown)

    @api.get("/ContentAndApprovals")
    def both() -> Response:
        gate.check_request()
        return gate.answer(_page([_with_approval(content, account) for content in state.contents()]))

    return api


def _approval(content: Content, others: list[Content], asked: dict[str, Any]) -> dict[str, Any]:
    """Return a new approval request. A name that was rejected once cannot be used again."""
    name, category = str(asked.get("name", "")), str(asked.get("category", ""))
    if not _NAME.fullmatch(name):
        raise Refusal(20001, "name: only lower-case letters, digits and underscores")
    if category not in _CATEGORIES:
        raise Refusal(20001, f"category: one of {', '.join(sorted(_CATEGORIES))}")
    if any(other.status == "rejected" and other.approval.get("name") == name for other in others):
        raise Refusal(20001, "name: a rejected template had it")
    return {
        "type": "whatsapp",
        "name": name,
        "category": category,
        "content_type": next(iter(content.types)),
        "status": "received",
        "rejection_reason": "",
        "allow_category_change": bool(asked.get("allow_category_change", True)),
    }


def _shown_approval(content: Content) -> dict[str, Any]:
    return content.approval or {"type": "whatsapp", "status": "unsubmitted", "rejection_reason": ""}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _common(content: Content, account: str) -> dict[str, Any]:
    return {
        "sid": content.sid,
        "account_sid": account,
        "friendly_name": content.friendly_name,
        "language": content.language,
        "variables": content.variables,
        "types": content.types,
        "date_created": _iso(content.created_at),
        "date_updated": _iso(content.updated_at),
    }


def _show(content: Content, account: str) -> dict[str, Any]:
    url = f"https://content.twilio.com/v1/Content/{content.sid}"
    links = {
        "approval_create": f"{url}/ApprovalRequests/whatsapp",
        "approval_fetch": f"{url}/ApprovalRequests",
    }
    return {**_common(content, account), "url": url, "links": links}


def _with_approval(content: Content, account: str) -> dict[str, Any]:
    return {**_common(content, account), "approval_requests": _shown_approval(content)}


def _page(items: list[dict[str, Any]]) -> dict[str, Any]:
    size, number = int(request.args.get("PageSize", 50)), int(request.args.get("Page", 0))

    def link(page: int) -> str:
        return f"{request.base_url}?PageSize={size}&Page={page}"

    meta = {
        "key": "contents",
        "page": number,
        "page_size": size,
        "url": link(number),
        "first_page_url": link(0),
        "previous_page_url": link(number - 1) if number else None,
        "next_page_url": link(number + 1) if (number + 1) * size < len(items) else None,
    }
    return {"contents": items[number * size : (number + 1) * size], "meta": meta}
