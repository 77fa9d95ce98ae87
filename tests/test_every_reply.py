"""Every reply of the catalogue is given in some conversation.

Either a flow gives it to a text of the table here, or a conversation of the other tests hears it: a phone `hears` words
that no other text has. What is in neither is sent by code that nobody ever asked for it: ask it, or take it out.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from companion.content.catalogue import load_catalogue
from companion.conversation.flows.routing import decide
from companion.conversation.own import Own
from companion.programme.buddies import STATE as BUDDY_OFFERED
from tests.flow_facts import COHORTS, SESSION, known
from tests.world import World

WORDS = load_catalogue().wordings
RUN = 9  # characters in a row, which one text alone has
LINK = "https://example.org/weeks/abc"
# Replies that are a value or nothing but common words, with the test that hears them.
HEARD_ELSEWHERE = {
    "signpost_hours": ("test_second_thoughts.py", "Open now. Samaritans"),
    "relay_to_trainee": ("safety/test_r09_exchange.py", "Dr Cole: Hello, I read your text."),
    "buddy_sent": ("test_buddies.py", "Passed on"),
    "left_out_who": ("safety/test_r20_colleagues.py", "Reply EXCLUDE and a name"),
    "call_in": ("test_trainees_days.py", "Nobody answers calls"),
    "call_in_next": ("test_trainees_days.py", "If a facilitator has a text of yours, they have been told"),
    "call_in_untold": ("test_trainees_days.py", "Nobody has been told that you rang"),
    "media_not_read": ("test_buddies.py", "Pictures and voice notes are not read"),
    "crisis_1": ("safety/stage.py", "Samaritans 116 123"),
    "crisis_2": ("safety/stage.py", "Samaritans 116 123"),
}

# What is texted, what was asked before, and what comes.
GIVEN: list[tuple[str, str, str, dict[str, Any]]] = [
    ("HELP", "none", "help", {}),
    ("MENU", "none", "menu", {}),
    ("WHO SEES THIS", "none", "who_sees_this", {}),
    ("HOW DOES THIS WORK", "none", "how_it_works", {}),
    ("COMMANDS", "none", "commands", {}),
    ("thanks", "none", "thanks", {}),
    ("who runs my group", "none", "who_runs", {}),
    ("i'm going to be on mat leave from january", "none", "pause_how", {}),
    ("do I have to use my real name", "none", "name_how", {}),
    ("my es is dr cole", "booking_offer", "told_tpd", {}),
    ("where is my data kept", "none", "how_long_kept", {}),
    ("can the police get hold of this", "none", "who_sees_this", {}),
    ("what if i say something about a patient", "none", "about_patients", {}),
    ("im a clinical fellow, is this for me", "none", "who_for", {}),
    ("are locums allowed", "none", "who_for_outside", {"joined": False}),
    ("whats your name", "none", "bot_or_person_outside", {"joined": False}),
    ("will i still be in it if i move trusts", "reminder", "stay_on", {}),
    ("do you cover scotland", "none", "other_nation", {}),
    ("where can i pray on shift", "booking_offer", "faith_how", {}),
    ("no tengo a nadie, necesito ayuda", "booking_offer", "other_language", {}),
    ("just need to get something off my chest", "none", "tell_us", {}),
    ("what if i miss one", "reminder", "missed_it", {}),
    ("do the others in the group also shield", "none", "who_is_there", {}),
    ("do i have to come to every single one", "booking_offer", "missed_it", {}),
    ("will my ed sup see what i put", "none", "told_tpd", {}),
    ("can i bring baby to the session", "none", "bring_baby", {}),
    ("is it ok to leave halfway", "none", "leave_early", {}),
    ("how do i complain", "none", "complain_how", {}),
    ("goodnight", "none", "bye", {}),
    ("how did you get my number", "none", "number_how", {}),
    ("can you text me at a different time", "none", "text_times", {}),
    ("SCOTLAND", "none", "nation_set", {}),
    ("WHATSAPP", "none", "channel_set", {}),
    ("CYMRAEG", "none", "language_cy", {}),
    ("feedback: the times are bad for us", "none", "feedback_thanks", {}),
    ("qwe rty zzz", "none", "not_understood_twice", {"kept": {"misunderstood": True}}),
    ("please stop texting me", "none", "stop_plain_language", {}),
    ("START", "none", "started_again", {}),
    ("START", "none", "started_not_member", {"joined": False}),
    ("QUIET 10PM TO 8AM", "none", "quiet_set", {}),
    ("RESUME", "none", "resumed", {}),
    ("PAUSE", "none", "paused", {}),
    ("pause for two years", "none", "paused_longest", {}),
    ("pause until after my exams", "none", "paused_usual", {}),
    ("CALL ME", "none", "contact_noted_plain", {}),
    ("work mostly", "none", "contact_told_more", {"kept": {"person": True}}),
    ("JOIN ICU", "none", "join_consent_1", {"joined": False}),
    ("JOIN ICU", "none", "join_consent_2", {"joined": False}),
    ("JOIN ANY", "none", "join_any", {"joined": False}),
    ("JOIN FOUNDATION", "none", "join_moved", {}),
    ("MOVE", "none", "move_nowhere", {"cohorts": COHORTS[:1]}),
    ("next session", "none", "next_session", {}),
    ("can you text me less", "none", "stop_in_part", {}),
    ("do I have to talk", "none", "about_the_group", {}),
    ("is there another group", "none", "other_group", {}),
    ("will my TPD know", "none", "told_tpd", {}),
    ("is this a bot?", "none", "bot_or_person", {}),
    ("can i ring this number", "none", "no_calls", {}),
    ("my flatmate uses this phone too", "none", "shared_phone", {}),
    ("This is Priya's mum. Is she ok?", "none", "somebody_else", {}),
    ("is it recorded", "none", "not_recorded", {}),
    ("what if I'm late", "none", "late_how", {}),
    ("can i join from home", "none", "by_video", {}),
    ("do i need to download anything", "booking_offer", "needs_app", {}),
    ("can I have my camera off", "reminder", "camera_how", {}),
    ("who else will be there", "booking_offer", "who_is_there", {}),
    ("does what i say stay in the group", "none", "group_private", {}),
    ("what stays in the group?", "reminder", "group_private", {}),
    ("signed off sick for 3 weeks", "none", "pause_how", {}),
    ("can I bring a friend", "none", "bring_someone", {}),
    ("did I miss much", "none", "missed_it", {}),
    ("no wait, cancel that", "after_stop", "delete_done", {"joined": False, "erased": True}),
    ("can I come back later", "confirm_erase", "come_back", {}),
    ("how much is it", "none", "costs", {}),
    ("why do you ask me this", "none", "why_we_ask", {}),
    ("11", "checkin_prompt", "checkin_off_scale", {}),
    ("what does 10 mean", "checkin_prompt", "scale_means", {}),
    ("LINK", "none", "join_link", {}),
    ("LINK", "none", "link_waiting", {"session": replace(SESSION, status="waiting", open=False)}),
    ("LINK", "none", "link_full", {"session": replace(SESSION, status="offered", open=False)}),
    ("can i come to the next two sessions", "none", "one_at_a_time", {}),
    ("DIAL", "none", "dial_none", {}),
    ("VIDEO", "none", "joins_by_video", {}),
    ("CALENDAR", "none", "calendar_link", {"calendar": (1, LINK)}),
    ("yes", "booking_offer", "booked_waiting", {"session": replace(SESSION, open=False)}),
    ("my mum is ill", "none", "family_ill", {}),
    ("cant sleep", "none", "signpost_intro", {}),
    ("cant sleep", "none", "signpost_asks", {"own": Own(helped=1)}),
    ("yes, and exams are killing me", "booking_offer", "signpost_besides", {}),
    ("yes. also drinking every night", "booking_offer", "signpost_on_more", {}),
    ("i am scared of my husband", "none", "safe_when", {}),
    ("yes", "none", "help_needed", {"kept": {"useful": "exam stress"}}),
    ("no", "none", "help_not_needed", {"kept": {"useful": "exam stress"}}),
    ("MORE", "none", "signpost_no_more", {"kept": {"more": []}}),
    ("anything for free", "none", "signpost_none_such", {"kept": {"more": []}}),
    ("in leeds", "none", "signpost_by_nation", {"kept": {"more": []}}),
    ("99", "none", "signpost_nothing", {"kept": {"menu": True}}),
    ("no", "survey_words", "survey_thanks", {}),
    ("yes it was helpful", "survey_helpful", "too_early", {}),
    ("no", BUDDY_OFFERED, "buddy_no", {}),
    ("MY WEEKS", "none", "weeks", {"own": Own(weeks=((date(2026, 11, 24), 3),), link=LINK)}),
    ("CHECKIN TUE 7PM", "none", "checkin_set", {}),
    ("CHECKIN USUAL", "none", "checkin_usual", {}),
    ("CHECKIN", "none", "checkin_how", {}),
    ("CHECKIN SUN 11PM", "none", "checkin_quiet", {"own": Own(quiet=(time(22), time(8)))}),
    *((page, "none", f"{said}_outside", {"joined": False}) for page, said in (
        ("WHO SEES THIS", "who_sees_this"), ("HOW DOES THIS WORK", "how_it_works"),
    )),
    *((asked, state, f"{said}_outside", {"joined": False}) for state in ("none", "confirm_consent") for asked, said in (
        ("do I have to talk", "about_the_group"), ("is it online?", "by_video"), ("do i need a camera?", "camera_how"),
        ("who else will be there", "who_is_there"), ("is it recorded", "not_recorded"), ("who runs it", "who_runs"),
        ("does what i say stay in the group", "group_private"), ("do i have to give my name", "name_how"),
    )),
    ("what time is it on", "none", "when_outside", {"joined": False}),
    ("is it free", "none", "costs", {"joined": False}),
    ("HELP", "none", "help_not_member", {"joined": False}),
    ("HELP", "after_stop", "help_stopped", {"joined": False}),
    ("elephant", "none", "unknown_sender", {"joined": False}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "asked", "said", "facts"), GIVEN)
def test_a_flow_gives_it(text: str, asked: str, said: str, facts: dict[str, Any]) -> None:
    facts = dict(facts)
    kept, joined = facts.pop("kept", {}), facts.pop("joined", True)
    decision = decide(replace(known(text, asked, joined=joined, **kept), **facts))
    assert said in [reply.id for reply in decision.replies]


def _runs(words: str) -> set[str]:
    flat = " ".join(words.lower().split())
    return {flat[at : at + RUN] for at in range(len(flat) - RUN + 1)}


def _heard() -> set[str]:
    """The texts of which some test `hears` a run of characters that no other text has."""
    owners: dict[str, set[str]] = defaultdict(set)
    for text_id, wording in WORDS.items():
        for piece in re.split(r"{\w+}", wording.text):
            for run in _runs(piece):
                owners[run].add(text_id)
    heard: set[str] = set()
    for path in Path(__file__).parent.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "hears":
                said = [each.value for part in node.args for each in ast.walk(part) if isinstance(each, ast.Constant)]
                for run in (run for words in said if isinstance(words, str) for run in _runs(words)):
                    heard |= owners[run] if len(owners.get(run, ())) == 1 else set()
    return heard


def test_every_reply_is_given_in_some_conversation() -> None:
    for text_id, (test, words) in HEARD_ELSEWHERE.items():
        assert words in (Path(__file__).parent / test).read_text(encoding="utf-8"), (text_id, test)
    given = {said for _, _, said, _ in GIVEN} | HEARD_ELSEWHERE.keys() | _heard()
    replies = {text_id for text_id, wording in WORDS.items() if wording.kind in ("reply", "crisis")}
    assert sorted(replies - given) == []


@pytest.mark.one_database("sqlite")
def test_whoever_is_in_danger_hears_the_truth_while_nobody_has_it(world: World) -> None:
    asha = world.member()
    asha.texts("I want to end my life")
    asha.ignores()
    asha.texts("CALL ME")
    asha.hears("No facilitator has your text yet. Those we tell will see that you would like a call.")
    asha.texts("CHANGE")
    asha.hears("No facilitator has your text yet. We will text you when one has it.")
    world.settle()
    cole = world.staff("facilitator")
    cole.ignores()
    cole.texts("I want to end my life")
    cole.hears("999", "116 123", "We are alerting your lead")
    world.settle()
    world.staff_ignores()
