"""What a flow is told, and what it gives back. Plain values: a flow touches no database and sends nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from companion.content.catalogue import Catalogue, Text
from companion.content.sayings import Pattern, TraineeSayings, said_by_trainees
from companion.conversation.around import Around
from companion.conversation.changes import Change
from companion.conversation.intents import Understanding
from companion.conversation.normalise import is_question, one_line
from companion.conversation.optout_words import is_stop_word
from companion.conversation.own import Earlier, Own
from companion.signposting import Directory

# What is answered to a text about another number: the new one is theirs (or nobody moves to it any more), or is not, or
# they keep the old one.
Move = Literal["agreed", "gone", "refused", "kept"]


@dataclass(frozen=True)
class CohortFacts:
    """A cohort that people may join."""

    id: uuid.UUID
    code: str
    name: str
    aliases: frozenset[str] = frozenset()  # other words that join it, in capitals
    nation: str | None = None


@dataclass(frozen=True)
class SessionFacts:
    """The session that a text is about: the one asked about last, or the next of their group. Times are UTC.

    `status` is their booking's, None without one. `open` says whether a place is theirs, kept for them or free. `link`
    leads to their own page, or is empty while they have no place.
    """

    id: uuid.UUID
    group: str
    starts_at: datetime
    ends_at: datetime
    status: str | None
    open: bool
    link: str
    dial_in: str | None
    dial_code: str | None
    later: tuple[datetime, ...] = ()  # when the group meets after that; only for a text that asks

    @property
    def has_place(self) -> bool:
        """Whether they have a place, or were there."""
        return self.status in ("yes", "attended")


@dataclass(frozen=True)
class Colleague:
    """One of those who run the programme, whom a trainee may leave out."""

    id: uuid.UUID
    label: str
    external: bool


@dataclass(frozen=True)
class Known:
    """All that may be considered when answering one text. `state` is None for a number that is nobody's."""

    now: datetime
    text: str
    meant: Understanding
    words: Catalogue
    directory: Directory
    zone: ZoneInfo
    channel: str
    sender_kind: str
    over: datetime | None  # a button was tapped that was about a session which is over; it began then (UTC)
    stopped: bool
    state: str | None
    nation: str
    cohort: CohortFacts | None
    cohorts: tuple[CohortFacts, ...]
    session: SessionFacts | None
    earlier: Earlier | None  # the answer to the check-in before, when one is being answered
    calendar: tuple[int, str] | None  # the number and address of their calendar, for a text that asks for it
    asked: str  # the state of the conversation: what the last text asked
    kept: Mapping[str, Any]  # what goes with it
    colleagues: tuple[Colleague, ...] = ()  # only where the text may be about one of them
    public_url: str = ""
    consent_held: bool = False  # what was to be shown before their YES never reached them: their carrier held it back
    call_waits: bool = False  # nobody has met a wish of theirs for a person; asked only where a no may be about it
    episode_open: bool = False  # asked only when someone confirms that everything be removed
    waiting: Text | None = None  # what is true while nobody has their episode, where that is to be said
    around: Around = field(default_factory=Around)
    by_the_way: str | None = None  # the text that answers what is asked in passing (content/asides.yaml)
    takes_back: bool = False  # it says that a yes was a slip
    own: Own = field(default_factory=Own)
    has_joined: bool = False  # now or at any time before
    unsure: bool = False  # the number may be another's by now: nothing else here tells of its former owner
    move: Move | None = None
    copy_from: datetime | None = None  # no copy before (UTC), as the number was moved; asked only where one is wanted
    owner_shown: bool = False  # the text is what only its former owner can know: their alias, or RESUME in their pause
    erased: bool = False  # all that was held about this number's owner was deleted, and nothing has come of it since
    erasure_waits: bool = False  # they asked for everything to be removed, and an open episode holds it up
    stopped_on: frozenset[str] = frozenset()  # channels with a STOP of theirs; asked only for a wish to change channels
    opt_out_type: str | None = None  # which keyword of Twilio's Advanced Opt-Out it was: STOP, START or HELP
    lives_in: str | None = None  # the nation, when it is the person's own and not the programme's

    @property
    def supported(self) -> bool:
        """Whether words that suggest that it is hard are met with more than what a stranger hears."""
        return self.state == "joined" or self.unsure

    def say(self, text_id: str, **values: object) -> Text:
        """Fill in one text of the catalogue."""
        return self.words.render(text_id, **values)

    def still_asked(self, **more: Any) -> Asked:
        """Return what was asked before, to be kept together with `more`."""
        return Asked(self.asked, None, {**self.kept, **more})


@dataclass(frozen=True)
class Asked:
    """What the reply asks, so that the answer is understood; it is forgotten after `lasts` (None: as it was)."""

    state: str
    lasts: timedelta | None
    keep: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What is answered and what changes.

    `asks` replaces what was asked before: None leaves it, NOTHING forgets it. `read_me` puts the text on the list of
    those that a person reads. `heard_as` names a text that was understood in full by a flow's own reading.
    """

    replies: tuple[Text, ...] = ()
    changes: tuple[Change, ...] = ()
    asks: Asked | None = None
    read_me: bool = False
    heard_as: str | None = None

    def and_then(self, other: Decision) -> Decision:
        """Return both, this one first."""
        return Decision(
            self.replies + other.replies,
            self.changes + other.changes,
            other.asks or self.asks,
            self.read_me or other.read_me,
            self.heard_as or other.heard_as,
        )


_PLACES = ("signpost", "practical_need")  # "where can I get help with rent", and not "with what is in my bag"
_NOTHING_ELSE = frozenset(("unknown", "thanks", "feedback", "talk_to_person", "checkin_word"))


def _asked_of_us(listen: TraineeSayings) -> Mapping[str, Pattern]:
    """Return, for each intent that is only taken for one where a text has words for it, what finds such words."""
    return {
        "signpost": listen.asks_for_a_place,
        "practical_need": listen.asks_for_a_place,
        "next_session": listen.asks_of_sessions,
        "book_yes": listen.answers_about_a_place,
        "book_no": listen.answers_about_a_place,
        "running_late": listen.answers_about_a_place,
        "help": listen.asks_of_the_service,
        "stop": listen.asks_for_an_end,
    }


def says_nothing_else(meant: Understanding, text: str) -> bool:
    """Whether somebody who waits for a person says nothing that is answered for itself: "is anyone there", "please"."""
    asked = _asked_of_us(said_by_trainees()).get(meant.intent)
    if asked is not None and not (meant.intent == "stop" and is_stop_word(text)):
        if meant.intent in _PLACES and is_question(text):
            return False
        return asked.search(one_line(text)) is None
    return meant.intent in _NOTHING_ELSE or meant.guessed


ABOUT_A_PLACE = frozenset(("booking_offer", "reminder"))  # what was asked, where it was about a place in a session
NOTHING = Asked("none", timedelta())
SILENCE = Decision()
