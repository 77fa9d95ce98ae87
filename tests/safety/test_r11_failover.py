"""Another way at once where one fails: the other message is received, not only sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.deliveries import open_window
from tests.safety.stage import (
    Postbox,
    episode,
    episodes,
    flagged,
    give_logins,
    mailbox,
    open_alarms,
    pages,
    reference,
    taken,
)
from tests.world import Talker, World


@pytest.fixture
def on_both(mailed: World) -> tuple[World, Talker]:
    """The first facilitator wrote on WhatsApp lately, so both channels are open."""
    cole = mailed.talker("+447700900201", "whatsapp")
    cole.texts("hello")
    cole.ignores()
    return mailed, cole


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("failed", {"code": 30008}),
        ("undelivered", {"code": 30003}),
        ("refuse", {"code": 21612}),
        ("refuse", {"code": 21610}),
        ("http 500", {}),
        ("http 429", {"times": 3}),
        ("stays_sent", {}),
        ("no_receipts", {}),
    ],
)
def test_r11_a_page_that_fails_goes_another_way(mailed: World, kind: str, options: dict[str, int]) -> None:
    """The first is known on SMS alone: what fails there is followed by a call that is picked up."""
    world = mailed
    asha, cole = world.member(), world.staff("facilitator")
    world.standin.fault("+447700900201", kind, channel="sms", **options)
    flagged(world, asha)
    for _ in range(6):
        if cole.phone.ringing() is None:
            world.advance(seconds=15)
    cole.rings()
    cole.answers_call()
    cole.hears_spoken("An item needs you now")
    cole.presses("1")
    cole.hears_spoken("You have it now")
    assert episode(world).state == "owned"
    world.standin.lift()
    world.settle()
    asha.hears("Dr Cole")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r11_a_mailbox_is_followed_by_the_next_way_at_once(mailed: World, postbox: Postbox) -> None:
    world = mailed
    asha, cole = world.member(), world.staff("facilitator")
    world.standin.fault("+447700900201", "failed", code=30008, channel="sms")
    flagged(world, asha)
    for _ in range(6):
        if cole.phone.ringing() is None:
            world.advance(seconds=15)
    assert postbox.to(mailbox("Dr Cole")) == []
    cole.answers_call(machine=True)
    cole.hears_spoken("An item needs you now", "We heard no key")
    world.settle()  # no time passes
    assert len(postbox.to(mailbox("Dr Cole"))) == 1
    world.standin.lift()
    world.staff_ignores()


def test_r11_whatsapp_arrives_when_sms_fails_and_mail_when_all_fails(
    on_both: tuple[World, Talker], postbox: Postbox
) -> None:
    world, on_whatsapp = on_both
    asha, dunne = world.member(), world.staff("facilitator", 1)
    world.standin.fault("+447700900201", "failed", code=30008, channel="sms")
    flagged(world, asha)
    world.settle()
    on_whatsapp.hears("an item needs you now")  # received, beside the SMS that failed
    world.staff("facilitator").rings_not()
    on_whatsapp.texts("pass it on")
    on_whatsapp.hears("passing it on")
    world.staff_ignores()
    # The second: no text and no call arrives. 63016 and 21610 are final for their channel.
    world.standin.fault("+447700900202", "refuse", code=21610)
    world.standin.fault("+447700900202", "call_busy")
    world.advance(seconds=90)
    assert [letter["Subject"].split(",")[0] for letter in postbox.to(mailbox("Dr Dunne"))] == [
        "Companion: an item needs you now"
    ]
    dunne.hears_nothing()
    world.staff_ignores()


def test_r11_63016_is_followed_by_sms(on_both: tuple[World, Talker]) -> None:
    """Our record of WhatsApp's 24 hours was wrong: the SMS that goes beside it arrives."""
    world, on_whatsapp = on_both
    asha, cole = world.member(), world.staff("facilitator")
    world.standin.state._windows.clear()
    open_window(world, asha.number)
    flagged(world, asha)
    world.settle()
    on_whatsapp.hears_nothing()
    cole.hears("an item needs you now")
    world.staff_ignores()


