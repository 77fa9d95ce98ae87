"""Our side of Twilio's API, through the real client: what is asked, and what each kind of trouble means."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from companion.clock import FixedClock
from companion.messaging.provider import NoAnswerError, NotReachedError, ReceivedText, RefusedError
from companion.messaging.twilio import Twilio
from companion.simulator.standin import StandIn
from tests.twilio_settings import ASHA, SMS, START, WHATSAPP, settings

BEN = "+447700900102"
CALLBACK = "http://127.0.0.1:9/twilio/status?m=1&n=1"
SERVICE = "MG" + "0" * 32
QUICK_REPLY = {
    "twilio/quick-reply": {
        "body": "Your group {{1}} meets {{2}}. Can you come?",
        "actions": [{"type": "QUICK_REPLY", "title": "YES", "id": "book_yes"}],
    }
}
SAMPLES = {"1": "ICU North Tuesday", "2": "Wed 25 Nov, 12:30pm"}


@dataclass
class Line:
    """A client, and the stand-in that it talks to."""

    twilio: Twilio
    standin: StandIn
    clock: FixedClock

    def send(self, to: str = ASHA, channel: str = "sms", **more: Any) -> str:
        """Send one text and return its SID."""
        return self.twilio.send(channel, to, "hello", callback=CALLBACK, **more).sid


@pytest.fixture
def make_line() -> Iterator[Callable[..., Line]]:
    """Makes lines; the stand-in of each is closed at the end and saw nothing that Twilio's documents forbid."""
    made: list[Line] = []

    def make(timeout: float = 5.0, services: dict[str, tuple[str, ...]] | None = None, **given: Any) -> Line:
        clock = FixedClock(START)
        # Webhooks go nowhere here: the port of "discard" takes none.
        standin = StandIn(
            clock=clock,
            inbound_url="http://127.0.0.1:9/twilio/inbound",
            numbers=[SMS],
            whatsapp=[WHATSAPP],
            services=services,
        )
        made.append(Line(Twilio(settings(standin.serve(), **given), timeout), standin, clock))
        return made[-1]

    yield make
    for line in made:
        line.standin.close()
        assert line.standin.violations == ()


@pytest.fixture
def line(make_line: Callable[..., Line]) -> Line:
    """A line with a number and a WhatsApp sender."""
    return make_line()


# --- sending --------------------------------------------------------------------------------------------------------


def test_a_text_goes_from_the_sender_of_its_channel(line: Line) -> None:
    line.send()
    line.send(channel="whatsapp")
    sms, whatsapp = line.standin.messages
    assert (sms.from_, sms.to, sms.body, sms.status_callback) == (SMS, ASHA, "hello", CALLBACK)
    assert (whatsapp.from_, whatsapp.to) == (f"whatsapp:{WHATSAPP}", f"whatsapp:{ASHA}")


def test_a_whatsapp_user_without_a_number_is_written_to(line: Line) -> None:
    line.send("GB.1A2B3C", channel="whatsapp")
    assert line.standin.messages[0].to == "whatsapp:GB.1A2B3C"


def test_a_template_goes_without_the_words_it_stands_for(line: Line) -> None:
    sid = line.standin.template("booking", QUICK_REPLY, SAMPLES)
    variables = json.dumps({"1": "ICU", "2": "Thu 26 Nov, 6:30pm"})
    line.send(channel="whatsapp", content_sid=sid, content_variables=variables)
    line.standin.settle()
    (text,) = line.standin.phone(ASHA, "whatsapp").inbox
    assert text.body == "Your group ICU meets Thu 26 Nov, 6:30pm. Can you come?"
    assert [(button.title, button.payload) for button in text.buttons] == [("YES", "book_yes")]


def test_a_validity_period_stays_within_what_twilio_takes(line: Line) -> None:
    line.send(valid_for=0)
    line.send(valid_for=1_000_000)
    assert len(line.standin.messages) == 2


