"""Opting in: ask with all that matters, then YES."""

from __future__ import annotations

from datetime import timedelta

from companion.conversation.changes import AskConsent, GiveConsent, RefuseConsent
from companion.conversation.flows import booking
from companion.conversation.known import NOTHING, Asked, CohortFacts, Decision, Known

CONSENT_LASTS = timedelta(hours=48)
MAY_JOIN = ("mobile", "opaque")


def join(known: Known) -> Decision:
    """Answer a wish to join."""
    if known.sender_kind not in MAY_JOIN:
        return Decision((known.say("join_not_mobile"),))
    code = str(known.meant.slots.get("cohort_code", "")).upper()
    cohort = next((c for c in known.cohorts if c.code == code), None)
    if known.state == "joined" and known.cohort is not None:
        if cohort is None or cohort.id == known.cohort.id:
            return Decision((known.say("join_already", cohort=known.cohort.name),))
        return Decision((known.say("join_moved", cohort=known.cohort.name),))
    if cohort is None and not code and len(known.cohorts) == 1:
        cohort = known.cohorts[0]
    if cohort is None:
        codes = ", ".join(c.code for c in known.cohorts)
        if code:
            return Decision((known.say("join_unknown_code", code=code, codes=codes),))
        return Decision((known.say("join_which_code", codes=codes),))
    return _ask(known, cohort)


def _ask(known: Known, cohort: CohortFacts) -> Decision:
    shown = (
        known.say("join_consent_1", cohort=cohort.name),
        known.say("join_consent_2"),
        known.say("join_consent_3"),
    )
    intro = (known.say("join_back"),) if known.state == "left" else ()
    return Decision(
        intro + shown,
        (AskConsent(cohort.id, shown),),
        Asked("confirm_consent", CONSENT_LASTS, {"cohort": str(cohort.id)}),
    )


def agree(known: Known) -> Decision:
    """Answer YES to what was shown."""
    cohort = next((c for c in known.cohorts if str(c.id) == known.kept.get("cohort")), None)
    if cohort is None:
        return Decision((known.say("join_lapsed"),), asks=NOTHING)
    welcome = Decision((known.say("join_welcome"),), (GiveConsent(cohort.id),), NOTHING)
    return welcome.and_then(booking.offer(known))


def refuse(known: Known) -> Decision:
    """Answer NO to what was shown."""
    return Decision((known.say("join_refused"),), (RefuseConsent(),), NOTHING)
