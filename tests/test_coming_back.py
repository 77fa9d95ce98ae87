"""Coming back and going away: on the other channel, out of a pause, while an erasure waits, and STOP in an exchange."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from companion import jobs
from companion.models import AuditEntry, Consent, InboundMessage, Person
from tests.safety.stage import DANGER, closed, reference
from tests.world import World


def test_who_comes_back_is_reminded_where_they_came_back_whatever_they_had_paused(world: World) -> None:
    on_whatsapp = world.member(channel="whatsapp")
    on_sms = world.talker(on_whatsapp.number)
    on_whatsapp.texts("PAUSE 8")
    on_whatsapp.texts("STOP")
    on_whatsapp.ignores()
    on_sms.texts("START")
    on_sms.hears("Your texts are on again")
    on_sms.texts("yes")
    on_sms.hears("you have a place on Thu 26 Nov")
    on_sms.texts("use whatsapp please")  # where STOP still holds
    on_sms.hears("told us to stop on WhatsApp", "START")
    world.advance(days=3)  # to a little before the session
    on_sms.hears("your rest been this week")
    on_sms.hears("meets Thu 26 Nov", "Join here")
    on_whatsapp.hears_nothing()
    world.staff_ignores()


def test_coming_back_takes_back_an_erasure_that_waits(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    world.settle()
    cole.texts(f"{reference(cole.hears('an item'))} TAKE")
    world.settle()
    asha.texts("delete my data")
    asha.texts("yes")
    assert "wait until that is closed" in asha.ignores()[-1]
    asha.texts("START")  # it is no word to the facilitator who has their text
    asha.hears("Your texts are on again")
    asha.hears("You are back, so we keep it", "DELETE MY DATA")
    asha.ignores()
    asha.texts("delete my data")
    asha.texts("yes")
    asha.texts("JOIN ICU")
    asha.ignores()
    asha.texts("YES")
    asha.hears("Welcome")
    asha.hears("You are back, so we keep it")
    asha.ignores()
    closed(world)
    jobs.purge(world.services)
    with world.database.read() as session:
        person = session.scalars(select(Person).where(Person.role == "trainee")).one()
        assert (person.state, person.erase_asked_at) == ("joined", None)
        taken_back = select(AuditEntry).where(AuditEntry.action == "erasure taken back")
        assert len(session.scalars(taken_back).all()) == 2
    asha.texts("thanks")
    assert asha.ignores()
    world.settle()
    asha.ignores()
    world.staff_ignores()


def test_words_of_a_facilitator_do_not_get_round_a_stop_by_the_other_channel(world: World) -> None:
    on_whatsapp, cole = world.member(channel="whatsapp"), world.staff("facilitator")
    on_sms = world.talker(on_whatsapp.number)
    on_whatsapp.texts(DANGER)
    world.settle()
    code = reference(cole.hears("an item"))
    cole.texts(f"{code} TAKE")
    world.advance(minutes=1)
    on_whatsapp.ignores()
    cole.ignores()
    on_sms.texts("STOP")
    on_sms.ignores()  # Twilio's own answer
    world.settle()
    cole.hears("has stopped our texts", "ring them")
    cole.texts(f"{code} are you there?")
    world.settle()
    assert not any("Sent to" in text for text in cole.ignores())
    on_whatsapp.hears_nothing()
    on_whatsapp.texts("sorry, I am here on WhatsApp")  # their own word opens it again
    cole.texts(f"{code} glad to hear you")
    world.settle()
    assert "glad to hear you" in on_whatsapp.ignores()[-1]
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_who_comes_back_to_another_cohort_is_offered_no_place_in_the_group_they_left(world: World) -> None:
    asha = world.member(channel="whatsapp")
    asha.texts("STOP")
    asha.texts("JOIN SHIELDING")
    asha.ignores()
    asha.texts("yes")
    asha.hears("Welcome")
    asha.hears("no group session planned for you yet")
    asha.texts("NEXT")
    asha.hears("no group session planned for you yet")
    asha.texts("yes")
    assert "you have a place" not in " ".join(asha.ignores())


def test_a_join_that_the_carrier_held_back_is_taken_up_by_start(world: World) -> None:
    asha, ben = world.talker("+447700900151"), world.talker("+447700900152")
    for phone in (asha, ben):
        phone.texts("STOP")
        phone.ignores()
        phone.texts("JOIN ICU")
        world.settle()
        phone.hears_nothing()  # only START lets anything through
    with world.database.read() as session:
        joins = select(InboundMessage.needs_reading).where(InboundMessage.intent == "join")
        assert session.scalars(joins).all() == [True, True]  # a person sees that they wait
    asha.texts("START")
    world.advance(hours=3)
    ben.texts("start")
    for phone in (asha, ben):
        phone.hears("re-subscribed")
        phone.hears("You asked to join ICU")
        phone.hears("A computer checks your texts")
        phone.hears("Reply YES to join")
        world.advance(minutes=5)
        phone.hears_nothing()  # once, though it was to be sent again
        phone.texts("yes")
        phone.hears("Welcome to Companion")
        phone.ignores()


@pytest.mark.one_database("sqlite")
def test_who_left_joins_anew_unheard_and_texts_start_later_is_not_told_that_they_are_back(world: World) -> None:
    asha = world.member()
    asha.texts("STOP")
    asha.texts("JOIN ICU")
    world.advance(days=3)
    asha.ignores()
    asha.texts("START")
    asha.hears("re-subscribed")
    asha.hears("You asked to join ICU")
    assert "Reply YES to join" in asha.ignores()[-1]
    asha.texts("yes")
    asha.hears("Welcome to Companion")
    asha.ignores()
    asha.texts("NEXT")
    asha.hears("ICU North")
    world.staff_ignores()


def test_a_yes_to_what_never_arrived_is_no_consent(world: World) -> None:
    asha = world.talker("+447700900151")
    asha.texts("STOP")
    asha.texts("JOIN ICU")
    world.settle()
    asha.ignores()
    asha.texts("YES")  # the carrier takes it for START
    asha.hears("re-subscribed")
    asha.hears("You asked to join ICU")
    assert "Reply YES to join" in asha.ignores()[-1]
    with world.database.read() as session:
        assert set(session.scalars(select(Consent.event))) == {"shown"}
    asha.texts("YES")
    asha.hears("Welcome to Companion")
    asha.ignores()
    with world.database.read() as session:
        assert "yes" in set(session.scalars(select(Consent.event)))


@pytest.mark.parametrize(("days", "told"), [(170, True), (190, False)])
@pytest.mark.one_database("sqlite")
def test_who_joins_from_a_number_that_was_left_long_ago_hears_nothing_of_its_owner(
    world: World, days: int, told: bool
) -> None:
    asha = world.member()
    asha.texts("please stop texting me")  # which no carrier takes for a STOP
    asha.ignores()
    world.jump_to(world.clock.now() + timedelta(days=days))
    asha.texts("JOIN ICU")
    heard = asha.ignores()
    assert any("You left before" in each for each in heard) is told
    assert "Reply YES to join" in heard[-1]
    world.staff_ignores()