# --- what each kind of trouble means --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "code", "error", "accepted"),
    [
        ("refuse", 21610, RefusedError, 0),
        ("refuse", 21211, RefusedError, 0),
        ("http 429", None, RefusedError, 0),
        ("401", None, RefusedError, 0),
        ("http 500", None, NoAnswerError, 0),
        ("http_500_after_accept", None, NoAnswerError, 1),
        ("http 503", None, NoAnswerError, 0),
        ("refuse_before_accept", None, NoAnswerError, 0),
        ("reset_after_accept", None, NoAnswerError, 1),
    ],
)
def test_trouble_with_sending(line: Line, kind: str, code: int | None, error: type[Exception], accepted: int) -> None:
    line.standin.fault(ASHA, kind, code=code, times=1)
    with pytest.raises(error) as caught:
        line.send()
    if isinstance(caught.value, RefusedError):
        known = {"http 429": (429, 20429), "401": (401, 20003)}.get(kind, (400, code))
        assert (caught.value.status, caught.value.code) == known
    assert len(line.standin.messages) == accepted
    assert ASHA not in str(caught.value)
    assert line.send()


@pytest.mark.parametrize(("kind", "accepted"), [("silence", 0), ("silence_after_accept", 1)])
def test_silence_ends_with_the_timeout(make_line: Callable[..., Line], kind: str, accepted: int) -> None:
    line = make_line(timeout=0.3)
    line.standin.fault(ASHA, kind)
    with pytest.raises(NoAnswerError):
        line.send()
    assert len(line.standin.messages) == accepted


def test_nobody_there_is_known_to_have_sent_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        twilio = Twilio(settings(f"http://127.0.0.1:{taken.getsockname()[1]}"))
        for ask in _every_question(twilio):
            with pytest.raises(NotReachedError):
                ask()


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (502, "<html>Bad gateway</html>", NoAnswerError, None),
        (200, "<html>Welcome to the hotel's network</html>", NoAnswerError, None),
        (403, "<html>Forbidden</html>", RefusedError, 0),
        (429, '{"code": 20429, "message": "Too many", "status": 429}', RefusedError, 20429),
        (401, '{"code": 20003, "message": "Authenticate", "status": 401}', RefusedError, 20003),
        (503, '{"code": 20503, "message": "Later", "status": 503}', NoAnswerError, None),
        (
            400,
            '{"type": "https://example.org/p", "title": "Bad", "status": 400, "code": 21211, "detail": "no"}',
            RefusedError,
            21211,
        ),
    ],
)
def test_odd_answers_are_told_apart_by_every_question(
    status: int, body: str, error: type[Exception], code: int | None
) -> None:
    with answering(status, body) as url:
        for ask in _every_question(Twilio(settings(url), 2.0)):
            with pytest.raises(error) as caught:
                ask()
            if isinstance(caught.value, RefusedError):
                assert (caught.value.status, caught.value.code) == (status, code)


