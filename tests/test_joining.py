"""Opting in by text, and out again."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql

from companion.messaging.addresses import address_of
from companion.messaging.numbers import read_sender
from companion.models import Consent, Person
from tests.world import World


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("text", ["JOIN ICU", "join icu.", "JOINICU", "Join “ICU”", "Join ICU!", " join   itu "])
def test_join_in_any_shape_people_type_it(world: World, text: str) -> None:
    asha = world.talker()
    asha.texts(text)
    asha.hears("join ICU", "Not an emergency service", "STOP")
    asha.hears("checks your texts", "lead")
    asha.hears("YES to join")
    asha.texts("Yes")
    asha.hears("Welcome")
    asha.hears("ICU North", "Thu 26 Nov, 6:30pm", "YES or NO")


def test_consent_is_kept_with_its_wording(world: World) -> None:
    asha = world.talker()
    shown_by = asha.texts("join icu")
    shown = asha.ignores()
    agreed_by = asha.texts("yes")
    asha.ignores()
    with world.database.read() as session:
        steps = session.scalars(select(Consent).order_by(Consent.at, Consent.id)).all()
    assert [(s.event, s.provider_sid) for s in steps] == [("shown", shown_by)] * 3 + [("yes", agreed_by)]
    assert [s.wording for s in steps[:3]] == shown
    assert all(s.wording_version for s in steps[:3])


@pytest.mark.one_database("postgresql")
def test_no_is_respected(world: World) -> None:
    asha = world.talker()
    asha.texts("JOIN ICU")
    asha.ignores()
    asha.texts("No")
    asha.hears("You have not joined")
    world.advance(days=14)
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("text", ["JOIN", "join please", "JOIN ICU"])
def test_join_sent_once_more_is_no_consent(world: World, text: str) -> None:
    asha = world.talker()
    asha.texts("JOIN ICU")
    asha.ignores()
    asha.texts(text)
    asha.hears("join ICU", "Not an emergency service", "STOP")
    asha.hears("checks your texts", "lead")
    asha.hears("YES to join")
    asha.texts("yes")
    assert "Welcome" in asha.ignores()[0]


def test_silence_is_no_consent(world: World) -> None:
    asha = world.talker()
    asha.texts("JOIN ICU")
    asha.ignores()
    world.advance(days=9)
    world.staff_ignores()
    asha.hears_nothing()
    asha.texts("yes")
    asha.hears("a while since we asked", "JOIN")
    with world.database.read() as session:
        assert session.scalar(select(Person.state).where(Person.role == "trainee")) == "asked"


def test_an_unknown_code_names_those_there_are(world: World) -> None:
    asha = world.talker()
    asha.texts("JOIN ORTHO")
    asha.hears("no group called ORTHO", "ICU\nSHIELDING")
    asha.texts("join")
    asha.hears("ICU\nSHIELDING")


def test_joining_twice_changes_nothing(world: World) -> None:
    asha = world.member()
    asha.texts("JOIN ICU")
    asha.hears("you are in ICU")
    asha.texts("JOIN SHIELDING")
    asha.hears("text MOVE SHIELDING")
    asha.texts("JOIN FOUNDATION")
    asha.hears("no group called FOUNDATION")


def test_only_mobiles_of_the_programmes_countries_join(world: World) -> None:
    landline = world.talker("+442079460123")
    landline.texts("JOIN ICU")
    landline.hears("only text UK mobile")


def test_a_name_instead_of_a_number_is_never_answered(world: World) -> None:
    asha = world.talker()
    asha.texts("JOIN ICU", From="NHSNoReply")
    asha.hears_nothing()


def test_stop_and_start_on_sms(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102")
    asha.texts("Stop")
    asha.hears("successfully been unsubscribed")  # Twilio's own answer, never ours as well
    ben.texts("Stop.")
    ben.hears("You have left")  # for Twilio that is not its word: it says nothing, so we do
    world.advance(days=8)
    world.staff_ignores()
    for each in (asha, ben):
        each.hears_nothing()
        each.texts("START")
        assert any("Welcome back" in text for text in each.ignores())


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_a_word_of_the_deployments_own_advanced_opt_out_counts(world: World, channel: str) -> None:
    asha = world.member(channel=channel)
    asha.texts("FINITO", OptOutType="STOP")  # Twilio has answered it by itself, on WhatsApp too
    world.advance(days=8)
    world.staff_ignores()
    asha.hears_nothing()
    asha.texts("ANDIAMO", OptOutType="START")
    asha.hears("Welcome back")
    asha.hears("Can you come")
    asha.texts("YES", OptOutType="START")  # also one of Twilio's start words: here it answers us
    asha.ignores()


def test_who_never_joined_is_not_welcomed_back(world: World) -> None:
    asha = world.talker(channel="whatsapp")
    asha.texts("JOIN ICU")
    asha.ignores()
    asha.texts("STOP")
    asha.hears("no more texts")
    asha.texts("START")
    asha.hears("You have not joined yet")
    asha.texts("JOIN ICU")
    asha.hears("You asked to join ICU")
    asha.ignores()


@pytest.mark.one_database("postgresql")
def test_stop_and_start_on_whatsapp(world: World) -> None:
    asha = world.member(channel="whatsapp")
    asha.texts("STOP")
    asha.hears("left and will get no more texts")
    asha.texts("lovely weather")
    asha.texts("look", NumMedia="1", MediaContentType0="image/jpeg", MediaUrl0="https://api.twilio.com/x")
    asha.texts("i feel like i cant cope any more")
    world.advance(days=8)
    world.staff_ignores()
    asha.hears_nothing()
    asha.texts("START")
    asha.hears("Welcome back")
    asha.hears("Can you come")  # the place went with the STOP


def test_someone_who_left_and_comes_back_is_asked_again(world: World) -> None:
    asha = world.member(channel="whatsapp")
    asha.texts("stop")
    asha.ignores()
    asha.texts("join icu")
    asha.hears("left before")
    asha.ignores()
    asha.texts("yes")
    asha.hears("Welcome")
    asha.hears("Can you come")


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_help_works_before_and_after_joining(world: World, channel: str) -> None:
    asha = world.talker(channel=channel)
    asha.texts("HELP")
    assert any("peer support" in text for text in asha.ignores())
    world.member(channel=channel)
    asha.texts("help")
    assert any("MENU for topics" in text for text in asha.ignores())


def test_two_texts_of_a_new_number_at_one_moment_are_both_answered(world: World) -> None:
    number, now = "+447700900177", world.clock.now()
    form = {"MessageSid": f"SM{uuid.uuid4().hex}", "From": number, "To": "+447700900000", "Body": "JOIN ICU"}
    with ThreadPoolExecutor(1) as pool:
        with world.database.write() as other:  # where the first of the two is being taken in
            address_of(other, read_sender(number, ("GB",)), now)
            second = pool.submit(world.post, "/twilio/inbound", form)
            while other.get_bind().dialect.name == "postgresql" and not other.scalar(
                sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
            ):
                assert not second.done()  # it waits for what becomes of the first
        assert "Reply YES to join" in second.result().text


@pytest.mark.one_database("sqlite")
def test_a_phone_that_answers_by_itself_is_not_answered_for_ever(world: World) -> None:
    asha, answers = world.member(), 0
    for _ in range(20):
        asha.texts("I'm driving. I'll text you when I get there.")
        answers += len(asha.ignores())
        world.clock.advance(timedelta(seconds=20))
    assert answers == 12
    asha.texts("MENU")
    asha.hears("Text a number")
    world.advance(minutes=1)
    world.staff("coordinator").hears("answers our texts by itself")


@pytest.mark.one_database("sqlite")
def test_an_answer_that_twilio_does_not_send_comes_after_all(world: World) -> None:
    asha = world.member()
    world.settle()
    world.standin.fault(asha.number, "answers_lost", times=1)
    asha.texts("MENU")
    asha.hears_nothing()
    world.advance(minutes=2)  # no receipt, and Twilio's list does not have it
    world.advance(seconds=1)
    asha.hears("Text a number")


def test_who_asks_what_it_is_hears_that_before_which_cohort(world: World) -> None:
    asha = world.talker()
    asha.texts("hiya saw a poster, what is this")
    asha.hears("peer support by text for resident doctors", "Text JOIN")
