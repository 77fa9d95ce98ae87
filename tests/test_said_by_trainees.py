"""What trainees say in plain words: what each list must find, and what it must pass over."""

from __future__ import annotations

import pytest

from companion.content.sayings import said_by_trainees


@pytest.mark.parametrize(
    ("name", "finds", "passes_over"),
    [
        ("nods", ["ok", "i see.", "👍"], ["ok call me", "oh no"]),
        ("when_to_call", ["after 6", "anytime, but best before lunch"], ["after this", "about the group"]),
        ("answers_first", ["yes but late", "nah"], ["no idea", "no worries", "not now"]),
        ("puts_right", ["no i meant 7", "its a 4", "sorry, should be 3"], ["meaning 7", "no 7"]),
        ("says_when", ["ring me", "tomorrow lunchtime", "any time"], ["the one about rest", "timely"]),
        ("what_goes", ["what gets deleted?", "is all of it gone"], ["is it quick?"]),
        ("link_again", ["resend it please", "the link won't work", "new link"], ["send help", "it is open"]),
        ("may_show", ["you can share that", "yes, please show it"], ["can you share it", "please don't show it"]),
        ("may_not_show", ["don't show it", "i'd rather you didn't share that"], ["rather show it"]),
        ("holds_back", ["only without my name", "you can but not yet"], ["you can share it"]),
        ("so_long", ["for a month", "sorry, make that two weeks", "until june"], ["a long time", "weeks"]),
        ("how_long_still", ["am i still paused?", "when do they start again"], ["when does it meet"]),
        ("leaves_out", ["EXCLUDE Dr Cole", "please leave out cole"], ["excluded", "leave"]),
        ("keeps_from", ["not Dr Cole", "please don't tell cole", "hide this from him"], ["nothing", "tell cole"]),
        ("of_who_sees", ["EXCLUDE cole", "don't tell cole", "Let in Dr Cole"], ["let me in", "allowed"]),
        ("wants_welsh", ["Cymraeg", "in Welsh"], ["welsh cakes"]),
        ("wants_english", ["ENGLISH", "saesneg"], ["in english lessons"]),
        ("in_england", ["leeds", "i've just moved to london"], ["in leeds", "i am in leeds hospital"]),
        ("in_wales", ["cymru", "im now living in swansea"], ["whales"]),
        ("in_scotland", ["i work in glasgow at the moment"], ["i am from glasgow"]),
        ("in_a_nation", ["leeds", "n ireland", "based in belfast since august"], ["ireland"]),
        ("lives_in", ["i moved to derry last month", "im in glasgow"], ["glasgow", "mum is in derry"]),
        ("place_by_text", ["ok but by text", "i can't talk on the phone"], ["text me", "can't talk to anyone now"]),
        ("place_at_night", ["is there anything at night", "24/7", "open at weekends"], ["tonight", "on nights"]),
        ("which_number", ["what number do i ring", "landline ok?", "do i need a pin"], ["which numbers", "ring me"]),
    ],
)
def test_a_list_finds_what_it_is_about_and_no_more(name: str, finds: list[str], passes_over: list[str]) -> None:
    said = getattr(said_by_trainees(), name)
    assert [text for text in finds if not said.search(text)] == []
    assert [text for text in passes_over if said.search(text)] == []
