"""Coming back and going away: on the other channel, out of a pause, while an erasure waits, and STOP in an exchange."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from companion import jobs
from companion.escalation.exclusions import hidden_from
from companion.models import AuditEntry, Consent, Exclusion, InboundMessage, Person
from tests.safety.stage import DANGER, closed, reference
from tests.test_personal_data import link_in
from tests.world import Talker, World


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
        phone.hears("Welcome to Companion", "Save this number")
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
    with world.database.read() as session:
        trainees = session.scalars(select(Person).where(Person.role == "trainee").order_by(Person.created_at)).all()
        assert [person.state for person in trainees] == (["asked"] if told else ["left", "asked"])
    world.staff_ignores()


NOTHING_SHOWN = "we show nothing from before"


def silent_for_months(world: World) -> Talker:
    """Return a member who said a few things, left somebody out, and was not heard of for more than half a year."""
    asha = world.member()
    for said in ("my bike is called canarybird", "EXCLUDE Dr Cole", "MY DATA", "no"):
        asha.texts(said)
    world.jump_to(world.clock.now() + timedelta(days=50))
    world.advance(hours=24)
    asha.ignores()
    world.jump_to(world.clock.now() + timedelta(days=150))
    world.staff_ignores()
    asha.ignores()
    return asha


def alias(world: World, which: int = 0) -> str:
    """Return what a trainee is known by."""
    with world.database.read() as session:
        return session.scalars(select(Person.alias).where(Person.role == "trainee").order_by(Person.created_at)).all()[
            which
        ]


def test_who_has_a_number_that_was_silent_for_months_is_shown_nothing_of_before_and_joins_afresh(world: World) -> None:
    ben = silent_for_months(world)  # it is his number now
    asks = ("what's this?", "MY DATA", "yes", "NEXT", "LINK", "my weeks", "do I have to give my name", "who runs it")
    for said in (*asks, "CALENDAR", "GROUP", "DELETE MY DATA", "yes", "START", "Wren Heron", "RESUME"):
        ben.texts(said)
        for heard in ben.ignores():
            assert not any(word in heard for word in ("ICU North", "copy", "http", alias(world), "are on again"))
    ben.texts("next")
    ben.hears(NOTHING_SHOWN, "JOIN to start afresh", "CALL ME", "999")
    ben.texts("I can't sleep")  # help is there for whoever asks
    assert NOTHING_SHOWN not in ben.ignores()[0]
    ben.texts("CALL ME")
    ben.hears("a facilitator to get in touch")
    world.advance(days=8)
    ben.hears_nothing()  # no invitation, no question
    for said in ("JOIN ICU", "YES"):
        ben.texts(said)
    assert any("Welcome to" in heard for heard in ben.ignores())
    world.settle()
    ben.ignores()
    ben.texts("do I have to give my name")
    ben.hears(alias(world, 1))
    ben.texts("MY DATA")
    ben.texts("yes")
    shown = world.app.test_client().post(link_in(ben.ignores()[-1]), follow_redirects=True).text
    assert ("canarybird" in shown, "GROUP" in shown) == (False, True)  # his own texts, and nobody else's
    with world.database.read() as session:
        former, anew = session.scalars(select(Person).where(Person.role == "trainee").order_by(Person.created_at))
        assert (former.state, anew.state, former.unsure_since, anew.unsure_since) == ("left", "joined", None, None)
        assert len(hidden_from(session, session.scalars(select(Exclusion.excluded_id)).all()[0])) == 2
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_who_is_silent_for_months_and_says_by_what_name_they_are_known_has_all_again(world: World) -> None:
    asha = silent_for_months(world)
    asha.texts("hi, is the group still on?")
    asha.hears(NOTHING_SHOWN)
    asha.texts(DANGER)  # who is in danger is answered at once, and paged about, whoever it is
    asha.hears("999", "Samaritans")
    asha.hears("alerting a facilitator")
    asha.texts(f"you know me as {alias(world).lower()}.")
    asha.hears("that is the name we have")
    asha.texts("NEXT")
    asha.hears("ICU North")
    asha.texts("MY DATA")
    asha.hears("copy of what we hold")
    world.settle()
    asha.ignores()
    world.staff_ignores()
