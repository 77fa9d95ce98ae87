"""Words that suggest danger: the reply in the webhook, the facilitators' phones, and who takes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from companion import jobs
from companion.models import Episode, Flag, InboundMessage
from tests.world import World

DANGER = "I don't want to be here any more, I want to end my life"


def reference(page: str) -> str:
    """Return the reference in a page."""
    return page.split("Reply ", 1)[1].split(" ", 1)[0]


def hears_crisis_lines(talker: object) -> None:
    """Read the two texts of the crisis reply."""
    talker.hears("no person has read", "999", "Samaritans 116 123", "SHOUT to 85258")  # type: ignore[attr-defined]
    talker.hears("111", "alerting a facilitator")  # type: ignore[attr-defined]


def test_the_reply_comes_in_the_webhook_and_the_first_facilitator_is_paged(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    hears_crisis_lines(asha)  # before any worker ran
    cole.hears_nothing()
    world.settle()
    page = cole.hears("an item needs you now", "TAKE", "PASS")
    cole.texts(f"{reference(page)} TAKE")
    cole.hears("You have", reference(page))
    world.settle()
    asha.hears("Dr Cole", "has your text", "9:20am")


def test_plain_words_take_it_when_one_is_open(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    hears_crisis_lines(asha)
    world.settle()
    cole.ignores()
    cole.texts("got it")
    cole.hears("You have")
    world.settle()
    asha.hears("Dr Cole")


def test_no_answer_pages_the_next_then_everyone_and_the_trainee_hears_the_truth(world: World) -> None:
    asha = world.member()
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    asha.texts(DANGER)
    hears_crisis_lines(asha)
    world.advance(minutes=4)
    cole.hears("an item needs you")
    dunne.hears_nothing()
    world.advance(minutes=2)
    dunne.hears("an item needs you")
    erskine.hears_nothing()
    world.advance(minutes=5)
    for talker in (cole, dunne, erskine):
        talker.hears("an item needs you")
    asha.hears_nothing()
    world.advance(minutes=5)
    asha.hears("No facilitator has picked this up yet", "999")
    world.advance(minutes=5)
    for talker in (cole, dunne, erskine):
        talker.hears("an item needs you")
    page = world.staff("lead").phone.inbox[-1].body
    erskine.texts(f"{reference(page)} take")
    erskine.hears("You have")
    cole.texts("take")
    cole.hears("Dr Erskine has this one already")
    world.settle()
    cole.hears("Dr Erskine has this one already")
    dunne.hears("Dr Erskine has this one already")
    asha.hears("Dr Erskine")


def test_pass_pages_the_next_at_once(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    page = cole.hears("an item")
    cole.texts(f"{reference(page)} PASS")
    cole.hears("passing it on")
    world.settle()
    dunne.hears("an item needs you now")


def test_a_promise_not_kept_opens_it_again(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    world.settle()
    page = cole.hears("an item")
    cole.texts(f"{reference(page)} TAKE")
    world.settle()
    asha.ignores()
    cole.ignores()
    world.advance(minutes=11)
    cole.hears("no contact is recorded")
    world.advance(minutes=10)
    assert any("open again" in text for text in cole.ignores())
    asha.hears("no note that Dr Cole has reached you", "999")
    world.staff("facilitator", 1).hears("an item needs you now")  # one step up; the lead five minutes later
    world.advance(minutes=5)
    world.staff("lead").hears("an item needs you now")
    world.staff_ignores()


def test_the_same_text_twice_is_one_episode_and_one_page(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    sid = asha.texts(DANGER)
    first = asha.ignores()
    for _ in range(5):
        world.standin.replay(sid)
    asha.hears_nothing()
    world.settle()
    cole.hears("an item")
    assert len(first) == 2
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Episode)) == 1
        assert session.scalar(select(func.count()).select_from(Flag)) == 1


def test_a_number_never_seen_gets_the_lines_and_the_lead_is_paged(world: World) -> None:
    stranger = world.talker("+447700900150")
    stranger.texts(DANGER)
    stranger.hears("we don't know your number", "999", "116 123", "85258")
    world.settle()
    world.staff("lead").hears("1 item from unknown senders", "TAKE", "PASS")


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_danger_after_stop_still_pages(world: World, channel: str) -> None:
    asha = world.member(channel=channel)
    asha.texts("STOP")
    asha.ignores()
    asha.texts(DANGER)
    world.settle()
    world.staff("facilitator").hears("an item needs you now")
    # On WhatsApp the lines arrive; on SMS the carrier lets nothing through, and that is on record.
    assert bool(asha.ignores()) == (channel == "whatsapp")


def test_a_second_text_soon_after_gets_a_shorter_reply_and_no_second_episode(world: World) -> None:
    asha = world.member()
    asha.texts(DANGER)
    hears_crisis_lines(asha)
    asha.texts("I really want to kill myself")
    asha.hears("We have this text too", "999")
    world.settle()
    world.staff("facilitator").ignores()
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Episode)) == 1


def test_a_picture_without_words_cannot_be_read_and_says_so(world: World) -> None:
    asha = world.member(channel="whatsapp")
    asha.texts(
        "", NumMedia="1", MediaContentType0="audio/ogg", MediaUrl0="https://api.twilio.com/x", MessageType="audio"
    )
    asha.hears("could not read your message", "999")
    world.settle()
    world.staff("facilitator").hears("an item needs you now")


def test_a_watch_list_that_fails_counts_as_a_flag(world: World) -> None:
    asha = world.member()

    class Broken:
        version = "broken"

        def read(self, _text: str) -> None:
            raise RuntimeError("no list")

    world.services.inbox._desk._watchlist = Broken()  # type: ignore[attr-defined]
    asha.texts("hello")
    asha.hears("could not read", "999")
    world.settle()
    world.staff("facilitator").hears("an item needs you now")
    assert len(world.expects_errors()) == 1


def test_when_a_text_cannot_be_taken_in_the_lines_still_come_and_it_is_fetched_later(world: World) -> None:
    asha = world.member()
    with world.database.write() as session:
        session.execute(text("ALTER TABLE flags RENAME TO away"))
    asha.texts(DANGER)
    asha.hears("our system is not working", "999", "116 123")
    assert len(world.expects_errors()) == 1
    with world.database.write() as session:
        session.execute(text("ALTER TABLE away RENAME TO flags"))
    world.advance(minutes=5)
    jobs.reconcile(world.services)
    world.settle()
    hears_crisis_lines(asha)
    world.staff("facilitator").hears("an item needs you now")


def test_stop_while_someone_has_it_is_told_to_them(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    world.settle()
    cole.ignores()
    cole.texts("take")
    world.settle()
    asha.ignores()
    cole.ignores()
    asha.texts("STOP")
    asha.ignores()
    world.settle()
    cole.hears("has stopped our texts")


def test_at_half_past_two_in_the_night_the_clocks_change_with_no_worker(make_world: Callable[..., World]) -> None:
    world = make_world().seeded()
    world.clock.move_to(datetime(2027, 3, 28, 1, 30, tzinfo=UTC))
    stranger = world.talker("+447700900151")
    stranger.texts("i want to kill myself")
    stranger.hears("999", "116 123")
    world.settle()
    world.staff("lead").ignores()


def test_an_order_with_a_wrong_reference_changes_nothing(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    cole.ignores()
    cole.texts("X9X9 TAKE")
    cole.hears("no open item")
    with world.database.read() as session:
        assert session.scalars(select(Episode.state)).all() == ["open"]


def test_pages_hold_no_word_number_or_name_of_the_trainee(world: World) -> None:
    asha = world.member()
    asha.texts(DANGER)
    asha.ignores()
    world.advance(minutes=45)
    asha.ignores()
    words = DANGER.lower().split()
    triples = [" ".join(words[i : i + 3]) for i in range(len(words) - 2)]
    for role, which in (("facilitator", 0), ("facilitator", 1), ("lead", 0), ("coordinator", 0)):
        for heard in world.staff(role, which).ignores():
            assert not any(triple in heard.lower() for triple in triples)
            assert asha.number[-6:] not in heard


def test_the_text_is_stored_with_what_matched_and_which_list(world: World) -> None:
    asha = world.member()
    asha.texts(DANGER)
    asha.ignores()
    with world.database.read() as session:
        flag = session.scalars(select(Flag)).one()
        assert session.get_one(InboundMessage, flag.inbound_id).body == DANGER
    assert flag.route == "page"
    assert flag.families
    assert flag.list_version
    world.settle()
    world.staff_ignores()
