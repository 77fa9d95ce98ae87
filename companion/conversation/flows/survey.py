"""Was the group helpful, and anything to add: counted without a name; words are shown only if their author agrees.

The reply to YES and to NO is the same, and the text itself is not kept: nothing that stays shows what somebody said.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from companion.content.sayings import said_by_trainees
from companion.conversation.changes import CountAnswer, KeepComment, SettleComment
from companion.conversation.intents import understand
from companion.conversation.known import NOTHING, Asked, Decision, Known
from companion.conversation.normalise import one_line
from companion.programme.survey import SHARE_STATE

ANSWERED = "survey_answer"
SHARED = "shared"  # kept for a while after their leave to show words: which words, nothing says any more
_SECOND_THOUGHTS = timedelta(hours=1)


def answer(known: Known) -> Decision:
    """Count YES or NO. Words beside it are asked about; without them, something to add is asked for."""
    if not known.kept.get("group"):
        return Decision((known.say("too_early"),))
    helpful = known.meant.intent == "survey_yes"
    change = CountAnswer(known.kept["group"], known.kept["quarter"], helpful=helpful)
    if "survey_comment" in known.meant.intents:
        return Decision((), (change,), heard_as=ANSWERED).and_then(comment(known))
    asks = Asked("survey_words", _left(known), known.kept)
    return Decision((known.say("survey_words"),), (change,), asks, heard_as=ANSWERED)


def comment(known: Known) -> Decision:
    """Keep words without a name, and ask whether they may be shown."""
    if not known.kept.get("group"):
        return Decision((known.say("feedback_thanks"),), read_me=True)
    id_ = str(uuid.uuid4())
    change = KeepComment(known.kept["group"], known.kept["quarter"], known.text, id_)
    asks = Asked(SHARE_STATE, _left(known), {**known.kept, "comment": id_})
    return Decision((known.say("survey_share"),), (change,), asks, heard_as=ANSWERED)


def nothing_to_add(known: Known) -> Decision:
    """Take a no to "anything to add" as what it is."""
    if known.asked == "survey_words":
        return Decision((known.say("survey_thanks"),), asks=NOTHING)
    return answer(known)


def may_show(known: Known) -> Decision | None:
    """Answer YES or NO to whether words may be shown; None for any other text, which is then read as usual."""
    if known.asked != SHARE_STATE:
        return None
    listen = said_by_trainees()
    said, meant = one_line(known.text), understand(known.text, "survey_helpful").intent
    if listen.may_not_show.search(said):
        agreed = False
    elif listen.may_show.search(said):
        if listen.holds_back.search(said):
            return None
        agreed = True
    elif meant in ("survey_yes", "survey_no"):
        agreed = meant == "survey_yes"
    else:
        return None
    text = known.say("survey_shared" if agreed else "survey_not_shared")
    asks = Asked("none", _SECOND_THOUGHTS, {SHARED: True}) if agreed else NOTHING
    return Decision((text,), (SettleComment(known.kept["comment"], agreed=agreed),), asks, heard_as=ANSWERED)


def taken_back(known: Known) -> Decision | None:
    """Say that words can't be taken back soon after leave to show them was given; None for other texts."""
    if not known.kept.get(SHARED):
        return None
    if not (known.takes_back or said_by_trainees().may_not_show.search(one_line(known.text))):
        return None
    return Decision((known.say("survey_cant_unshare"),), heard_as=ANSWERED)


def _left(known: Known) -> timedelta:
    """Return how long the survey is still open."""
    return max(datetime.fromisoformat(known.kept["until"]) - known.now, timedelta(minutes=1))
