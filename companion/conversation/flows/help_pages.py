"""The help pages: who we are, who sees what, how it works, and the words that do something."""

from __future__ import annotations

from companion.content.sayings import said_by_trainees
from companion.conversation.known import Decision, Known
from companion.conversation.normalise import one_line


def asked_for(known: Known) -> Decision:
    """Say who we are; to WHO SEES THIS and HOW DOES THIS WORK, exactly that, and what is true for this sender."""
    listen, text, member = said_by_trainees(), known.text, known.state == "joined"
    if known.stopped:
        return Decision((known.say("help_stopped"),))
    told_outside = listen.is_told.search(text) and listen.somebody_outside.search(text)
    if listen.who_sees.search(text) or told_outside:
        return Decision((known.say("who_sees_this" if member else "who_sees_this_outside"),))
    if listen.how_it_works.search(one_line(text)):
        return Decision((known.say("how_it_works" if member else "how_it_works_outside"),))
    if member:
        return Decision((known.say("help"),))
    return Decision((known.say("help_asked" if known.asked == "confirm_consent" else "help_not_member"),))


def page(known: Known) -> Decision | None:
    """Answer the help pages' own words, whatever was asked last; None for other texts."""
    listen, text = said_by_trainees(), " ".join(known.text.strip(" .!?").split())
    if listen.who_sees_this.search(text):
        return Decision((known.say("who_sees_this"),), heard_as="who_sees_this")
    if listen.how_does_this_work.search(text):
        return Decision((known.say("how_it_works"),), heard_as="how_it_works")
    return None


def commands(known: Known) -> Decision | None:
    """Answer COMMANDS with the words that do something; None for other texts."""
    if not said_by_trainees().commands.search(known.text.strip().strip(".!?")):
        return None
    return Decision((known.say("commands"),), heard_as="commands")


def menu_outside(known: Known) -> Decision:
    """Say what someone who has not joined can text: nothing of theirs is kept, so a number would mean nothing."""
    return Decision((known.say("menu_not_member"),))
