"""Every plain sentence that somebody who is paged could answer with is understood, or answered with what to text."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from companion.models import AuditEntry, Episode, Note, RelayedText
from tests.safety.stage import DANGER, episode, episodes, flagged, reference
from tests.world import Talker, World

MINA = "+447700900102"


def counted(world: World, kept: type[Note | RelayedText]) -> int:
    """Return how many notes, or texts to the person, there are."""
    with world.database.read() as session:
        return session.scalar(select(func.count()).select_from(kept)) or 0


def taken_by(world: World, owner: Talker, talker: Talker) -> str:
    """Let `talker` be in danger and the first facilitator take it; return the reference."""
    flagged(world, talker)
    world.settle()
    ref = reference(owner.hears("an item"))
    owner.texts(f"{ref} take")
    owner.hears("You have")
    world.settle()
    talker.ignores()
    return ref


@pytest.mark.one_database("sqlite")
def test_r09_what_no_text_may_say_is_said_to_be_in_the_console(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.settle()
    ref = reference(cole.hears("an item"))
    for asked in ("who is it?", "what's it about", f"{ref} what is this about", "is this real"):
        cole.texts(asked)
        cole.hears("We can't say more by text", f"{ref} TAKE", f"{ref} PASS")
    cole.texts("I don't know how to sign in")
    cole.hears("Sign in here")
    cole.hears(f"Still open to you: {ref}")
    cole.texts("I am finding this really hard")
    cole.hears("you matter too")
    cole.hears(f"Still open to you: {ref}")
    assert episode(world).state == "open"
    cole.texts(f"tak {ref.lower()}")
    cole.hears("You have", ref)
    for asked in ("what's her number", f"{ref} who is it", f"{ref}?"):
        cole.texts(asked)
        assert "by text" in cole.hears(ref) or asked.endswith("?")
    cole.texts("how do i sign in")
    cole.hears("Sign in here")
    assert (counted(world, Note), counted(world, RelayedText)) == (0, 0)
    world.settle()
    asha.ignores()


@pytest.mark.one_database("postgresql")
def test_r09_nothing_that_is_no_word_to_the_person_is_sent_to_them(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    ref = taken_by(world, cole, asha)
    for said in (f"{ref} done", f"{ref} close", "how do I close this"):
        cole.texts(said)
        cole.hears("Nothing has changed", f"{ref} REACHED", "sign in")
    for said in (f"{ref} no answer", "left a voicemail", "rang her twice, not picking up"):
        cole.texts(said)
        cole.hears(f"Kept as a note on {ref}", "keep trying", f"{ref} PASS")
    cole.texts("rang her, she is with a friend now")
    cole.hears("Have you reached them yourself?", f"{ref} REACHED")
    cole.texts(f"{ref} she is at home with her sister")
    cole.hears("Is that for them to read?", f"{ref} SAY")
    cole.texts("i need help")
    cole.hears("Kept as a note", f"Can't do it? Reply {ref} PASS")
    assert (counted(world, Note), counted(world, RelayedText)) == (5, 0)
    assert episode(world).state == "owned"
    cole.texts("reached her")
    cole.hears("Recorded")
    cole.texts("TAKE")  # nobody is to make contact by a time that is past
    assert "make contact by" not in cole.hears(f"You have {ref} already", "you reached them")
    cole.texts("all done, close it please")
    cole.hears(f"texts can't close {ref}")
    world.settle()
    asha.hears_nothing()
    cole.hears_nothing()


@pytest.mark.one_database("sqlite")
def test_r09_half_answers_to_a_page_change_nothing_and_are_answered(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.settle()
    ref = reference(cole.hears("an item needs you now"))
    for said in ("what?", "who is this about", "link?"):
        cole.texts(said)
        cole.hears("can't say more by text", f"{ref} TAKE", "sign in")
    for said in ("cant open link", "the link doesn't work"):
        cole.texts(said)
        cole.hears("TAKE, PASS and REACHED work by text, without the link")
        cole.hears("Still open to you", ref)
    for said in ("fuck off", "work mostly", "maybe", "not now"):
        cole.texts(said)
        cole.hears("Nothing has changed", f"{ref} TAKE or {ref} PASS")
    cole.texts("taking it K9K9")
    cole.hears("no open item for you with that reference", ref)
    assert episode(world).state == "open"

    # Of what whoever has it says, nothing is kept as a note about anybody that is none.
    cole.texts("on it")
    cole.hears(f"You have {ref}")
    for said, heard in (
        ("what now", "see how to ring them"),
        ("link?", "see how to ring them"),
        ("cant open the link", "work by text, without the link"),
        ("fuck off", "Nothing was kept or sent"),
    ):
        cole.texts(said)
        cole.hears(heard)
    assert counted(world, Note) == 0
    world.settle()
    asha.hears("Dr Cole is a facilitator and has your text now")
    world.staff_ignores()


def test_r09_passing_on_whom_one_has_reached_brings_others_and_leaves_nobody_alone(world: World) -> None:
    asha = world.member()
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    ref = taken_by(world, cole, asha)
    cole.texts("reached her")
    cole.hears("Recorded")
    cole.texts(f"{ref} pass")
    cole.hears("Others are being paged", "stays yours until")
    world.settle()
    dunne.hears("an item needs you now")
    assert episode(world).state == "open"
    asha.texts("are you there")  # it goes to who reached her: it would be untrue that nobody has it
    asha.hears_nothing()
    world.settle()
    cole.hears(f"new text about {ref}")
    world.advance(minutes=16)
    assert not any("No facilitator has picked this up" in text for text in asha.ignores())
    asha.texts(DANGER)  # what she was reached about is not this: from now on nobody has it
    asha.ignores()
    cole.ignores()
    world.settle()
    assert any("needs you" in text for text in cole.ignores())
    asha.hears("No facilitator has picked this up yet")
    dunne.texts("on it")
    dunne.ignores()
    world.settle()
    asha.hears("Dr Dunne is a facilitator and has your text now")
    assert episode(world).state == "owned"
    world.staff_ignores()


def test_r09_several_are_taken_and_passed_on_together_when_that_is_said(world: World) -> None:
    asha, mina = world.member(), world.member(MINA)
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    for each in (asha, mina):
        flagged(world, each)
    world.settle()
    cole.hears("2 items need you now")
    cole.texts("i cant, driving")
    cole.hears("Nothing has changed", "reply PASS ALL")
    assert {each.state for each in episodes(world)} == {"open"}
    cole.texts("pass all")
    cole.hears("passing it on")
    world.settle()
    dunne.hears("2 items need you now")
    dunne.texts("I'll take both")
    for _ in (asha, mina):
        dunne.hears("You have")
    dunne.texts("no answer")
    dunne.hears("Nothing was kept or sent", "REACHED or PASS")
    world.settle()
    for each in (asha, mina):
        each.hears("Dr Dunne")
    with world.database.read() as session:
        assert {each.state for each in session.scalars(select(Episode))} == {"owned"}
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r09_what_somebody_else_has_is_no_item_that_unsure_words_are_about(world: World) -> None:
    asha = world.member()
    cole, erskine = world.staff("facilitator"), world.staff("lead")
    flagged(world, asha)
    world.advance(minutes=11)
    cole.texts("take")
    world.settle()
    erskine.ignores()
    erskine.texts("ok thanks")
    assert "TAKE or PASS. To read" not in erskine.ignores()[0]
    erskine.texts("who has it?")
    erskine.hears("Dr Cole has it")
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("postgresql")
def test_r09_words_to_a_person_on_whatsapp_go_by_sms_when_whatsapp_takes_none_any_more(world: World) -> None:
    asha, cole = world.member(channel="whatsapp"), world.staff("facilitator")
    ref = taken_by(world, cole, asha)
    cole.texts("reached her")
    world.advance(hours=26)
    cole.ignores()
    asha.ignores()
    cole.texts(f"{ref} Hello, how was your night?")
    cole.hears(f"Sent to {ref}")
    world.settle()
    world.talker(channel="sms").hears("Dr Cole: Hello, how was your night?")
    asha.hears_nothing()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r20_change_and_call_me_are_heard_long_after_the_last_word_of_an_exchange(world: World) -> None:
    asha = world.member()
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    ref = taken_by(world, cole, asha)
    cole.texts("reached her")
    world.advance(days=3)
    for phone in (asha, cole, dunne):
        phone.ignores()
    asha.texts("call me")
    asha.hears("Dr Cole has your text", "would like a call")
    world.settle()
    cole.hears(f"{ref} asks for a call")
    asha.texts("CHANGE")
    asha.hears("asking someone else instead of Dr Cole")
    world.settle()
    dunne.hears("an item needs you now")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r18_the_stop_of_an_unknown_number_is_told_to_who_has_it(world: World) -> None:
    stranger, erskine = world.talker("+447700900177"), world.staff("lead")
    flagged(world, stranger)
    world.settle()
    ref = reference(erskine.hears("unknown sender"))
    erskine.texts("on it")
    erskine.hears("You have")
    world.settle()
    stranger.ignores()
    stranger.texts("STOP")
    stranger.ignores()
    world.settle()
    erskine.hears(f"{ref} has stopped our texts")


def test_r09_what_the_person_writes_reaches_the_owner_however_old_the_episode_is(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    ref = taken_by(world, cole, asha)
    cole.texts("reached her")
    world.advance(days=9)
    for phone in (asha, cole):
        phone.ignores()
    asha.texts("it has got worse again")
    asha.hears("We have told Dr Cole that you wrote", "999", "Samaritans")
    world.settle()
    cole.hears(f"new text about {ref}")
    world.advance(minutes=5)
    asha.texts("are you there")  # begun anew: no machine between the two
    world.settle()
    cole.hears(f"new text about {ref}")
    asha.hears_nothing()
    world.advance(days=3)
    for phone in (asha, cole):
        phone.ignores()
    asha.texts("where can I get help with sleep")  # answered as ever, and told as well
    asha.hears("This may help")
    world.settle()
    cole.hears(f"new text about {ref}")
    with world.database.read() as session:
        told = select(func.count()).where(AuditEntry.action == "text from the person")
        assert session.scalar(told) == 3
    world.staff_ignores()


def test_r18_what_the_person_writes_after_stop_reaches_the_owner_and_is_not_answered(world: World) -> None:
    asha, cole = world.member(channel="whatsapp"), world.staff("facilitator")
    ref = taken_by(world, cole, asha)
    asha.texts("STOP")
    for phone in (asha, cole):
        phone.ignores()
    world.settle()
    cole.hears("has stopped our texts")
    world.advance(minutes=2)
    asha.texts("tell her I am with my sister now")
    world.settle()
    cole.hears(f"new text about {ref}")
    asha.hears_nothing()


@pytest.mark.one_database("sqlite")
def test_r09_who_says_that_they_are_safe_is_asked_whether_they_were_reached_and_a_yes_records_it(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    ref = taken_by(world, cole, asha)
    for said in ("reached her, safe with mum", "she is safe, mum is with her", "spoke to her mum"):
        cole.texts(said)  # it may be the mother whom they spoke to
        cole.hears(f"Kept as a note on {ref}", "reached them yourself", f"YES or {ref} REACHED")
    assert episode(world).state == "owned"
    cole.texts("Yes")
    cole.hears("Recorded: you reached", ref)
    assert episode(world).state == "contacted"
    assert counted(world, Note) == 3
    cole.texts("all fine now, safe with mum")
    cole.hears(f"Kept as a note on {ref}", "To close it with what came of it, sign in")
    cole.texts("yes")  # answers nothing any more
    cole.hears(f"Kept as a note on {ref}")
    world.settle()
    asha.ignores()


@pytest.mark.one_database("sqlite")
def test_r09_a_late_yes_and_one_after_a_try_in_vain_record_nothing(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    ref = taken_by(world, cole, asha)
    cole.texts("left a voicemail")
    cole.hears("no contact yet")
    cole.texts("yes")
    cole.hears("reached them yourself")
    cole.texts("no")
    cole.hears(f"Kept as a note on {ref}", "reached them yourself")
    cole.texts("who is on duty")
    cole.ignores()
    cole.texts("yes")  # to whatever it is, it is not to what was asked before
    cole.hears(f"Kept as a note on {ref}")
    assert episode(world).state == "owned"
    cole.texts("got hold of him, he's ok")
    cole.hears("Recorded: you reached")
    world.settle()
    asha.ignores()
