"""Of wishes found in one text, the one that is meant: some explain others better, some are only sounded like."""

from __future__ import annotations

from collections.abc import Mapping

from companion.conversation.finder import Hit
from companion.conversation.normalise import Said

# A wish on the left is not meant when the one on the right was found.
_SILENCED = (
    ("resume", "start_again"),
    ("resume", "pause"),
    ("join", "join_link"),
    ("join", "start_again"),
    ("talk_to_person", "join_link"),
    ("feedback", "practical_need"),
    ("feedback", "delete_my_data"),
    ("my_data", "delete_my_data"),
    ("help", "my_data"),
    ("help", "talk_to_person"),
    ("help", "menu"),
    ("next_session", "join_link"),
    ("practical_need", "book_yes"),
    ("feedback", "talk_to_person"),
    ("book_yes", "book_no"),
)

# Both are meant where they are said one after the other: "can I come? is there parking".
_BOTH = {("next_session", "join_link"), ("practical_need", "book_yes")}

# Where "not interested" answers what was offered.
_OFFERING = frozenset(
    {"confirm_consent", "booking_offer", "reminder", "flag_followup", "survey_helpful", "survey_words"}
)

_FOREVER = frozenset({"permanently", "forever", "for good"})


def _settle_stop(hits: dict[str, Hit], said: Said, state: str) -> None:
    """Whether the texts are to end or to pause, where a text speaks of both; and what only sounds like an end."""
    stop, pause, for_good = hits.get("stop"), hits.get("pause"), hits.get("for_good")
    ring = hits.pop("rather_ring", None)
    if pause and for_good and _for_ever(for_good, hits):
        hits["stop"] = hits.pop("pause")  # "mute forever"
    elif (
        stop
        and pause
        and stop.place in {"has", "ends", "clause"}
        and stop.start <= pause.end
        and pause.start <= stop.end
    ):
        del hits["stop"]  # "stop the texts until Monday"
    elif stop and not pause and stop.place != "whole" and "for_a_while" in hits and "for_good" not in hits:
        hits["pause"] = hits.pop("stop")  # "on leave until the 9th, no texts please"
    elif stop and ring and (stop.source.startswith("dont ") or state == "flag_followup"):
        del hits["stop"]
        hits["talk_to_person"] = ring  # "dont text me, ring me"
    elif stop and state == "flag_followup" and not for_good and _is_no_contact(stop, said):
        hits.setdefault("no", hits.pop("stop"))  # "dont contact me": what was offered is a facilitator's call


def _for_ever(for_good: Hit, hits: Mapping[str, Hit]) -> bool:
    """Whether it is for good: "dont message me any more" is, "dont message me any more this week" is not."""
    return for_good.source in _FOREVER or (for_good.source == "anymore" and "for_a_while" not in hits)


def _is_no_contact(stop: Hit, said: Said) -> bool:
    ends_for_good = {"again", "ever"}.intersection(said.words)
    return (
        not ends_for_good
        and stop.source.startswith(("dont ", "no "))
        and "contact" in said.words[stop.start : stop.end]
    )


def settle(hits: dict[str, Hit], said: Said, state: str, *, cohort: bool) -> None:
    """Take back wishes that another one explains better."""
    _settle_stop(hits, said, state)
    stop = hits.get("stop")
    cancel = hits.pop("cancel_alone", None)
    if cancel:  # of a place where one is in question, else of the texts, as the carriers take it
        hits.setdefault("book_no" if state in {"booking_offer", "reminder"} else "stop", cancel)
    bored = hits.pop("uninterested", None)
    if bored and state not in _OFFERING:
        hits.setdefault("stop", bored)
    if state in {"none", "after_stop"} and cohort and "book_yes" in hits and "join" not in hits:
        hits["join"] = hits.pop("book_yes")  # "FY1 here, count me in"
    if cohort and "join" in hits and state in {"none", "after_stop"}:
        hits.pop("pause", None)  # "joining for returners, back in February"
        hits.pop("resume", None)
    if {"talk_to_person", "book_no"} <= hits.keys() and "mind" in hits["book_no"].source:
        del hits["book_no"]  # "changed my mind, call me"
    if stop and "start_again" in hits:
        hits.pop("start_again" if stop.place in {"whole", "clause"} else "stop", None)
    if state in {"reminder", "booking_offer"} and "join" in hits and not cohort:
        del hits["join"]  # the meeting is joined, not the programme
    if (
        state == "none"
        and hits.get("join")
        and (cohort or "join_link" not in hits or "link" not in hits["join_link"].source)
    ):
        hits.pop("join_link", None)
    if "thanks" in hits and hits["thanks"].place == "whole":
        hits.pop("feedback", None)
    for intent, better in _SILENCED:
        if better in hits and intent in hits and not (intent == "help" and state == "confirm_consent"):
            if (intent, better) in _BOTH and _said_apart(hits[intent], hits[better], said):
                continue  # "when is it and how do I get on"
            del hits[intent]


def _said_apart(one: Hit, other: Hit, said: Said) -> bool:
    """Whether two wishes are said one after the other: with "and", or in sentences of their own."""
    first, second = sorted((one, other), key=lambda hit: hit.start)
    between = said.words[first.end : second.start]
    return first.end <= second.start and (
        "and" in between or any(first.end <= at <= second.start for at in said.starts)
    )
