"""A text that answers and asks, or asks for two things: each is met, in two parts at most."""

from __future__ import annotations

from typing import Any

import pytest

from companion.conversation.flows.routing import decide
from companion.messaging.parts import count
from tests.flow_facts import DIRECTORY, NOW, known, parts
from tests.world import World

# State, text, what is answered or done, and the needs for which a place stands in the answer.
TWO_THINGS = [
    ("booking_offer", "yes see you there, cant sleep though and money is tight", "Book", "sleep, money"),
    ("booking_offer", "yes please. also who do i talk to about my rota", "Book", "rota and rest facilities"),
    ("booking_offer", "cant make it, bullied by my reg, dont know who to tell", "Book", "bullying and discrimination"),
    ("booking_offer", "yeah ill be there. got a letter from the GMC, what do i do", "Book", "complaints and GMC"),
    ("booking_offer", "no thx, pause texts for two weeks pls", "Book Pause", ""),
    ("booking_offer", "Yep! Can someone give me a ring before then", "Book WantsPerson", ""),
    ("reminder", "will be 10 mins late, whats the link", "late_noted join_link", ""),
    ("reminder", "still coming. feeling really lonely in this new city tho", "Book", "isolation"),
    ("reminder", "cant come anymore sorry, mum died on sunday", "Book", "bereavement"),
    ("reminder", "yes. is there anywhere to park? and who helps with a wrong payslip", "Book NoteNeed", ""),
    ("reminder", "no im ill, who do i ring for occupational health", "Book", "physical health"),
    ("checkin_prompt", "4. not sleeping and my supervisor is ignoring me", "CheckedIn", "sleep"),
    ("checkin_prompt", "6 but cant afford rent this month", "CheckedIn", "money"),
    ("checkin_prompt", "3, can someone call me", "CheckedIn WantsPerson", ""),
    ("checkin_prompt", "about a 5, when is the next session?", "CheckedIn next_session", ""),
    ("checkin_prompt", "2 and no more texts for a month please", "CheckedIn Pause", ""),
    ("survey_helpful", "yes! when is the next one", "CountAnswer next_session", ""),
    ("survey_helpful", "yes really good. where can i get help with panic attacks", "CountAnswer", "anxiety"),
    ("survey_words", "good but too late in the evening. who can i talk to about debt?", "KeepComment", "money"),
    ("flag_followup", "yes please, after 6. also struggling with money", "WantsPerson", "money"),
    ("flag_followup", "no thanks but where do i get help with sleep", "contact_declined", "sleep"),
    ("none", "cant sleep and money is tight", "", "sleep, money"),
    ("none", "can someone ring me, and is there anything for gambling", "WantsPerson", "addiction"),
    ("none", "when is the next group and who can help with my gmc letter", "next_session", "complaints and GMC"),
    ("none", "switch me to whatsapp please and any help for burnout?", "channel_set", "low mood"),
    ("none", "is there parking at the session and when is it", "NoteNeed next_session", ""),
]  # fmt: skip
SURVEY: dict[str, Any] = {
    "group": "00000000-0000-0000-0000-000000000003",
    "quarter": "2026-4",
    "until": "2026-12-30T00:00:00+00:00",
}


@pytest.mark.parametrize(("state", "text", "done", "needs"), TWO_THINGS, ids=lambda value: str(value)[:40])
def test_each_of_two_things_is_met(state: str, text: str, done: str, needs: str) -> None:
    decision = decide(known(text, state, **(SURVEY if state.startswith("survey") else {})))
    met = {type(change).__name__ for change in decision.changes} | {reply.id for reply in decision.replies}
    assert set(done.split()) <= met
    said = "\n".join(reply.body for reply in decision.replies)
    places = [place for place in DIRECTORY.resources if (line := place.line(NOW.date())) and line in said]
    for need in filter(None, needs.split(", ")):
        assert any(need in place.topics for place in places), (need, said)
    assert not any(place.crisis_service for place in places), said
    assert parts(decision) <= 2


def test_a_second_need_is_told_in_words_of_its_own() -> None:
    """A number asked for is no crisis: 999 does not stand beside occupational health."""
    for text in ("occupational health number pls", "number for citizens advice pls", "whats the bma line number"):
        assert "crisis" not in DIRECTORY.read(text).topics, text


def test_a_need_is_met_whatever_else_its_words_look_like() -> None:
    for text in (
        "needle went thru my glove on a hiv pos pt. 20 min ago",  # nobody is late
        "who do you ring at 3 in the morning when your head's in bits",  # no question about us
        "phased return?? who organises it",
        "wife controls every penny and what i wear to work. do they help men",
        "hmrc say i owe 1900 cos of some tax code thing from rotating trusts",  # no fraud
    ):
        for asked in ("none", "reminder", "booking_offer"):
            assert known(text, asked).meant.intent == "signpost", (asked, text)


def test_chat_with_a_word_of_some_topic_is_offered_nothing() -> None:
    for text in (
        "sleep tight everyone",
        "money heist is so good, on s3",
        "my supervisor is great actually",
        "PASSED MY EXAM!!!",
    ):
        assert "signpost" not in known(text, "none").meant.intents, text


def test_reasons_for_a_pause_are_no_needs() -> None:
    for text in ("stop the check ins until im back from leave", "pause the texts till my exams are over"):
        decision = decide(known(text, "none"))
        assert [reply.id for reply in decision.replies] == ["paused_usual"], text


def test_an_answer_that_also_asks(world: World) -> None:
    world.staff_ignores()
    asha = world.member()  # who was asked "Can you come?"
    asha.texts("yes see you there, cant sleep though and money is tight")
    asha.hears("you have a place")
    asha.hears("Practitioner Health", "Royal Medical Benevolent Fund", "MORE")
    asha.texts("MORE")
    assert "Practitioner Health" not in asha.hears("some others")
    asha.texts("occupational health number pls")  # while their place is still spoken of
    assert "999" not in asha.hears("Occupational health", "MORE")
    asha.texts("when is the next one? and is there anyone for exam worries")
    asha.hears("you have a place")
    asha.hears("MORE")


def test_the_menu_is_said_in_welsh(world: World) -> None:
    asha = world.member()
    asha.texts("CYMRAEG")
    asha.ignores()
    asha.texts("MENU")
    said = asha.hears("1 Cymorth brys", "2 Diogelwch gartref")
    assert "Urgent help" not in said
    asha.texts("more")
    asha.hears("10 Arian a chyflog")
    asha.texts("10")
    asha.hears("Royal Medical Benevolent Fund")
    asha.texts("NEED FOOD")
    asha.hears("dan fwyd a diod")


def test_every_page_of_the_welsh_menu_takes_two_parts() -> None:
    for first in (0, 7, 14):
        (page,) = decide(known("MORE", "none", menu=True, menu_from=first, more=[])).replies
        welsh = page.said_in("cy").body
        assert count(welsh).encoding == "GSM-7", welsh
        assert count(welsh).parts <= 2, welsh
        assert not any(title in welsh for _, title, _ in DIRECTORY.menu()), welsh


def test_a_place_and_what_is_asked_beside_it_are_both_met(world: World) -> None:
    asha = world.member()
    asha.texts("can i come thursday? also is there parking")
    asha.hears("you have a place on Thu")
    asha.hears("travel and parking")


def test_no_place_is_taken_on_a_day_that_was_not_asked_for(world: World) -> None:
    asha = world.member()
    asha.texts("can i come on tuesday?")
    asha.hears("meets Thu 26 Nov", "Reply YES for a place")
    asha.texts("yes")
    asha.hears("you have a place on Thu 26 Nov")
