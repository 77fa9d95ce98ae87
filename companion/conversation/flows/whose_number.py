"""What is answered where months went by without a text, so that the number may be another's by now.

Help, a call and a way to join are there for whoever writes. What was before is shown to nobody.
"""

from __future__ import annotations

from companion.conversation.changes import NumberIsTheirs
from companion.conversation.flows import a_person, leaving, leaving_out
from companion.conversation.known import NOTHING, Decision, Known


def said(known: Known) -> Decision | None:
    """Answer what shows whose number it is, and what is as ever for somebody who was a member; None for other texts."""
    if known.owner_shown and known.meant.intent == "resume":
        return Decision((), (NumberIsTheirs(),)).and_then(leaving.resume(known))
    if known.owner_shown:
        return Decision((known.say("number_yours"),), (NumberIsTheirs(),), NOTHING, heard_as="number is theirs")
    if known.meant.intent == "talk_to_person":
        return a_person.asked_for(known)
    return leaving_out.answer(known)


def shows_nothing(known: Known) -> Decision:
    """Say that nothing of before is shown, and what there is."""
    return Decision((known.say("number_rested"),), read_me=True, heard_as="number_rested")
