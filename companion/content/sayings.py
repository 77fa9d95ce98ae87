"""What people say in plain words that code listens for: a field for each name in three files, where it is explained.

`search` tells whether a text says it. A name without a field, and a field without a name, are errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml

from companion.content.reader import ContentError, error_at, pairs_of, root_of
from companion.content.spoken import Language
from companion.once import once

HERE = Path(__file__).parent

Pattern = re.Pattern[str]
Words = frozenset[str]


@dataclass(frozen=True)
class StaffSayings:
    """What those who run the programme say."""

    FILE: ClassVar = "said_by_staff.yaml"

    worried: Pattern
    how_to_write: Pattern
    sign_in: Pattern
    of_mine: Pattern
    of_them: Pattern
    broken_link: Pattern
    away: Pattern
    leaves_us: Pattern
    a_session: Pattern
    one_session: Pattern
    duty: Pattern
    not_theirs: Pattern
    wrong_phone: Pattern
    maybe_not_theirs: Pattern
    new_phone: Pattern
    move_session: Pattern
    cant_run: Pattern
    cannot: Pattern
    unwell: Pattern
    of_others: Pattern
    today: Pattern
    tomorrow: Pattern
    a_day: Pattern
    of_a_day: Pattern
    leads_it: Pattern
    run_it: Pattern
    who_comes: Pattern
    open_items: Pattern
    am_i_on: Pattern
    who_is_on: Pattern
    joined: Pattern
    of_a_session: Pattern
    yes_words: Words
    beside_yes: Words
    no_words: Words
    beside_no: Words
    seen_words: Words
    beside_seen: Words
    small_words: Words
    session_who: Pattern
    session_off: Pattern
    session_swap: Pattern
    session_on_again: Pattern
    tells_who_came: Pattern
    all_came: Pattern
    nobody_came: Pattern
    message_send: Pattern
    message_undo: Pattern
    supervision: Pattern
    my_duties: Pattern
    confirms: Pattern
    says_so: Pattern
    refuses: Pattern
    takes_duty: Words
    refuses_duty: Words


@dataclass(frozen=True)
class TraineeSayings:
    """What trainees say."""

    FILE: ClassVar = "said_by_trainees.yaml"

    asks_for_a_place: Pattern
    asks_of_sessions: Pattern
    answers_about_a_place: Pattern
    asks_of_the_service: Pattern
    asks_for_an_end: Pattern
    call_me: Pattern
    change: Pattern
    of_a_call: Pattern
    someone_else: Pattern
    where_is_it: Pattern
    stop_in_part: Pattern
    only_angry: Pattern
    no_call: Pattern
    no_call_word: Pattern
    no_place: Pattern
    no_call_after_all: Pattern
    plain_no: Pattern
    meant_no: Pattern
    sorry: Pattern
    where_they_are: Pattern
    nods: Pattern
    when_to_call: Pattern
    answers_first: Pattern
    puts_right: Pattern
    rates: Pattern
    seen_late: Pattern
    sorry_late: Pattern
    says_when: Pattern
    second_thoughts: Pattern
    erase_yes: Words
    keeps_number: Pattern
    moves_here: Pattern
    what_goes: Pattern
    link_again: Pattern
    may_show: Pattern
    may_not_show: Pattern
    holds_back: Pattern
    so_long: Pattern
    how_long_a_pause: Pattern
    at_first: Pattern
    how_long_still: Pattern
    of_who_sees: Pattern
    leaves_out: Pattern
    keeps_from: Pattern
    wants_welsh: Pattern
    wants_english: Pattern
    in_a_nation: Pattern
    lives_in: Pattern
    in_england: Pattern
    in_wales: Pattern
    in_scotland: Pattern
    another_place: Pattern
    place_online: Pattern
    place_free: Pattern
    place_near_me: Pattern
    place_in_a_town: Pattern
    place_by_text: Pattern
    place_at_night: Pattern
    that_again: Pattern
    asks_hours: Pattern
    says_yes: Pattern
    another_session: Pattern
    more_dates: Pattern
    bare_answer: Pattern
    dial_in: Pattern
    by_phone: Pattern
    locked_out: Pattern
    on_the_way: Pattern
    nothing_good: Pattern
    which_number: Pattern
    dial_always: Pattern
    by_video: Pattern
    calendar: Pattern
    calendar_new: Pattern
    of_a_buddy: Pattern
    wants_a_buddy: Pattern
    asks_about_it: Pattern
    no_more_buddy: Pattern
    bye_buddy: Pattern
    bye_alone: Pattern
    no_question: Pattern
    all_of_it: Pattern
    of_the_week: Pattern
    my_weeks: Pattern
    checkin_usual: Pattern
    checkin_off: Pattern
    checkin_on: Pattern
    quiet_off: Pattern
    on_nights: Pattern
    who_sees: Pattern
    is_told: Pattern
    somebody_outside: Pattern
    how_it_works: Pattern
    who_sees_this: Pattern
    how_does_this_work: Pattern
    commands: Pattern
    invite: Pattern
    may_others_join: Pattern
    question: Pattern


@dataclass(frozen=True)
class WeighedWords:
    """Single words that the rules weigh."""

    FILE: ClassVar = "weighed_words.yaml"

    corrections: Words
    conditions: Words
    doubts: Words
    hangs_on: Words
    courtesies: Words
    wishes: Words
    coming: Words
    requests: Words
    of_the_service: Words
    of_the_texts: Words
    of_the_group: Words
    nods: Words
    asks_who: Words
    asks_what: Words
    asks_when: Words
    before_asking: Words
    asking: Words
    asking_of: Words
    asked_about: Words
    leads_to_score: Words
    no_score_after: Words
    follows_score: Words
    no_plural: Words
    units: Words
    meets: Words
    no_codes: Words
    away_from: Words
    towards: Words
    our_texts: Words
    our_people: Words
    nothing: Words
    of_a_number: Words


Kind = TypeVar("Kind", StaffSayings, TraineeSayings, WeighedWords)


@once
def said_by_staff() -> StaffSayings:
    """Return what those who run the programme say. Raises ContentError naming file and line."""
    return read_sayings(StaffSayings, HERE)


@once
def said_by_trainees() -> TraineeSayings:
    """Return what trainees say. Raises ContentError naming file and line."""
    return read_sayings(TraineeSayings, HERE)


@once
def weighed_words() -> WeighedWords:
    """Return the words that the rules weigh. Raises ContentError naming file and line."""
    return read_sayings(WeighedWords, HERE)


def read_sayings(kind: type[Kind], folder: Path) -> Kind:
    """Read the sayings of one kind from a folder of content. Raises ContentError naming file and line."""
    path = folder / kind.FILE
    listed = {key.value: (key, node) for key, node in pairs_of(root_of(path), path)}
    groups = listed.pop("groups", None)
    language = Language(path, groups[1] if groups else None)
    wanted = {field.name: field.type for field in fields(kind)}
    for name in listed.keys() - wanted.keys():
        raise error_at(path, listed[name][0], f"{name}: no code listens for this")
    values: dict[str, Any] = {}
    for name, sort in wanted.items():
        if name not in listed:
            raise ContentError(f"{path}:1: {name}: code listens for this, and it is missing")
        node = listed[name][1]
        values[name] = _words(node, path) if sort == "Words" else language.pattern(node)
    for name, key in language.unused.items():
        raise error_at(path, key, f"no phrase uses the group {name!r}")
    return kind(**values)


def _words(node: yaml.Node, path: Path) -> Words:
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        raise error_at(path, node, "words are expected here, with spaces between")
    return frozenset(node.value.split())
