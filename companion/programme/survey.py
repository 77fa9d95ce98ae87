"""Was the group helpful: counted without names, shown only when nobody can be told from it.

Nothing here leads to who answered: answers are two counts for a group and a quarter, and comments have neither a
person, nor a moment, nor an order.
The rules of showing are all in this module:

- inside the console a group's result needs 5 replies, outside the programme 10, over all groups;
- under 10 replies it is a band in words, later a share to the nearest 5 in a hundred, and never none or all;
- what was once shown stays until as many new replies are there as a result needs: two looks can't be subtracted;
- a total never leaves a small group to be worked out by taking the others away;
- comments are shown with consent, when the quarter is over, from 5 on, without names.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from companion.models import Person, SurveyComment, SurveyResult, SurveyTally
from companion.programme.masking import without_people

OPEN_FOR = timedelta(hours=72)
INSIDE = 5  # replies before a group's result is shown in the console
OUTSIDE = 10  # replies before anything leaves the programme; under it there are no shares, only bands
COMMENTS = 5
STEP = 5  # shares are to the nearest so many in a hundred
SHARE_STATE = "survey_share"  # the dialogue in which it is asked whether words may be shown

View = Literal["inside", "outside"]


@dataclass(frozen=True)
class Result:
    """What may be shown. `replies` is None when even their number may not be; `helpful` is words."""

    suppressed: bool
    replies: int | None
    helpful: str


@dataclass(frozen=True)
class Said:
    """What a group's people said in a quarter, of which `quarter` is the first day."""

    quarter: date
    result: Result
    comments: Sequence[str]

    @property
    def last_month(self) -> date:
        """Return a day of the quarter's last month."""
        return self.quarter + timedelta(days=70)


def quarter_of(day: date) -> date:
    """Return the first day of the quarter that `day` is in."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def open_tally(session: Session, group_id: uuid.UUID, quarter: date) -> None:
    """Make the counts of a group and quarter if they are not there, so that an answer only ever adds."""
    if session.get(SurveyTally, (group_id, quarter)) is None:
        session.add(SurveyTally(group_id=group_id, quarter=quarter))
        session.flush()


def count(session: Session, group_id: uuid.UUID, quarter: date, *, helpful: bool) -> None:
    """Count one answer."""
    column = SurveyTally.helpful if helpful else SurveyTally.not_helpful
    session.execute(
        update(SurveyTally)
        .where(SurveyTally.group_id == group_id, SurveyTally.quarter == quarter)
        .values({column: column + 1})
        .execution_options(synchronize_session=False)
    )


def keep_words(session: Session, id_: uuid.UUID, group_id: uuid.UUID, quarter: date, words: str) -> None:
    """Keep words, under a random id, until their author says whether they may be shown."""
    session.add(SurveyComment(id=id_, group_id=group_id, quarter=quarter, body=without_people(words).words))


def settle_words(session: Session, comment_id: uuid.UUID, *, agreed: bool) -> None:
    """Let words be shown, or remove them."""
    if agreed:
        session.execute(update(SurveyComment).where(SurveyComment.id == comment_id).values(agreed=True))
    else:
        session.execute(delete(SurveyComment).where(SurveyComment.id == comment_id, SurveyComment.agreed.is_(False)))


def forget_unsettled(session: Session, now: datetime) -> None:
    """Remove words about which the question is over without an answer."""
    waiting = session.scalars(
        select(Person.dialogue_data).where(Person.dialogue == SHARE_STATE, Person.dialogue_until > now)
    )
    asked = [uuid.UUID(str(data["comment"])) for data in waiting if data.get("comment")]
    session.execute(delete(SurveyComment).where(SurveyComment.agreed.is_(False), SurveyComment.id.not_in(asked)))


def inside(session: Session, group_id: uuid.UUID, quarter: date) -> Result:
    """Return a group's result for those who run it. What is shown is written down, so it needs a writing session."""
    replies, helpful = _counts(session, quarter).get(group_id, (0, 0))
    frozen = _frozen(session, "inside", str(group_id), quarter, replies, helpful, INSIDE)
    if frozen is None:
        return Result(True, replies, f"{replies} {'reply' if replies == 1 else 'replies'} so far")
    return Result(False, frozen.replies, share(frozen.replies, frozen.helpful))