def test_r11_news_to_who_has_it_goes_another_way_too_and_one_step_up_where_none_is_received(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    flagged(world, asha)
    taken(world, cole, asha)
    world.advance(minutes=3)
    flagged(world, asha)  # received: nothing more comes of it, and it holds up no page about somebody else
    world.settle()
    cole.hears("needs you again now")
    bilal = world.member("+447700900102")
    flagged(world, bilal)
    world.settle()
    code = reference(cole.hears("an item needs you now"))
    cole.texts(f"{code} TAKE")
    cole.hears("You have")
    world.advance(minutes=2)
    bilal.hears("has your text now")
    cole.rings_not()

    # The text has no receipt: a call a minute later. A key says that they know.
    world.standin.fault("+447700900201", "stays_sent", channel="sms")
    flagged(world, asha)
    world.advance(seconds=55)
    cole.rings_not()
    world.advance(seconds=10)
    cole.answers_call()
    cole.hears_spoken("Something new came about an item that you have")
    cole.presses("1")
    cole.hears_spoken("You have it now")
    world.advance(minutes=2)
    cole.ignores()
    cole.rings_not()
    assert {each.state for each in episodes(world)} == {"owned"}
    dunne.hears_nothing()

    # Neither the text nor the call: the second is paged within a minute, and the person told what is true.
    world.standin.lift()
    world.standin.fault("+447700900201", "failed", code=30008, channel="sms")
    world.standin.fault("+447700900201", "call_busy")
    flagged(world, asha)
    world.advance(seconds=60)
    code = reference(dunne.hears("an item needs you now"))
    asha.hears("We have no note that Dr Cole has reached you", "999")
    hers, _ = episodes(world)
    assert (hers.state, hers.owner_id is not None) == ("open", True)
    assert "responder_not_reachable" in open_alarms(world)
    world.standin.lift()
    dunne.texts(f"{code} TAKE")
    dunne.hears("You have")
    world.settle()
    asha.hears("Dr Dunne is a facilitator and has your text now")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r11_news_to_who_has_it_comes_by_mail_when_no_text_or_call_does(mailed: World, postbox: Postbox) -> None:
    world = mailed
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    taken(world, cole, asha)
    world.standin.fault("+447700900201", "refuse", code=21612)
    world.standin.fault("+447700900201", "call_busy")
    flagged(world, asha)
    world.advance(seconds=60)
    assert [letter["Subject"].split(",")[0] for letter in postbox.to(mailbox("Dr Cole"))] == [
        "Companion: an item needs you now"
    ]
    asha.texts("CALL ME")
    asha.hears("you would like a call")
    world.advance(seconds=60)
    assert len(postbox.to(mailbox("Dr Cole"))) == 2
    assert episode(world).state == "owned"
    world.staff("facilitator", 1).hears_nothing()
    world.staff_ignores()


def test_r21_twilio_down_then_back(make_world: Callable[..., World], postbox: Postbox) -> None:
    world = make_world(smtp_url=postbox.url, mail_from="companion@example.org").seeded()
    give_logins(world)
    asha, cole = world.member(), world.staff("facilitator")
    world.standin.fault(None, "outage")
    flagged(world, asha)  # the crisis reply needs no API
    world.advance(minutes=2)
    assert "twilio_down" in open_alarms(world)
    assert postbox.to(mailbox("Dr Cole"))[0]["Subject"].startswith("Companion: an item needs you now")
    assert any("Twilio is down" in letter.get_content() for letter in postbox.to(mailbox("Frances")))
    world.advance(minutes=20)
    assert len(postbox.to(mailbox("Dr Erskine"))) >= 2
    cole.hears_nothing()
    world.standin.lift()
    began = len(world.standin.messages)
    world.advance(minutes=2)
    late = [m for m in world.standin.messages[began:] if not m.inbound]
    assert all(m.body.startswith("Sent late, written at ") for m in late if "an item needs you" in m.body and m.to)
    assert cole.hears("Sent late, written at 9am", "an item needs you now")
    asha.hears("Sent late", "No facilitator has picked this up yet")
    world.staff_ignores()
    world.advance(minutes=3)
    assert "twilio_down" not in open_alarms(world)
    world.staff_ignores()
    asha.ignores()
    assert len(pages(world, "sms")) > len({page.outbox_id for page in pages(world, "sms")})  # one waits, not twelve


def test_r21_mail_that_a_server_refuses_is_sent_again(mailed: World, postbox: Postbox) -> None:
    world = mailed
    asha = world.member()
    postbox.refuses = True
    world.standin.fault("+447700900201", "refuse", code=21612)
    world.standin.fault("+447700900201", "call_failed")
    flagged(world, asha)
    world.advance(seconds=30)
    assert "mail_not_sent" in open_alarms(world)
    postbox.refuses = False
    world.advance(seconds=61)
    assert len(postbox.to(mailbox("Dr Cole"))) == 1
    world.staff_ignores()
    assert world.clock.now() - episode(world).opened_at < timedelta(minutes=2)


@pytest.mark.one_database("sqlite")
def test_r21_an_address_that_is_refused_is_no_trouble_of_all_mail(mailed: World, postbox: Postbox) -> None:
    world, words = mailed, mailed.services.words
    asha = world.member()
    postbox.unknown = {mailbox("Dr Cole")}
    world.standin.fault("+447700900201", "refuse", code=21612)
    world.standin.fault("+447700900201", "call_failed")
    flagged(world, asha)
    world.advance(minutes=2)
    world.staff("facilitator", 1).hears("an item needs you now")  # none of the first's ways works
    world.advance(minutes=40)
    told = [letter.get_content() for letter in postbox.to(mailbox("Frances"))]
    assert len([each for each in told if "a mail server refuses somebody's address." in each]) == 1
    assert not any("our e-mails do not go out" in each for each in told)
    assert "mail_refused" in open_alarms(world)
    for alarm in (text_id for text_id in words.wordings if text_id.startswith("alarm_")):  # none is cut short
        what = words.render(alarm).body
        assert what in words.render("mail_alarm", time="9am", alarm=what, url="https://example.org").body
    asha.ignores()
    world.staff_ignores()
