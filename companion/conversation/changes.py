"""What a conversation can change: said by a flow, done by `companion.conversation.doing`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, time

from companion.content.catalogue import Language, Text


@dataclass(frozen=True)
class AskConsent:
    """Someone wants to join; these words were shown to them."""

    cohort_id: uuid.UUID
    shown: tuple[Text, ...]


@dataclass(frozen=True)
class GiveConsent:
    """They said YES to what was shown."""

    cohort_id: uuid.UUID


@dataclass(frozen=True)
class RefuseConsent:
    """They said NO to what was shown."""


@dataclass(frozen=True)
class Stop:
    """No more texts on this channel. `source`: word, or sentence."""

    source: str


@dataclass(frozen=True)
class StartAgain:
    """Lift what STOP set on this channel."""


@dataclass(frozen=True)
class DropHeld:
    """What was to ask them to join and was held back is not sent any more: it is said anew."""


@dataclass(frozen=True)
class Book:
    """Answer for a place in a session: yes, no or waiting."""

    session_id: uuid.UUID
    status: str


@dataclass(frozen=True)
class SayLate:
    """They will be late for a session: its facilitators are told."""

    session_id: uuid.UUID


@dataclass(frozen=True)
class SayCantGetIn:
    """They cannot get into a session that is on, or about to begin: its facilitators are told."""

    session_id: uuid.UUID


@dataclass(frozen=True)
class JoinBy:
    """How they come to sessions from now on: video or phone."""

    way: str


@dataclass(frozen=True)
class GiveCalendar:
    """They are given the link of their calendar with this number; those with an earlier one no longer hold."""

    number: int


@dataclass(frozen=True)
class CheckedIn:
    """The answer to the last check-in; a word has no score, and `said_hard` when it says that it is hard."""

    score: int | None
    said_hard: bool | None = None


@dataclass(frozen=True)
class AskAt:
    """The weekly question comes on this weekday (0 is Monday) at this local time; None for both: with the cohort's."""

    weekday: int | None
    at: time | None


@dataclass(frozen=True)
class AskWeekly:
    """Whether the weekly question comes at all."""

    wanted: bool


@dataclass(frozen=True)
class NeedsNobody:
    """They do not want to be called after all."""


@dataclass(frozen=True)
class Helped:
    """Places that help were sent: counted, so that now and then we ask whether they were what was needed."""


@dataclass(frozen=True)
class Unanswered:
    """A question for the list of those who keep the words; `why` is one of `models.understanding.WHYS`."""

    why: str
    topic: str | None = None


@dataclass(frozen=True)
class HelpWas:
    """What was sent on a topic was what they needed, or not."""

    topic: str
    needed: bool


@dataclass(frozen=True)
class WantsPerson:
    """Someone asks for a person; `kind` is what led to it."""

    kind: str


@dataclass(frozen=True)
class Pause:
    """No reminders or prompts until then (UTC); None ends a pause."""

    until: datetime | None


@dataclass(frozen=True)
class QuietHours:
    """Local times between which no reminders or prompts go out; None for both ends them."""

    start: time | None
    end: time | None


@dataclass(frozen=True)
class LivesIn:
    """Help is looked for in this nation from now on: england, wales, scotland or ni."""

    nation: str


@dataclass(frozen=True)
class UseChannel:
    """Texts the service starts go to this channel from now on."""

    channel: str


@dataclass(frozen=True)
class Speak:
    """Texts are in this language from now on: "en" or "cy"."""

    language: Language


@dataclass(frozen=True)
class OpenCopy:
    """They want a copy of what is held; `token` stands in the link they get, which works once."""

    token: str


@dataclass(frozen=True)
class NumberIsTheirs:
    """Whoever writes after months has shown that they are whom the number belonged to."""


@dataclass(frozen=True)
class MoveHere:
    """This number, which was asked, is to be the new one of somebody."""


@dataclass(frozen=True)
class RefuseMove:
    """This number, which was asked, is nobody's new one."""


@dataclass(frozen=True)
class KeepNumber:
    """They did not ask to be moved to another number."""


@dataclass(frozen=True)
class Erase:
    """They want what is held about them removed, and have confirmed it."""


@dataclass(frozen=True)
class KeepData:
    """They want it kept after all; only while its removal waits."""


@dataclass(frozen=True)
class ChooseGroup:
    """Meet with this group of the cohort from now on; places in the old one are given up."""

    group_id: uuid.UUID


@dataclass(frozen=True)
class MoveCohort:
    """Belong to this cohort from now on, with a group of it."""

    cohort_id: uuid.UUID


@dataclass(frozen=True)
class LeaveOut:
    """This one of those who run the programme must not see anything of them."""

    person_id: uuid.UUID


@dataclass(frozen=True)
class LetIn:
    """Take back that this one is left out."""

    person_id: uuid.UUID


@dataclass(frozen=True)
class CountAnswer:
    """Whether a group's session was helpful, counted without a name; the text itself is not kept."""

    group: str
    quarter: str
    helpful: bool


@dataclass(frozen=True)
class KeepComment:
    """Words about a group's sessions, kept without a name until their author says whether they may be shown."""

    group: str
    quarter: str
    words: str
    comment: str  # its random id


@dataclass(frozen=True)
class SettleComment:
    """Whether the words of KeepComment may be shown; if not, they go."""

    comment: str
    agreed: bool


@dataclass(frozen=True)
class NoteNeed:
    """Someone needs something practical, of this kind of `content/needs.yaml`."""

    kind: str


@dataclass(frozen=True)
class WantBuddy:
    """They would like to be introduced to one other of their cohort."""


@dataclass(frozen=True)
class TellBuddy:
    """Pass these words on to the buddy; they hold no number and no link."""

    words: str


@dataclass(frozen=True)
class LeaveBuddy:
    """No more texts to and from a buddy."""


Change = (
    AskConsent
    | GiveConsent
    | RefuseConsent
    | Stop
    | StartAgain
    | DropHeld
    | Book
    | SayLate
    | SayCantGetIn
    | JoinBy
    | GiveCalendar
    | CheckedIn
    | WantsPerson
    | Pause
    | QuietHours
    | UseChannel
    | LivesIn
    | AskAt
    | AskWeekly
    | NeedsNobody
    | Helped
    | Unanswered
    | HelpWas
    | Speak
    | OpenCopy
    | NumberIsTheirs
    | MoveHere
    | RefuseMove
    | KeepNumber
    | Erase
    | KeepData
    | ChooseGroup
    | NoteNeed
    | WantBuddy
    | TellBuddy
    | LeaveBuddy
    | CountAnswer
    | KeepComment
    | SettleComment
    | MoveCohort
    | LeaveOut
    | LetIn
)
