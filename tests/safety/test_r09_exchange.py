"""Orders in plain words, and texts between a facilitator and a trainee through our number."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from companion.conversation.orders import read_order
from companion.models import AuditEntry, Note, RelayedText
from tests.safety.stage import episode, episodes, flagged, reference, taken
from tests.world import World


@pytest.mark.parametrize(
    ("text", "verb", "maybe"),
    [
        ("got it", "take", "take"),
        ("On it!", "take", "take"),
        ("ok, I'll take it now", "take", "take"),
        ("can't, in theatre, pass it on", "pass", "pass"),
        ("sorry I can’t take this, busy", "pass", "pass"),
        ("I spoke to them", "reached", "reached"),
        ("can't talk to her before eight", None, "pass"),
        ("got it wrong last time, who is this?", None, "take"),
        ("she is busy and away until five", None, None),
        ("what is this about", "ask", "ask"),
        ("tak", "take", "take"),
        ("K7Q9 tkae", "take", "take"),
        ("still trying", "take", "take"),
        ("I'm afraid I can't, sorry", "pass", "pass"),
        ("can someone else do it?", "pass", "pass"),
        ("I'm with a patient, can someone else", "pass", "pass"),
        ("she is with a patient", None, None),
        ("i need help with this one", None, "pass"),
        ("I pressed take by mistake", None, "pass"),
        ("rang twice, no answer", "tried", "tried"),
        ("no answer but her flatmate is with her", None, "tried"),
        ("how do I close it?", "close", "close"),
        ("who is it?", "ask", "ask"),
        ("take her home", None, "take"),
        ("take it or pass it on", None, "take"),
        ("yes, on it", "take", "take"),
        ("no, in theatre", "pass", "pass"),
        ("ok ive got this one", "take", "take"),
        ("spoke to her she's fine", "reached", "reached"),
        ("reached her on whatsapp", "reached", "reached"),
        ("spoke to them, they are ok and home now", "reached", "reached"),
        ("spoke to her she's not fine", None, "reached"),
        ("spoke to her mum", None, "reached"),
        ("not passing to sam", None, None),
        ("give it to her tomorrow", None, None),
    ],
)
def test_r09_plain_words_count_only_when_they_are_sure(text: str, verb: str | None, maybe: str | None) -> None:
    order = read_order(text)
    assert (order.verb, order.maybe) == (verb, maybe)


@pytest.mark.parametrize(
    ("text", "in_vain"), [("rang her, no sign of her", True), ("rang her, she is with a friend now", False)]
)
def test_a_try_was_in_vain_where_the_words_beside_it_say_so(text: str, in_vain: bool) -> None:
    order = read_order(text)
    assert (order.maybe, order.in_vain) == ("tried", in_vain)


@pytest.mark.parametrize("text", ["passing to sam", "can't, passing it to Dr Dunne please", "K7Q4 pass to sam"])
def test_r09_passing_to_somebody_by_name_is_passing_it_on(text: str) -> None:
    order = read_order(text)
    assert (order.verb, order.named) == ("pass", True)


def test_r09_what_an_owner_and_a_lead_are_told_in_plain_words(world: World) -> None:
    asha = world.member()
    cole, dunne, lead = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    flagged(world, asha)
    world.settle()
    ref = reference(cole.hears("an item"))
    lead.texts("ok ive got this one")  # they heard of it on the phone, and were not paged
    lead.hears("no open item for you now", "sign in")
    cole.texts("K7Q9 TAKE")
    cole.hears("no open item for you with that reference", f"Open to you: {ref}")
    cole.texts("how do i close this")
    cole.hears("we are not sure", "To read or close it, sign in")
    cole.texts("passing to sam")
    cole.hears("whoever is next on the rota", "can't pass it to one person by name")
    world.settle()
    page = dunne.hears("an item")
    dunne.texts("yes on it")
    dunne.hears("You have")
    world.settle()
    asha.hears("Dr Dunne", "has your text now")
    dunne.texts("can't get hold of her before eight")
    dunne.hears("Kept as a note", "still yours", f"{reference(page)} PASS")
    dunne.texts("spoke to her flatmate")
    dunne.hears("Kept as a note", "Have you reached them")
    assert episode(world).state == "owned"
    dunne.texts("spoke to her, she's fine")
    dunne.hears("Recorded: you reached")
    assert episode(world).state == "contacted"
    world.staff_ignores()


def test_r09_words_after_a_reference_reach_the_trainee_and_nothing_else_does(world: World) -> None:
    asha = world.member()
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    flagged(world, asha)
    world.settle()
    ref = reference(cole.hears("an item"))
    cole.texts(f"{ref} can you tell me more?")  # not taken yet
    cole.hears("we are not sure what you mean", f"{ref} TAKE")
    dunne.texts(f"{ref} TAKE")  # somebody else's reference
    dunne.hears("no open item for you")
    stranger = world.talker("+447700900177")
    stranger.texts(f"{ref} TAKE")
    stranger.ignores()
    assert episode(world).state == "open"
    cole.texts("I can't promise anything but will look")
    cole.hears("we are not sure what you mean")
    assert episode(world).state == "open"
    cole.texts("got it, thanks")
    cole.hears("You have", ref)
    world.settle()
    asha.hears("Dr Cole is a facilitator and has your text now", "text CHANGE")
    cole.texts("rang the ward, she is off until Monday")
    cole.hears(f"Kept as a note on {ref}, and sent to nobody", f"text {ref} and your words", f"YES or {ref} REACHED")
    cole.texts("how do I write to them")  # no note about anybody
    cole.hears("say more by text", f"To write to them, text {ref} and your words")
    cole.texts(f"{ref} Hello, I read your text. Shall I ring you at nine?")
    cole.hears(f"Sent to {ref}")
    world.settle()
    assert "+4477" not in asha.hears("Dr Cole: Hello, I read your text. Shall I ring you at nine?")
    asha.texts("yes please, that would help")
    asha.hears_nothing()  # no machine answers what is said to a person
    world.settle()
    asha.texts("are you still there")
    asha.hears_nothing()
    heard = cole.hears(f"new text about {ref}", "sign in")
    assert "that would help" not in heard
    cole.texts(f"{ref} Can't talk now but will ring at ten")
    cole.hears("Nothing was sent", f"{ref} SAY")
    cole.texts(f"{ref} SAY Can't talk now but will ring at ten")
    cole.hears("Sent to")
    world.settle()
    asha.hears("Dr Cole: Can't talk now but will ring at ten")
    _and_then(world, ref)


def _and_then(world: World, ref: str) -> None:
    asha, cole, dunne = world.talker(), world.staff("facilitator"), world.staff("facilitator", 1)
    asha.texts("CALL ME")
    asha.hears("told them that you would like a call")
    world.settle()
    cole.hears("asks for a call")
    asha.texts("I still want to kill myself")  # the watch list reads this as any other
    assert asha.ignores()
    world.settle()
    cole.hears("needs you again now")
    cole.texts("Rang ext 4473, wife picked up")  # it only looks like a reference
    cole.hears("Kept as a note")
    cole.texts("Reached")
    cole.hears("Recorded: you reached")
    assert episode(world).state == "contacted"
    cole.texts("she will see her GP")
    assert "REACHED" not in cole.hears("Kept as a note")
    cole.texts(f"{ref} SAY {'a' * 700}")
    cole.hears("too long")
    dunne.texts("K7Q9 TAKE")
    dunne.hears("no open item for you")
    with world.database.read() as session:
        assert len(session.scalars(select(Note)).all()) == 3
        assert len(session.scalars(select(RelayedText)).all()) == 2
        audited = set(session.scalars(select(AuditEntry.action)))
    assert {"unknown reference", "order not understood", "reference from a wrong number", "asked for a call"} <= audited


@pytest.mark.one_database("sqlite")
def test_r09_whoever_says_twice_that_they_reached_somebody_hears_that_it_is_recorded(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    ref = taken(world, cole, asha)
    cole.texts(f"{ref} closed, spoke to him")  # for them to read, or for us?
    cole.hears("Nothing was sent", f"{ref} SAY")
    cole.hears("Reached them?", f"{ref} REACHED", "To close it")
    cole.texts(f"{ref} REACHED")
    cole.hears("Recorded: you reached")
    for again in (f"{ref} REACHED", "spoke to him", "reached"):  # the signal is poor, and they send it once more
        cole.texts(again)
        cole.hears(f"You have {ref} already, and it is recorded that you reached them")
    assert episode(world).state == "contacted"


@pytest.mark.one_database("postgresql")
def test_r09_of_two_references_in_one_text_the_second_is_said_to_be_unheard(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102")
    cole = world.staff("facilitator")
    flagged(world, asha)
    flagged(world, ben)
    world.settle()
    one, two = re.findall(r"\b[A-Z0-9]{4}\b", cole.hears("2 items need you").split("now: ")[1])[:2]
    cole.texts(f"TAKE {one} and PASS {two}")
    cole.hears(f"You have {one}")
    cole.hears(f"Nothing has changed about {two}", "a text of its own")
    cole.texts(f"{two} take, {one} pass")  # what they have themselves is not passed on either
    cole.hears(f"You have {two}")
    cole.hears(f"Nothing has changed about {one}")
    cole.texts(f"{one} Hello, it is Dr Cole")
    cole.hears(f"Sent to {one}")
    world.settle()
    assert [each.state for each in episodes(world)] == ["owned", "owned"]
    asha.ignores(), ben.ignores()


@pytest.mark.one_database("sqlite")
def test_r09_what_a_menu_of_ours_offers_is_answered_and_passed_on_as_well(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    taken(world, cole, asha)
    asha.texts("MENU")
    asha.hears("Text a number", "MORE for others", "NEXT for your next group")
    asha.texts("MORE")
    asha.hears("Text a number")
    asha.texts("next")
    asha.hears("Your group ICU North meets")
    asha.texts("MENU")
    asha.hears("1 Urgent help")
    world.settle()
    world.advance(minutes=3)
    cole.ignores()
    asha.texts("3")
    asha.hears("Please see a GP")
    asha.hears("This may help")
    asha.texts("more")
    asha.hears("Some others")
    asha.texts("6")
    asha.hears_nothing()  # said to Dr Cole: no menu was sent
    world.settle()
    cole.hears("new text about")
    world.advance(minutes=3)
    cole.ignores()
    asha.texts("please dont tell anyone")  # asks nothing of the service
    asha.hears("That sounds hard")
    world.settle()
    cole.hears("new text about")


@pytest.mark.one_database("postgresql")
def test_r09_what_only_looks_like_an_answer_to_a_prompt_is_said_to_the_facilitator(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    taken(world, cole, asha)
    asha.texts("STOP")
    asha.texts("START")
    world.settle()
    assert "Can you come?" in asha.ignores()[-1]
    asha.texts("ill be ok")
    asha.hears_nothing()
    asha.texts("yes")
    asha.hears("you have a place")
    world.settle()
    cole.ignores()


def test_r09_words_kept_on_one_item_hide_no_other_that_waits(world: World) -> None:
    asha, mina, cole = world.member(), world.member("+447700900102"), world.staff("facilitator")
    flagged(world, asha)
    world.settle()
    cole.ignores()
    cole.texts("on it")
    cole.texts("reached her")
    cole.ignores()
    world.advance(minutes=5)
    flagged(world, mina)
    world.settle()
    ref = reference(cole.hears("an item"))
    cole.texts("no")
    cole.hears("Kept as a note")
    cole.hears(f"Still open to you: {ref}", "TAKE or PASS")
    world.staff_ignores()
    for each in (asha, mina):
        each.ignores()


def test_r20_news_that_waits_for_who_had_it_goes_to_nobody_once_someone_else_is_asked_for(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.settle()
    cole.texts("take")
    world.settle()
    for words in ("are you there", "please", "CHANGE"):  # the second is told of when the minute is over
        asha.texts(words)
    world.settle()
    cole.ignores()
    world.advance(minutes=2)
    cole.hears_nothing()
    world.staff_ignores()
    asha.ignores()