def _every_question(twilio: Twilio) -> list[Callable[[], object]]:
    return [
        lambda: twilio.send("sms", ASHA, "hello", callback=CALLBACK),
        lambda: twilio.recent("sms", ASHA, START),
        lambda: twilio.status_of("SM" + "0" * 32),
        lambda: twilio.received_since(START, 5),
        twilio.templates,
        lambda: twilio.create_template("booking", "en_GB", SAMPLES, QUICK_REPLY),
        lambda: twilio.submit_template("HX" + "0" * 32, "booking", "UTILITY"),
        lambda: twilio.approval("HX" + "0" * 32),
    ]


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    """Serve one and the same answer to everything, and yield the address."""
    from werkzeug.serving import make_server
    from werkzeug.wrappers import Response

    server = make_server("127.0.0.1", 0, Response(body, status), threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# --- asking afterwards ----------------------------------------------------------------------------------------------


def test_what_became_of_a_text(line: Line) -> None:
    line.standin.fault(ASHA, "undelivered", code=30003, times=1)
    sid = line.send()
    assert line.twilio.status_of(sid).status == "queued"
    line.standin.settle()
    seen = line.twilio.status_of(sid)
    assert (seen.sid, seen.status, seen.body, seen.error_code, seen.at) == (sid, "undelivered", "hello", 30003, START)
    with pytest.raises(RefusedError) as caught:
        line.twilio.status_of("SM" + "0" * 32)
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_recent_texts_to_one_address_newest_first(line: Line) -> None:
    line.send()
    line.clock.advance(timedelta(minutes=5))
    sids = [line.send(), line.send()]
    line.send(BEN)
    line.send(channel="whatsapp")
    found = line.twilio.recent("sms", ASHA, START + timedelta(minutes=1))
    assert [sent.sid for sent in found] == sids[::-1]
    assert [sent.sid for sent in line.twilio.recent("sms", ASHA, START, limit=1)] == sids[1:]


def test_texts_that_never_reached_us_are_found_newest_last(line: Line) -> None:
    asha, ben = line.standin.phone(ASHA), line.standin.phone(BEN, "whatsapp")
    asha.texts("too old")
    line.clock.advance(timedelta(hours=1))
    first = asha.texts("is it on?")
    line.clock.advance(timedelta(minutes=1))
    second = ben.texts("hello", NumMedia="1")
    line.send()
    line.send(channel="whatsapp")
    since = START + timedelta(hours=1)
    found = line.twilio.received_since(since, 10)
    assert found[0] == ReceivedText(first, ASHA, SMS, "is it on?", 0, since)
    assert (found[1].sid, found[1].from_, found[1].to, found[1].body) == (
        second,
        f"whatsapp:{BEN}",
        f"whatsapp:{WHATSAPP}",
        "hello",
    )
    assert len(found) == 2


def test_of_too_many_texts_the_newest_are_found(line: Line) -> None:
    for number in range(4):
        line.clock.advance(timedelta(minutes=1))
        line.standin.phone(ASHA).texts(f"text {number}")
    assert [text.body for text in line.twilio.received_since(START, 2)] == ["text 2", "text 3"]
    assert len(line.twilio.received_since(START, 20_000)) == 4  # more than Twilio shows on one page


def test_texts_to_a_messaging_service_are_found_among_those_it_sent(make_line: Callable[..., Line]) -> None:
    line = make_line(
        services={SERVICE: (SMS,)},
        twilio_sms_from=None,
        twilio_messaging_service_sid=SERVICE,
        twilio_whatsapp_from=None,
    )
    sid = line.standin.phone(ASHA).texts("hello")
    line.send()
    assert [text.sid for text in line.twilio.received_since(START, 5)] == [sid]


# --- templates ------------------------------------------------------------------------------------------------------


def test_a_template_is_made_submitted_and_looked_at(line: Line) -> None:
    sid = line.twilio.create_template("booking", "en_GB", SAMPLES, QUICK_REPLY)
    content = line.standin.state.content(sid)
    assert content is not None
    assert (content.types, content.variables, content.language) == (QUICK_REPLY, SAMPLES, "en_GB")
    assert line.twilio.approval(sid).status == "unsubmitted"
    assert line.twilio.submit_template(sid, "booking", "UTILITY") == "received"
    line.standin.decide(sid, "rejected", "too much like an advertisement", category="MARKETING")
    (found,) = line.twilio.templates()
    assert (found.sid, found.name, found.language, found.approval) == (
        sid,
        "booking",
        "en_GB",
        line.twilio.approval(sid),
    )
    assert (found.approval.status, found.approval.category) == ("rejected", "MARKETING")
    assert found.approval.reason == "too much like an advertisement"


def test_a_template_that_is_not_there_is_refused(line: Line) -> None:
    with pytest.raises(RefusedError) as caught:
        line.twilio.approval("HX" + "0" * 32)
    assert caught.value.code == 20404
