"""The stand-in for Twilio: what phones and service see of it. Also the small service that its tests talk to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Response

from tests.standin_world import ASHA, BEN, SMS, WHATSAPP, World, twiml, world


@pytest.fixture
def w() -> Iterator[World]:
    """A world in manual time."""
    with world() as made:
        yield made
        assert made.standin.violations == ()


def test_a_text_is_posted_signed_and_the_twiml_comes_back(w: World) -> None:
    asha = w.standin.phone(ASHA, label="Asha")
    sid = asha.texts("JOIN ICU")
    assert [text.body for text in asha.inbox] == ["You said JOIN ICU"]
    posted = w.service.inbound[0]
    assert posted["MessageSid"] == posted["SmsSid"] == sid
    assert (posted["From"], posted["To"], posted["SmsStatus"]) == (ASHA, SMS, "received")
    assert "ProfileName" not in posted
    assert w.standin.alerts == ()


def test_whatsapp_has_parameters_of_its_own(w: World) -> None:
    ben = w.standin.phone(BEN, "whatsapp", label="Ben 🙂")
    ben.texts("hello")
    posted = w.service.inbound[0]
    assert posted["From"] == f"whatsapp:{BEN}"
    assert posted["To"] == WHATSAPP
    assert (posted["ProfileName"], posted["WaId"], posted["MessageType"]) == ("Ben 🙂", BEN[1:], "text")
    assert "FromCountry" not in posted


def test_a_person_who_hides_the_number_has_only_a_user_id(w: World) -> None:
    hidden = w.standin.phone("GB.1A2B3C", "whatsapp")
    hidden.texts("hello")
    posted = w.service.inbound[0]
    assert posted["From"] == posted["ExternalUserId"] == "whatsapp:GB.1A2B3C"
    assert "WaId" not in posted
    assert len(hidden.inbox) == 1


def test_parameters_can_be_overridden_added_and_taken_away(w: World) -> None:
    w.standin.phone(ASHA).texts("", NumMedia="1", MediaUrl0="https://api.twilio.com/x", Body=None)
    posted = w.service.inbound[0]
    assert posted["NumMedia"] == "1"
    assert "Body" not in posted


@pytest.mark.parametrize("body", ["\0", "\ud83d", "🙂" * 10, "x" * 1600, "ends in \\", "<&>\"'", "  ", "é£€"])
def test_odd_texts_are_posted_with_a_good_signature(w: World, body: str) -> None:
    w.service.answer = lambda _: Response("<Response/>", mimetype="text/xml")
    w.standin.phone(ASHA).texts(body)
    assert len(w.service.inbound) == 1
    assert w.standin.alerts == ()


def test_the_same_webhook_again_carries_the_same_token_and_reaches_nobody_twice(w: World) -> None:
    asha = w.standin.phone(ASHA)
    sid = asha.texts("hello")
    first, second = w.standin.attempts[0], w.standin.replay(sid)
    assert w.service.tokens[0] == w.service.tokens[1]
    assert first.params == second.params
    assert first.answer == second.answer
    assert len(asha.inbox) == 1


def test_a_button_is_tapped_with_its_payload(w: World) -> None:
    ben = w.standin.phone(BEN, "whatsapp")
    ben.taps("yes:42", "Yes")
    posted = w.service.inbound[0]
    assert (posted["ButtonPayload"], posted["ButtonText"], posted["Body"]) == ("yes:42", "Yes", "Yes")
    assert posted["MessageType"] == "button"
    with pytest.raises(LookupError):
        ben.taps("never shown")


def test_receipts_come_signed_with_the_url_they_were_asked_for(w: World) -> None:
    message = w.sends(ASHA)
    assert message.status == "queued"
    assert w.standin.phone(ASHA).inbox == []
    w.standin.settle()
    assert w.service.receipts == [("sent", None), ("delivered", None)]
    assert w.service.receipt_forms[1]["MessageSid"] == message.sid
    assert w.standin.phone(ASHA).inbox[0].body == "hello"
    assert w.client.messages(message.sid).fetch().status == "delivered"


def test_a_reply_in_twiml_has_receipts_too(w: World) -> None:
    w.service.answer = lambda _: twiml("one", "two", callback=f"{w.service.url}/status?m=1")
    asha = w.standin.phone(ASHA)
    asha.texts("hello")
    assert [text.body for text in asha.inbox] == ["one", "two"]
    w.standin.settle()
    assert len(w.service.receipts) == 4


def test_reading_gives_read_receipts_on_whatsapp_only(w: World) -> None:
    asha, ben = w.standin.phone(ASHA), w.standin.phone(BEN, "whatsapp")
    ben.texts("hello")
    w.sends(ASHA)
    w.sends(ben.address)
    w.standin.settle()
    w.service.receipts.clear()
    assert len(asha.reads()) == 1
    assert len(ben.reads()) == 2
    assert ben.unread() == []
    w.standin.settle()
    assert w.service.receipts == [("read", None)]


def test_stop_blocks_the_pair_and_still_reaches_the_service(w: World) -> None:
    asha = w.standin.phone(ASHA)
    asha.texts("stop")
    assert w.service.inbound[0]["Body"] == "stop"
    # Twilio's own answer arrives; the service's answer does not.
    assert [text.canned for text in asha.inbox] == [True]
    assert [alert.code for alert in w.standin.alerts] == [21610]
    asha.texts("Start")
    assert [text.canned for text in asha.inbox] == [True, True, False]


@pytest.mark.parametrize("body", ["STOP PLEASE", "stop.", "please stop", "UNSTOP", "YES"])
def test_other_texts_block_nobody_and_get_no_answer_from_twilio(w: World, body: str) -> None:
    asha = w.standin.phone(ASHA)
    asha.texts(body)
    assert [text.body for text in asha.inbox] == [f"You said {body}"]


def test_stop_means_nothing_to_twilio_on_whatsapp(w: World) -> None:
    ben = w.standin.phone(BEN, "whatsapp")
    ben.texts("STOP")
    assert [text.body for text in ben.inbox] == ["You said STOP"]
    w.sends(ben.address)
    w.standin.settle()
    assert len(ben.inbox) == 2


def test_the_window_closes_after_24_hours(w: World) -> None:
    ben = w.standin.phone(BEN, "whatsapp")
    ben.texts("hello")
    w.clock.advance(timedelta(hours=24))
    w.sends(ben.address, "in time")
    w.clock.advance(timedelta(seconds=1))
    w.sends(ben.address, "too late")
    w.standin.settle()
    assert [text.body for text in ben.inbox] == ["You said hello", "in time"]
    assert w.service.receipts[-1] == ("failed", "63016")
    assert ("sent", None) in w.service.receipts


def test_history_survives_a_restart(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    with world(ledger_path=ledger) as first:
        first.standin.phone(ASHA, label="Asha").texts("hello")
        first.standin.phone(BEN).texts("STOP")
        on_its_way = first.sends(ASHA, "on its way").sid
    with world(ledger_path=ledger) as second:
        second.standin.settle()
        asha = second.standin.phone(ASHA)
        assert [text.body for text in asha.inbox] == ["You said hello", "on its way"]
        assert second.standin.message(on_its_way).status == "delivered"
        assert second.standin.state.contacts[ASHA].label == "Asha"
        assert second.standin.state.stopped(SMS, BEN)


def test_live_mode_delivers_by_itself() -> None:
    with world(live=True) as w:
        w.sends(ASHA)
        w.clock.advance(timedelta(seconds=5))
        assert w.standin.wait_quiet(5)
        w.clock.advance(timedelta(seconds=5))
        assert w.standin.wait_quiet(5)
        assert [text.body for text in w.standin.phone(ASHA).inbox] == ["hello"]
        assert len(w.service.receipts) == 2
