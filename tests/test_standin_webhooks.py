"""Webhooks that fail, receipts that misbehave, answers that are no TwiML."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Response
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from companion.simulator.parts import count_parts
from companion.simulator.webhooks import signature
from tests.standin_world import ASHA, BEN, World, twiml, world


@pytest.fixture
def w() -> Iterator[World]:
    """A world in manual time."""
    with world() as made:
        yield made
        assert made.standin.violations == ()


def test_signatures_are_those_of_twilios_own_library() -> None:
    params = MultiDict([("Body", "é 🙂\r\n "), ("A", "2"), ("A", "1"), ("A", "2"), ("empty", "")])
    url, pairs = "https://example.org/x?y=%7B1%7D", list(params.items(multi=True))
    assert signature("stand-in-t", url, pairs) == RequestValidator("stand-in-t").compute_signature(url, params)
    assert signature("t", f"{url}#rc=3", pairs) == signature("t", url, pairs)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response("oh", 500), 11200),
        (Response("no", 403), 11200),
        (Response("", 200, mimetype="text/xml"), 12100),
        (Response("<Response><Message>", mimetype="text/xml"), 12100),
        (Response("<Reply/>", mimetype="text/xml"), 12100),
        (Response("<Response><Play/></Response>", mimetype="text/xml"), 12200),
        (Response("{}", mimetype="application/json"), 12300),
        (twiml(""), 14103),
        (twiml("x" * 1601), 21617),
    ],
)
def test_a_bad_answer_is_noted_and_sends_nothing(w: World, answer: Response, code: int) -> None:
    w.service.answer = lambda _: answer
    asha = w.standin.phone(ASHA)
    asha.texts("hello")
    assert [alert.code for alert in w.standin.alerts] == [code]
    assert asha.inbox == []


@pytest.mark.parametrize(
    "answer", [Response(status=204), Response("<Response/>", mimetype="text/xml"), Response(mimetype="text/plain")]
)
def test_silence_is_an_answer(w: World, answer: Response) -> None:
    w.service.answer = lambda _: answer
    w.standin.phone(ASHA).texts("hello")
    assert w.standin.alerts == ()


def test_a_refused_connection_is_tried_once_more_and_the_text_is_kept() -> None:
    with world() as w:
        w.standin.switchboard.endpoints = type(w.standin.switchboard.endpoints)("http://127.0.0.1:9/in")
        sid = w.standin.phone(ASHA).texts("hello")
        assert [(a.status, a.error) for a in w.standin.attempts] == [(None, "ct")] * 2
        assert [alert.code for alert in w.standin.alerts] == [11205]
        assert [message.sid for message in w.client.messages.list()] == [sid]


def test_the_urls_fragment_asks_for_more_tries() -> None:
    with world() as w:
        w.service.answer = lambda _: Response("", 503)
        url = f"{w.service.url}/inbound#rc=3&rp=5xx"
        w.standin.switchboard.endpoints = type(w.standin.switchboard.endpoints)(url)
        w.standin.phone(ASHA).texts("hello")
        assert len(w.service.tokens) == 4
        assert len(set(w.service.tokens)) == 1


def test_the_fallback_is_asked_with_the_error() -> None:
    with world() as w:
        endpoints = type(w.standin.switchboard.endpoints)("http://127.0.0.1:9/in", f"{w.service.url}/inbound")
        w.standin.switchboard.endpoints = endpoints
        asha = w.standin.phone(ASHA)
        asha.texts("hello")
        assert w.service.inbound[0]["ErrorCode"] == "11205"
        assert [text.body for text in asha.inbox] == ["You said hello"]


@pytest.mark.parametrize("kind", ["undelivered", "failed"])
def test_a_text_does_not_arrive_and_the_code_comes_in_the_receipt(w: World, kind: str) -> None:
    w.standin.fault(ASHA, kind, code=30005, times=1)
    sid = w.sends(ASHA).sid
    w.standin.settle()
    assert w.service.receipts[-1] == (kind, "30005")
    assert w.standin.phone(ASHA).inbox == []
    assert w.client.messages(sid).fetch().error_code == 30005
    w.sends(ASHA)
    w.standin.settle()
    assert len(w.standin.phone(ASHA).inbox) == 1


def test_a_text_can_stay_sent_for_ever(w: World) -> None:
    w.standin.fault(ASHA, "stays_sent")
    w.sends(ASHA)
    w.standin.settle()
    assert w.service.receipts == [("sent", None)]


def test_receipts_are_lost_doubled_late_and_out_of_order(w: World) -> None:
    def receipts_with(kind: str, **options: float) -> list[str]:
        w.service.receipts.clear()
        fault = w.standin.fault(ASHA, kind, **options)
        w.sends(ASHA)
        w.standin.settle()
        w.standin.lift(fault.id)
        return [status for status, _ in w.service.receipts]

    assert receipts_with("no_receipts") == []
    assert receipts_with("receipts_twice") == ["sent", "sent", "delivered", "delivered"]
    assert receipts_with("receipts_out_of_order") == ["delivered", "sent"]
    assert receipts_with("receipts_late", minutes=30) == []
    assert w.standin.next_due() == w.clock.now() + timedelta(minutes=30)
    w.clock.advance(timedelta(minutes=30))
    w.standin.settle()
    assert [status for status, _ in w.service.receipts] == ["sent", "delivered"]
    assert len(w.standin.phone(ASHA).inbox) == 4


def test_texts_from_a_phone_are_lost_or_doubled(w: World) -> None:
    w.standin.fault(ASHA, "inbound_lost", times=1)
    asha = w.standin.phone(ASHA)
    asha.texts("lost")
    assert w.service.inbound == []
    assert [message.body for message in w.client.messages.list(from_=ASHA)] == ["lost"]
    w.standin.fault(ASHA, "inbound_twice", times=1)
    asha.texts("twice")
    assert [posted["Body"] for posted in w.service.inbound] == ["twice", "twice"]
    assert len(asha.inbox) == 1


def test_faults_are_lifted_by_number_and_all_at_once(w: World) -> None:
    w.standin.fault(ASHA, "failed")
    w.standin.fault(BEN, "failed")
    w.standin.lift(number=ASHA)
    assert [fault.number for fault in w.standin.faults.active(w.clock.now())] == [BEN]
    w.standin.lift()
    assert w.standin.faults.active(w.clock.now()) == ()
    with pytest.raises(ValueError, match="no fault is called"):
        w.standin.fault(ASHA, "earthquake")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1), ("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("x" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
        ("’" * 70, 1), ("’" * 71, 2), ("🙂" * 35, 1), ("🙂" * 36, 2), ("£é" * 80, 1),
    ],
)  # fmt: skip
def test_parts_are_counted_as_twilio_counts(text: str, parts: int) -> None:
    assert count_parts(text) == parts


def test_a_full_queue_lets_pass_what_is_valid_for_long_enough(w: World) -> None:
    w.standin.fault(None, "queued", minutes=10)
    w.sends(ASHA, "in time", validity_period=3600)
    w.sends(ASHA, "too late", validity_period=300)
    for minutes in (5, 5):
        w.clock.advance(timedelta(minutes=minutes))
        w.standin.settle()
    assert [text.body for text in w.standin.phone(ASHA).inbox] == ["in time"]
    assert ("failed", "30036") in w.service.receipts


def test_answers_over_the_limit_are_not_sent(w: World) -> None:
    w.standin.fault(ASHA, "answers_lost", times=1)
    asha = w.standin.phone(ASHA)
    asha.texts("one")
    asha.texts("two")
    assert [text.body for text in asha.inbox] == ["You said two"]
    assert [alert.code for alert in w.standin.alerts] == [14107]
