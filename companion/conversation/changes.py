"""What a conversation can change: said by a flow, done by `companion.conversation.doing`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, time

from companion.content.catalogue import Language, Text


class Change:
    """One thing that a conversation changes; each kind of it is done by a function of its own."""


@dataclass(frozen=True)
class AskConsent(Change):
    """Someone wants to join; these words were shown to them."""

    cohort_id: uuid.UUID
    shown: tuple[Text, ...]


@dataclass(frozen=True)
class GiveConsent(Change):
    """They said YES to what was shown."""

    cohort_id: uuid.UUID


@dataclass(frozen=True)
class RefuseConsent(Change):
    """They said NO to what was shown."""


@dataclass(frozen=True)
class Stop(Change):
    """No more texts on this channel. `source`: word, or sentence."""

    source: str


@dataclass(frozen=True)
class StartAgain(Change):
    """Lift what STOP set on this channel."""


@dataclass(frozen=True)
class DropHeld(Change):
    """What was to ask them to join and was held back is not sent any more: it is said anew."""


@dataclass(frozen=True)
class Book(Change):
    """Answer for a place in a session: yes, no or waiting."""

    session_id: uuid.UUID
    status: str


@dataclass(frozen=True)
class SayLate(Change):
    """They will be late for a session: its facilitators are told."""

    session_id: uuid.UUID


@dataclass(frozen=True)
class SayCantGetIn(Change):
    """They cannot get into a session that is on, or about to begin: its facilitators are told."""

    session_id: uuid.UUID


@dataclass(frozen=True)
class JoinBy(Change):
    """How they come to sessions from now on: video or phone."""

    way: str


@dataclass(frozen=True)
class GiveCalendar(Change):
    """They are given the link of their calendar with this number; those with an earlier one no longer hold."""

    number: int


@dataclass(frozen=True)
class CheckedIn(Change):
    """The answer to the last check-in; a word has no score, and `said_hard` when it says that it is hard."""

    score: int | None
    said_hard: bool | None = None


@dataclass(frozen=True)
class AskAt(Change):
    """The weekly question comes on this weekday (0 is Monday) at this local time; None for both: with the cohort's."""

    weekday: int | None
    at: time | None


@dataclass(frozen=True)
class AskWeekly(Change):
    """Whether the weekly question comes at all."""

    wanted: bool


@dataclass(frozen=True)
class NeedsNobody(Change):
    """They do not want to be called after all."""


@dataclass(frozen=True)
class Helped(Change):
    """Places that help were sent: counted, so that now and then we ask whether they were what was needed."""


@dataclass(frozen=True)
class Unanswered(Change):
    """A question for the list of those who keep the words; `why` is one of `models.understanding.WHYS`."""

    why: str
    topic: str | None = None


@dataclass(frozen=True)
class HelpWas(Change):
    """What was sent on a topic was what they needed, or not."""

    topic: str
    needed: bool


@dataclass(frozen=True)
class WantsPerson(Change):
    """Someone asks for a person; `kind` is what led to it."""

    kind: str


@dataclass(frozen=True)
class Pause(Change):
    """No reminders or prompts until then (UTC); None ends a pause."""

    until: datetime | None


@dataclass(frozen=True)
class QuietHours(Change):
    """Local times between which no reminders or prompts go out; None for both ends them."""

    start: time | None
    end: time | None


@dataclass(frozen=True)
class LivesIn(Change):
    """Help is looked for in this nation from now on: england, wales, scotland or ni."""

    nation: str


@dataclass(frozen=True)
class UseChannel(Change):
    """Texts the service starts go to this channel from now on."""

    channel: str


@dataclass(frozen=True)
class Speak(Change):
    """Texts are in this language from now on: "en" or "cy"."""

    language: Language


@dataclass(frozen=True)
class OpenCopy(Change):
    """They want a copy of what is held; `token` stands in the link they get, which works once."""

    token: str


@dataclass(frozen=True)
class NumberIsTheirs(Change):
    """Whoever writes after months has shown that they are whom the number belonged to."""


@dataclass(frozen=True)
class MoveHere(Change):
    """This number, which was asked, is to be the new one of somebody."""


@dataclass(frozen=True)
class RefuseMove(Change):
    """This number, which was asked, is nobody's new one."""


@dataclass(frozen=True)
class KeepNumber(Change):
    """They did not ask to be moved to another number."""


@dataclass(frozen=True)
class Erase(Change):
    """They want what is held about them removed, and have confirmed it."""


@dataclass(frozen=True)
class KeepData(Change):
    """They want it kept after all; only while its removal waits."""


@dataclass(frozen=True)
class ChooseGroup(Change):
    """Meet with this group of the cohort from now on; places in the old one are given up."""

    group_id: uuid.UUID


@dataclass(frozen=True)
class MoveCohort(Change):
    """Belong to this cohort from now on, with a group of it."""

    cohort_id: uuid.UUID


@dataclass(frozen=True)
class LeaveOut(Change):
    """This one of those who run the programme must not see anything of them."""

    person_id: uuid.UUID


@dataclass(frozen=True)
class LetIn(Change):
    """Take back that this one is left out."""

    person_id: uuid.UUID


@dataclass(frozen=True)
class CountAnswer(Change):
    """Whether a group's session was helpful, counted without a name; the text itself is not kept."""

    group: str
    quarter: str
    helpful: bool


@dataclass(frozen=True)
class KeepComment(Change):
    """Words about a group's sessions, kept without a name until their author says whether they may be shown."""

    group: str
    quarter: str
    words: str
    comment: str  # its random id


@dataclass(frozen=True)
class SettleComment(Change):
    """Whether the words of KeepComment may be shown; if not, they go."""

    comment: str
    agreed: bool


@dataclass(frozen=True)
class NoteNeed(Change):
    """Someone needs something practical, of this kind of `content/needs.yaml`."""

    kind: str


@dataclass(frozen=True)
class WantBuddy(Change):
    """They would like to be introduced to one other of their cohort."""


@dataclass(frozen=True)
class TellBuddy(Change):
    """Pass these words on to the buddy; they hold no number and no link."""

    words: str


@dataclass(frozen=True)
class LeaveBuddy(Change):
    """No more texts to and from a buddy."""
