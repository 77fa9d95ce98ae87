"""Opting in: ask with all that matters, then YES."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from companion.conversation.changes import AskConsent, DropHeld, GiveConsent, RefuseConsent, StartAgain
from companion.conversation.flows import booking, nation, placing
from companion.conversation.known import NOTHING, Asked, CohortFacts, Decision, Known

CONSENT_LASTS = timedelta(hours=48)
MAY_JOIN = ("mobile", "opaque")
LAST_SHOWN = "join_consent_3"  # of the texts that are shown before a YES
ANY = ("ANY", "SKIP")  # for those whom none of the words fits
GENERAL = "GENERAL"  # the cohort they are shown, if there is one


def join(known: Known) -> Decision:
    """Answer a wish to join."""
    if known.sender_kind not in MAY_JOIN:
        return Decision((known.say("join_not_mobile"),))
    code = str(known.meant.slots.get("cohort_code", "")).upper()
    if known.stopped and known.channel == "sms":  # the carrier may hold back what we answer: a person sees it as well
        return replace(_join(known, code), read_me=True)
    asked = _asked_about(known)
    if asked is not None and not code:
        return _ask(known, asked)  # JOIN sent once more is no YES to what was shown
    return _join(known, code)


def only_named(known: Known) -> Decision | None:
    """Answer a text that is nothing but the word of a cohort, or ANY, from someone who has not joined."""
    word = known.text.strip(" .!\"'").upper()
    if known.sender_kind not in MAY_JOIN or not known.cohorts:
        return None
    if word in ANY and known.asked != "confirm_consent":
        return _join(known, ANY[0])
    named = known.meant.intent == "unknown" and placing.cohort_named(known.cohorts, word)
    return _join(known, word) if named else None


def named_again(known: Known) -> Decision | None:
    """Answer a text that is nothing but the word of their own cohort, from somebody who is in it."""
    if known.cohort is None or known.meant.intent not in ("unknown", "join"):
        return None
    word = known.text.strip(" .!?\"'").upper()
    if word not in (known.cohort.code, known.cohort.name.upper()):
        return None
    return Decision((known.say("join_already", cohort=known.cohort.name),), heard_as="join")


def _join(known: Known, code: str) -> Decision:
    cohort = placing.cohort_named(known.cohorts, code)
    if known.state == "joined" and known.cohort is not None and (cohort is not None or not code or code in ANY):
        if cohort is None or cohort.id == known.cohort.id:
            return Decision((known.say("join_already", cohort=known.cohort.name),))
        return Decision((known.say("join_moved", cohort=known.cohort.name, code=cohort.code),))
    if cohort is None and code in ANY and known.cohorts:
        general = next((c for c in known.cohorts if c.code == GENERAL), known.cohorts[0])
        return Decision((known.say("join_any", cohort=general.name),)).and_then(_ask(known, general))
    if cohort is None and not code and len(known.cohorts) == 1:
        cohort = known.cohorts[0]
    if cohort is None:
        fits = placing.fits(known.cohorts)
        if code:
            return Decision((known.say("join_unknown_code", code=code, fits=fits),))
        return Decision((known.say("join_which_code", fits=fits),))
    return _ask(known, cohort)


def _ask(known: Known, cohort: CohortFacts) -> Decision:
    shown = (
        known.say("join_consent_1", cohort=cohort.name),
        known.say("join_consent_2"),
        known.say(LAST_SHOWN),
    )
    back = known.state == "left" and known.has_joined
    intro = (known.say("join_back"),) if back else ()
    return Decision(
        intro + shown,
        (AskConsent(cohort.id, shown),),
        Asked("confirm_consent", CONSENT_LASTS, {"cohort": str(cohort.id)}),
    )


def taken_up(known: Known, cohort: CohortFacts) -> Decision:
    """Show it to somebody who asked to join while the carrier held our answers back, now that it lets them through."""
    return Decision((), (StartAgain(), DropHeld()), NOTHING).and_then(_ask(known, cohort))


def _asked_about(known: Known) -> CohortFacts | None:
    return next((c for c in known.cohorts if str(c.id) == known.kept.get("cohort")), None)


def agree(known: Known) -> Decision:
    """Answer YES to what was shown."""
    cohort = _asked_about(known)
    if cohort is None:
        return Decision((known.say("join_lapsed"),), asks=NOTHING)
    if known.consent_held:
        return taken_up(known, cohort)  # a YES to what they never saw agrees to nothing
    where = nation.shown(known.lives_in or cohort.nation or known.nation)
    kept = (known.say("delete_taken_back"),) if known.erasure_waits else ()
    welcome = Decision((known.say("join_welcome", nation=where), *kept), (GiveConsent(cohort.id),), NOTHING)
    offer = booking.offer(known)
    if offer.asks is not None:  # "sorry, I meant no" may then be meant of either
        offer = replace(offer, asks=replace(offer.asks, keep={**offer.asks.keep, "joined": True}))
    return welcome.and_then(placing.suggest(known)).and_then(offer)


def refuse(known: Known) -> Decision:
    """Answer NO to what was shown."""
    return Decision((known.say("join_refused"),), (RefuseConsent(),), NOTHING)
