"""Answers to the texts about another number (`companion.privacy.moving`).

YES or NO of the new one, MINE where it takes part already, KEEP of the old one.
"""

from __future__ import annotations

from companion import when
from companion.conversation.changes import KeepNumber, MoveHere, RefuseMove
from companion.conversation.known import NOTHING, Decision, Known
from companion.privacy.moving import COPY_RESTS


def answered(known: Known) -> Decision | None:
    """Answer what is said to one of the two; None for other texts, and where no such text was sent."""
    if known.move == "kept":
        return Decision((known.say("number_kept"),), (KeepNumber(),), read_me=True, heard_as="number kept")
    if known.move is None or known.stopped:
        return None
    if known.move == "refused":
        return Decision((known.say("number_move_refused"),), (RefuseMove(),), heard_as="number refused")
    if known.move == "gone":
        return Decision((known.say("number_move_gone"),), (MoveHere(),), read_me=True, heard_as="number refused")
    until = when.day(known.now + COPY_RESTS, known.zone)
    return Decision((known.say("number_moved", until=until),), (MoveHere(),), NOTHING, heard_as="number moved")


def copy_rests(known: Known) -> Decision | None:
    """Say from when a copy is given again, where the number was moved not long ago; None otherwise."""
    if known.copy_from is None:
        return None
    until = when.day(known.copy_from, known.zone)
    return Decision((known.say("copy_after_move", until=until),), asks=NOTHING, heard_as="copy rests")
