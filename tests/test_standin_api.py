"""The stand-in's Messages API, called with Twilio's own library."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from companion.simulator.identity import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, RealCredentialsError
from companion.simulator.standin import StandIn
from tests.standin_world import ASHA, BEN, SMS, START, WHATSAPP, World, world

SERVICE = "MG" + "1" * 32


@pytest.fixture
def w() -> Iterator[World]:
    """A world with a Messaging Service."""
    with world(services={SERVICE: [SMS, WHATSAPP]}) as made:
        yield made


def refused(w: World, **fields: Any) -> tuple[int, int]:
    """Return status and code of the refusal."""
    with pytest.raises(TwilioRestException) as caught:
        w.client.messages.create(**fields)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": ""}, 21604),
        ({"from_": None}, 21603),
        ({"body": None}, 21602),
        ({"body": "   "}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"to": "07700900101"}, 21211),
        ({"to": "+44770090"}, 21211),
        ({"to": "whatsapp:bob"}, 21211),
        ({"to": "+441632960001"}, 21614),
        ({"to": SMS}, 21211),
        ({"from_": "07700900000"}, 21212),
        ({"from_": "+447700900009"}, 21606),
        ({"from_": WHATSAPP}, 21910),
        ({"from_": "whatsapp:+447700900009", "to": f"whatsapp:{ASHA}"}, 63007),
        ({"content_variables": "{}"}, 21654),
        ({"body": None, "content_sid": "HX" + "0" * 32}, 21655),
        ({"validity_period": 36001}, 21624),
        ({"validity_period": 0}, 21624),
        ({"status_callback": "not a url"}, 21609),
        ({"status_callback": "http://my_host/x"}, 21609),
        ({"schedule_type": "fixed"}, 35111),
        ({"schedule_type": "fixed", "send_at": START + timedelta(hours=1)}, 35118),
        ({"media_url": ["https://example.org/x"] * 11}, 21623),
        ({"media_url": ["file:///etc/passwd"]}, 21620),
        ({"messaging_service_sid": "MG" + "2" * 32}, 21701),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+15005550007"}, 21606),
        ({"from_": "+15005550008"}, 21611),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(w: World, fields: dict[str, Any], code: int) -> None:
    given = {"to": ASHA, "from_": SMS, "body": "hello", **fields}
    assert refused(w, **{key: value for key, value in given.items() if value is not None}) == (400, code)
    assert w.standin.messages == ()


def test_a_person_who_said_stop_is_refused_for_the_whole_service(w: World) -> None:
    w.standin.phone(ASHA).texts("STOP")
    assert refused(w, to=ASHA, from_=SMS, body="x") == (400, 21610)
    assert refused(w, to=ASHA, messaging_service_sid=SERVICE, body="x") == (400, 21610)


def test_a_scheduled_message_goes_out_at_its_time_unless_it_is_canceled(w: World) -> None:
    def schedule(minutes: int) -> Any:
        at = (START + timedelta(minutes=minutes)).astimezone(UTC)
        return w.sends(ASHA, messaging_service_sid=SERVICE, schedule_type="fixed", send_at=at)

    with pytest.raises(TwilioRestException) as caught:
        schedule(5)
    assert caught.value.code == 35115
    kept, canceled = schedule(10), schedule(20)
    assert (kept.status, kept.num_segments, kept.from_) == ("scheduled", "0", None)
    assert w.client.messages(canceled.sid).update(status="canceled").status == "canceled"
    w.standin.settle()
    assert w.standin.next_due() == START + timedelta(minutes=10)
    w.clock.advance(timedelta(hours=1))
    w.standin.settle()
    assert len(w.standin.phone(ASHA).inbox) == 1
    assert w.service.receipts == [("canceled", None), ("queued", None), ("sent", None), ("delivered", None)]


def test_a_service_chooses_the_sender_of_the_channel(w: World) -> None:
    message = w.sends(ASHA, messaging_service_sid=SERVICE)
    assert message.status == "accepted"
    w.standin.settle()
    assert w.standin.message(message.sid).from_ == SMS
    assert w.service.receipts[0] == ("queued", None)
    w.standin.phone(BEN, "whatsapp").texts("hello")
    assert w.service.inbound[0]["MessagingServiceSid"] == SERVICE


def test_messages_are_listed_newest_first_by_number_and_time(w: World) -> None:
    w.standin.phone(ASHA).texts("first")
    w.clock.advance(timedelta(hours=1))
    w.standin.phone(BEN).texts("second")
    listed = w.client.messages.list(to=SMS, date_sent_after=START, limit=20)
    assert [message.body for message in listed] == ["second", "first"]
    assert listed[1].direction == "inbound"
    assert [m.body for m in w.client.messages.list(to=SMS, date_sent_after=w.clock.now())] == ["second"]
    assert [m.body for m in w.client.messages.list(from_=ASHA)] == ["first"]
    assert len(w.client.messages.list(page_size=1)) == 4


def test_a_message_can_be_redacted_and_deleted_once_it_is_done(w: World) -> None:
    sid = w.sends(ASHA).sid
    with pytest.raises(TwilioRestException) as caught:
        w.client.messages(sid).delete()
    assert caught.value.status == 409
    w.standin.settle()
    assert w.client.messages(sid).update(body="").body == ""
    assert w.client.messages(sid).media.list() == []
    assert w.client.messages(sid).delete()
    with pytest.raises(TwilioRestException) as caught:
        w.client.messages(sid).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def post(w: World, fields: dict[str, str], account: str = DEMO_ACCOUNT_SID, token: str = DEMO_AUTH_TOKEN) -> Any:
    """Post a form without the library."""
    url = f"{w.base_url}/2010-04-01/Accounts/{account}/Messages.json"
    return requests.post(url, data=fields, auth=(DEMO_ACCOUNT_SID, token), timeout=5)


def test_bad_credentials_and_other_accounts_are_refused(w: World) -> None:
    fields = {"To": ASHA, "From": SMS, "Body": "x"}
    assert post(w, fields, token="stand-in-other").json()["code"] == 20003
    assert post(w, fields, account="AC" + "f" * 32).json()["code"] == 20404
    assert requests.get(f"{w.base_url}/2010-04-01/Nothing.json", timeout=5).json()["code"] == 20404
    anonymous = requests.get(f"{w.base_url}/2010-04-01/Accounts/{DEMO_ACCOUNT_SID}/Messages.json", timeout=5)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, 20003)


def test_what_the_documents_do_not_allow_is_a_violation(w: World) -> None:
    answer = post(w, {"To": ASHA, "From": SMS, "Body": "x", "RiskCheck": "perhaps"})
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    assert post(w, {"To": ASHA, "From": SMS, "Body": "x", "Colour": "red"}).json()["code"] == 20001
    assert len(w.standin.violations) == 2
    assert post(w, {"To": ASHA, "From": SMS, "Body": "x", "MessageIntent": "reminder"}).status_code == 201


@pytest.mark.parametrize(
    ("kind", "status", "accepted"),
    [
        ("http 500", 500, 0),
        ("http_500_after_accept", 500, 1),
        ("http 503", 503, 0),
        ("http 429", 429, 0),
        ("401", 401, 0),
        ("refuse", 400, 0),
        ("refuse_before_accept", None, 0),
        ("reset_after_accept", None, 1),
        ("outage", None, 0),
    ],
)
@pytest.mark.parametrize("number", [None, ASHA])
def test_the_api_breaks_in_every_way(
    w: World, kind: str, status: int | None, accepted: int, number: str | None
) -> None:
    w.standin.fault(number, kind, times=1)
    if status is None:
        with pytest.raises(requests.ConnectionError):
            w.sends(ASHA)
    else:
        with pytest.raises(TwilioRestException) as caught:
            w.sends(ASHA)
        assert caught.value.status == status
    assert len(w.standin.messages) == accepted
    assert w.sends(ASHA).status == "queued"


@pytest.mark.parametrize(("kind", "accepted"), [("silence", 0), ("silence_after_accept", 1)])
def test_a_hanging_api_lets_go_when_the_fault_is_lifted(w: World, kind: str, accepted: int) -> None:
    w.standin.fault(ASHA, kind)
    threading.Timer(0.2, w.standin.lift).start()
    with pytest.raises(requests.ConnectionError):
        w.sends(ASHA)
    assert len(w.standin.messages) == accepted


def test_an_outage_ends_when_it_was_said_to(w: World) -> None:
    w.standin.fault(None, "outage", until=START + timedelta(hours=1))
    with pytest.raises(requests.ConnectionError):
        w.client.messages.list(limit=1)
    w.clock.advance(timedelta(hours=1))
    assert w.client.messages.list(limit=1) == []


def test_a_fault_of_one_number_leaves_others_alone(w: World) -> None:
    w.standin.fault(BEN, "http 500")
    assert w.sends(ASHA).status == "queued"


@pytest.mark.parametrize("sid", ["AC" + "f" * 32, "AC5caff01d", ""])
def test_an_account_that_may_be_real_is_refused(sid: str, w: World) -> None:
    with pytest.raises(RealCredentialsError):
        StandIn(clock=w.clock, inbound_url="http://127.0.0.1:1/", numbers=[SMS], account_sid=sid)