def outside(session: Session, quarter: date) -> Result:
    """Return the result over all groups for anyone. It needs a writing session, as `inside` does."""
    replies, helpful = pooled(list(_counts(session, quarter).values()))
    frozen = _frozen(session, "outside", "all", quarter, replies, helpful, OUTSIDE)
    if frozen is None:
        return Result(True, None, "suppressed: too few replies")
    return Result(False, frozen.replies, share(frozen.replies, frozen.helpful))


def comments(session: Session, group_id: uuid.UUID, quarter: date, today: date) -> Sequence[str]:
    """Return the words about a group that may be shown, in no order; none while the quarter runs or under COMMENTS."""
    if quarter_of(today) <= quarter:
        return ()
    found = session.scalars(
        select(SurveyComment.body)
        .where(SurveyComment.group_id == group_id, SurveyComment.quarter == quarter, SurveyComment.agreed)
        .order_by(SurveyComment.id)  # random
    ).all()
    return found if len(found) >= COMMENTS else ()


def said(session: Session, group_id: uuid.UUID, today: date, quarters: int = 4) -> Sequence[Said]:
    """Return what may be shown of a group to those who run it, newest quarter first. It needs a writing session."""
    tallied = select(SurveyTally.quarter).where(
        SurveyTally.group_id == group_id, SurveyTally.helpful + SurveyTally.not_helpful > 0
    )
    found = session.scalars(tallied.order_by(SurveyTally.quarter.desc()).limit(quarters)).all()
    return [Said(each, inside(session, group_id, each), comments(session, group_id, each, today)) for each in found]


def share(replies: int, helpful: int) -> str:
    """Return a result in words. Never none and never all; under OUTSIDE replies a band."""
    if replies < OUTSIDE:
        if helpful * 3 >= replies * 2:
            return "most found it helpful"
        return "most did not find it helpful" if helpful * 3 <= replies else "mixed"
    in_hundred = round(100 * helpful / replies / STEP) * STEP
    if in_hundred >= 100:
        return f"more than {100 - STEP} in 100 found it helpful"
    if in_hundred <= 0:
        return f"fewer than {STEP} in 100 found it helpful"
    return f"about {in_hundred} in 100 found it helpful"


def pooled(groups: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Add (replies, helpful) of groups so that taking the large ones away never leaves a few people.

    What the small ones have together is left out when it is less than a group needs to be shown.
    """
    large = [each for each in groups if each[0] >= INSIDE]
    small = [each for each in groups if each[0] < INSIDE]
    counted = large + small if sum(replies for replies, _ in small) >= INSIDE else large
    return sum(replies for replies, _ in counted), sum(helpful for _, helpful in counted)


def _counts(session: Session, quarter: date) -> dict[uuid.UUID, tuple[int, int]]:
    found = session.execute(
        select(SurveyTally.group_id, SurveyTally.helpful, SurveyTally.not_helpful).where(SurveyTally.quarter == quarter)
    )
    return {group_id: (helpful + not_helpful, helpful) for group_id, helpful, not_helpful in found}


def _frozen(
    session: Session, view: View, scope: str, quarter: date, replies: int, helpful: int, needed: int
) -> SurveyResult | None:
    """Return the result as it is shown: the earlier one until `needed` new replies are there; None under `needed`."""
    shown = session.get(SurveyResult, (view, scope, quarter))
    if replies < needed:
        return shown
    if shown is None:
        shown = SurveyResult(view=view, scope=scope, quarter=quarter, replies=replies, helpful=helpful)
        session.add(shown)
    elif replies - shown.replies >= needed:
        shown.replies, shown.helpful = replies, helpful
    return shown
