"""Places in the next session: offered, taken, given up, and how to get there."""

from __future__ import annotations

from companion import when
from companion.conversation.changes import Book
from companion.conversation.known import NOTHING, Asked, Decision, Known


def offer(known: Known) -> Decision:
    """Offer a place in the next session, when there is one."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),))
    text = known.say("offer_session", group=session.group, when=_when(known))
    asks = Asked("booking_offer", session.starts_at - known.now)
    return Decision((text,), (Book(session.id, "offered"),), asks)


def accept(known: Known) -> Decision:
    """Take a place; with none left, the waiting list."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),), asks=NOTHING)
    if session.status == "yes" or session.places_left > 0:
        return Decision((known.say("booked", when=_when(known)),), (Book(session.id, "yes"),), NOTHING)
    return Decision((known.say("booked_waiting", when=_when(known)),), (Book(session.id, "waiting"),), NOTHING)


def decline(known: Known) -> Decision:
    """Give up a place, or say no to one."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),), asks=NOTHING)
    return Decision((known.say("declined", when=_when(known)),), (Book(session.id, "no"),), NOTHING)


def next_session(known: Known) -> Decision:
    """Say when the next session is."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),))
    fragment = {"yes": "place_booked", "waiting": "place_waiting", "no": "place_declined"}.get(
        session.status or "", "place_offered"
    )
    state = known.say(fragment).body
    text = known.say("next_session", group=session.group, when=_when(known), place_state=state)
    asks = None if session.status == "yes" else Asked("booking_offer", session.starts_at - known.now)
    return Decision((text,), asks=asks)


def join_link(known: Known) -> Decision:
    """Give the link to those who have a place."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),))
    if session.status != "yes":
        asks = Asked("booking_offer", session.starts_at - known.now)
        return Decision((known.say("link_not_booked", when=_when(known)),), asks=asks)
    return Decision((known.say("join_link", when=_when(known), link=session.link),))


def late(known: Known) -> Decision:
    """Take note that someone will be late; the facilitators read it."""
    return Decision((known.say("late_noted"),), read_me=True)


def _when(known: Known) -> str:
    return when.day_and_time(known.session.starts_at, known.zone) if known.session else ""
