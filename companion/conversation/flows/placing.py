"""Which group, which cohort: GROUP and MOVE, from anywhere, as often as someone likes."""

from __future__ import annotations

import re

from companion import when
from companion.conversation.around import GroupFacts
from companion.conversation.changes import ChooseGroup, MoveCohort
from companion.conversation.known import NOTHING, CohortFacts, Decision, Known

_MOVE = re.compile(r"move(?: me)?(?: to)?(?: the)?(?:\s+([a-z0-9]+))?(?: group)?[.!]*")
_CHANGE = re.compile(r"(?:change|switch|transfer) me to (?:the )?([a-z0-9]+)(?: group| cohort)?[.!]*")
_MOST = 4  # groups listed in one text


def suggest(known: Known) -> Decision:
    """Say on joining which group is suggested, and which others there are; nothing when there is no choice."""
    if len(known.around.groups) < 2:
        return Decision()
    mine, *others = known.around.groups
    text = known.say("group_suggested", group_when=_named(known, mine), groups=_choices(known, others))
    return Decision((text,))


def group(known: Known) -> Decision | None:
    """Answer GROUP, GROUP 2 and GROUP THURSDAY; None for other texts."""
    found = re.fullmatch(r"(?:my )?group\s*#?(\d|[a-z][a-z ]*)?[.!?]*", known.text.strip().lower())
    if found is None:
        return None
    if not known.around.groups:
        return Decision((known.say("offer_none"),)) if not found[1] else None
    wanted = (found[1] or "").strip()
    groups = sorted(known.around.groups, key=lambda each: each.name)
    if not wanted:
        return Decision((known.say("group_list", groups=_choices(known, groups)),))
    chosen = _chosen(known, groups, wanted)
    if chosen is None:
        return None if wanted.count(" ") > 1 else Decision((known.say("group_list", groups=_choices(known, groups)),))
    text = known.say("group_chosen", group_when=_named(known, chosen))
    return Decision((text,), (ChooseGroup(chosen.id),), NOTHING, heard_as="group_chosen")


def move(known: Known) -> Decision | None:
    """Answer MOVE, MOVE RETURN and "change me to return"; None for other texts ("change me to whatsapp")."""
    said = known.text.strip().lower()
    found = _MOVE.fullmatch(said) or _CHANGE.fullmatch(said)
    if found is None or (not said.startswith("move") and cohort_named(known.cohorts, found[1].upper()) is None):
        return None
    others = [cohort for cohort in known.cohorts if known.cohort is None or cohort.id != known.cohort.id]
    if not others:
        return Decision((known.say("move_nowhere"),))
    cohort = cohort_named(known.cohorts, (found[1] or "").upper())
    if cohort is None:
        return Decision((known.say("move_which", fits=fits(others)),))
    if known.cohort is not None and cohort.id == known.cohort.id:
        return Decision((known.say("join_already", cohort=cohort.name),))
    text = known.say("moved", cohort=cohort.name)
    return Decision((text,), (MoveCohort(cohort.id),), NOTHING, heard_as="moved")


def cohort_named(cohorts: tuple[CohortFacts, ...], word: str) -> CohortFacts | None:
    """Return the cohort that `word` (in capitals) is the code or another word of."""
    return next((c for c in cohorts if word == c.code), None) or next((c for c in cohorts if word in c.aliases), None)


def fits(cohorts: list[CohortFacts] | tuple[CohortFacts, ...]) -> str:
    """Return a line for each cohort: its code, and its name where that says more."""
    return "\n".join(c.code if c.name.upper() == c.code else f"{c.code}: {c.name}" for c in cohorts)


def _chosen(known: Known, groups: list[GroupFacts], wanted: str) -> GroupFacts | None:
    if wanted.isdecimal():
        return groups[int(wanted) - 1] if 0 < int(wanted) <= len(groups) else None
    named = [each for each in groups if each.name.lower() == wanted]
    day = wanted.removesuffix("s")[:3]
    on_day = [each for each in groups if each.next_at and f"{each.next_at.astimezone(known.zone):%a}".lower() == day]
    found = named or on_day
    return found[0] if len(found) == 1 else None


def _choices(known: Known, groups: list[GroupFacts]) -> str:
    numbers = {each.id: n for n, each in enumerate(sorted(known.around.groups, key=lambda each: each.name), start=1)}
    return "\n".join(f"GROUP {numbers[each.id]}: {_named(known, each)}" for each in groups[:_MOST])


def _named(known: Known, group: GroupFacts) -> str:
    """Return "ICU North, Thursday 6:30pm"."""
    if group.next_at is None:
        return group.name
    local = group.next_at.astimezone(known.zone)
    return f"{group.name}, {local:%A} {when.clock_time(local)}"
