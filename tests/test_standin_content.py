"""The stand-in's Content API, and templates on their way to a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from tests.standin_world import ASHA, BEN, WHATSAPP, World, world

QUICK_REPLY = {
    "twilio/quick-reply": {
        "body": "{{1}}, can you come on {{2}}?",
        "actions": [{"type": "QUICK_REPLY", "title": "Yes", "id": "yes:{{3}}"}, {"title": "No", "id": "no:{{3}}"}],
    }
}
SAMPLES = {"1": "Sam", "2": "Tuesday", "3": "0"}


@pytest.fixture
def w() -> Iterator[World]:
    """A world in manual time."""
    with world() as made:
        yield made


def make(w: World, name: str = "booking") -> str:
    """Create a template through the API and return its SID."""
    asked = {"friendly_name": name, "language": "en_GB", "variables": SAMPLES, "types": QUICK_REPLY}
    request = ContentList.ContentCreateRequest(asked)
    # The library's own types object knows only some keys; a plain object is what goes over the wire.
    request.types = type("Types", (), {"to_dict": staticmethod(lambda: QUICK_REPLY)})
    return str(w.client.content.v1.contents.create(request).sid)


def submit(w: World, sid: str, name: str = "booking") -> str:
    """Submit a template for approval and return the state of the request."""
    request = ApprovalCreateList.ContentApprovalRequest({"name": name, "category": "UTILITY"})
    return str(w.client.content.v1.contents(sid).approval_create.create(request).status)


def approval(w: World, sid: str) -> str:
    """Return the state of a template's approval."""
    return str(w.client.content.v1.contents(sid).approval_fetch().fetch().whatsapp["status"])


def test_a_template_is_made_submitted_decided_and_deleted(w: World) -> None:
    sid = make(w)
    assert approval(w, sid) == "unsubmitted"
    assert submit(w, sid) == "received"
    w.standin.decide(sid, "approved")
    assert approval(w, sid) == "approved"
    assert w.client.content.v1.contents(sid).fetch().types == QUICK_REPLY
    assert [content.sid for content in w.client.content.v1.contents.list()] == [sid]
    both = w.client.content.v1.content_and_approvals.list()
    assert both[0].approval_requests["category"] == "UTILITY"
    assert w.client.content.v1.contents(sid).delete()
    with pytest.raises(TwilioRestException) as caught:
        w.client.content.v1.contents(sid).fetch()
    assert caught.value.code == 20404
    assert w.standin.violations == ()


def test_names_have_rules_and_a_rejected_one_is_gone(w: World) -> None:
    first = make(w)
    with pytest.raises(TwilioRestException):
        submit(w, first, "Not This")
    submit(w, first)
    w.standin.decide(first, "rejected", "because")
    with pytest.raises(TwilioRestException):
        submit(w, make(w))


def test_a_template_without_types_is_refused(w: World) -> None:
    # What the library sends for ContentList.Types with a key that it does not know.
    request = ContentList.ContentCreateRequest({"friendly_name": "x", "language": "en", "types": None})
    request.types = type("Types", (), {"to_dict": staticmethod(dict)})
    with pytest.raises(TwilioRestException) as caught:
        w.client.content.v1.contents.create(request)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("status", "code"),
    [("approved", None), ("pending", 63016), ("rejected", 63040), ("paused", 63041), ("disabled", 63042)],
)
def test_outside_the_window_only_an_approved_template_arrives(w: World, status: str, code: int | None) -> None:
    sid = w.standin.template("booking", QUICK_REPLY, SAMPLES, status=status)
    w.sends(f"whatsapp:{BEN}", content_sid=sid, content_variables=json.dumps({"1": "Ben", "3": "42"}))
    w.standin.settle()
    ben = w.standin.phone(BEN, "whatsapp")
    if code is None:
        assert ben.inbox[0].body == "Ben, can you come on Tuesday?"
        assert [button.payload for button in ben.inbox[0].buttons] == ["yes:42", "no:42"]
    else:
        assert ben.inbox == []
        assert w.service.receipts[-1] == ("failed", str(code))


def test_a_tap_answers_the_very_message_and_opens_the_window(w: World) -> None:
    sid = w.standin.template("booking", QUICK_REPLY, SAMPLES)
    sent = w.sends(f"whatsapp:{BEN}", content_sid=sid).sid
    w.standin.settle()
    ben = w.standin.phone(BEN, "whatsapp")
    ben.taps("yes:0")
    posted = w.service.inbound[0]
    assert (posted["ButtonPayload"], posted["Body"]) == ("yes:0", "Yes")
    assert posted["OriginalRepliedMessageSid"] == sent
    w.clock.advance(timedelta(hours=23))
    w.sends(ben.address, "free form")
    w.standin.settle()
    assert ben.inbox[-1].body == "free form"


@pytest.mark.parametrize(
    ("variables", "code"),
    [("not json", 21656), ("[1]", 21656), ('{"1": 2}', 21656), ('"x"', 21656)],
)
def test_variables_are_an_object_in_a_string(w: World, variables: str, code: int) -> None:
    sid = w.standin.template("booking", QUICK_REPLY, SAMPLES)
    with pytest.raises(TwilioRestException) as caught:
        w.sends(f"whatsapp:{ASHA}", content_sid=sid, content_variables=variables)
    assert caught.value.code == code


def test_words_beside_a_template_make_it_free_form(w: World) -> None:
    sid = w.standin.template("booking", QUICK_REPLY, SAMPLES)
    w.client.messages.create(
        to=f"whatsapp:{ASHA}", from_=WHATSAPP, body="x", content_sid=sid, status_callback=f"{w.service.url}/status?id=7"
    )
    w.standin.settle()
    assert w.service.receipts[-1] == ("failed", "63016")


@pytest.mark.parametrize(("value", "code"), [("a\nb", 63013), ("a     b", 63013), ("x" * 1025, 63021)])
def test_values_that_whatsapp_does_not_take_fail_after_acceptance(w: World, value: str, code: int) -> None:
    sid = w.standin.template("booking", QUICK_REPLY, SAMPLES)
    message = w.sends(f"whatsapp:{ASHA}", content_sid=sid, content_variables=json.dumps({"1": value}))
    assert (message.status, message.error_code, message.from_) == ("queued", None, WHATSAPP)
    w.standin.settle()
    assert w.service.receipts[-1] == ("failed", str(code))
