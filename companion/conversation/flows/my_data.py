"""A copy of what is held, and its removal: each confirmed by a plain YES before anything happens."""

from __future__ import annotations

from datetime import timedelta

from companion.content.sayings import said_by_trainees
from companion.conversation.changes import Erase, KeepData, OpenCopy, StartAgain
from companion.conversation.intents import understand
from companion.conversation.known import NOTHING, Asked, Decision, Known
from companion.conversation.normalise import is_question, one_line, read
from companion.conversation.optout_words import is_start_word, is_stop_word
from companion.conversation.wordlist import word_list
from companion.privacy.links import new_token

CONFIRM_ERASE, CONFIRM_COPY = "confirm_erase", "confirm_copy"
WAITS = timedelta(hours=1)
LONGEST_YES = 3  # words: anything longer is no plain yes


def ask_copy(known: Known) -> Decision:
    """Say what the link will show, and ask."""
    return Decision((known.say("copy_confirm"),), asks=Asked(CONFIRM_COPY, WAITS))


def ask_erase(known: Known) -> Decision:
    """Say what goes and what stays, and ask."""
    return Decision((known.say("delete_confirm"),), asks=Asked(CONFIRM_ERASE, WAITS))


def answered(known: Known) -> Decision | None:
    """Answer the YES or NO to one of the two questions; None when none was asked, or for another text."""
    listen = said_by_trainees()
    if known.kept.get("copy") and listen.link_again.search(one_line(known.text)):
        return ask_copy(known)
    if known.asked not in (CONFIRM_ERASE, CONFIRM_COPY):
        return None
    if known.asked == CONFIRM_ERASE and is_question(known.text) and listen.what_goes.search(one_line(known.text)):
        return Decision((known.say("delete_what"),), asks=Asked(CONFIRM_ERASE, WAITS), heard_as="delete_my_data")
    said = understand(known.text, "confirm_consent").intent
    if said == "consent_yes" and len(known.text.split()) <= LONGEST_YES:
        if known.asked == CONFIRM_COPY:
            return _copy(known)
        return _erase(known) if _says_yes(known.text) else ask_erase(known)  # "ok" may be said to anything
    if said == "consent_no" or _thinks_again(known):
        return Decision((known.say("delete_kept" if known.asked == CONFIRM_ERASE else "copy_kept"),), asks=NOTHING)
    return None


def taken_back(known: Known) -> Decision | None:
    """Keep what is held after all, while its removal still waits; None for other texts. They have left all the same."""
    if not known.erasure_waits or not _thinks_again(known):
        return None
    said = () if known.stopped else (known.say("delete_called_off"),)
    return Decision(said, (KeepData(),), NOTHING, heard_as="erasure taken back")


_AFTER = ("start_again", "my_data", "delete_my_data")


def too_late(known: Known) -> Decision | None:
    """Say that it is done and how to come back, where a deletion is taken back or what is gone asked for; else None."""
    if not known.erased or not (_thinks_again(known) or known.meant.intent in _AFTER):
        return None
    changes = (StartAgain(),) if is_start_word(known.text) else ()  # the carrier's STOP is lifted as well
    return Decision((known.say("delete_done"),), changes, heard_as="delete_done")


def _says_yes(text: str) -> bool:
    return not said_by_trainees().erase_yes.isdisjoint(read(text, word_list().spelling).words)


def _thinks_again(known: Known) -> bool:
    return not is_stop_word(known.text) and said_by_trainees().second_thoughts.search(one_line(known.text)) is not None


def _erase(known: Known) -> Decision:
    text = known.say("delete_waits" if known.episode_open else "deleted")
    return Decision((text,), (Erase(),), NOTHING)


def _copy(known: Known) -> Decision:
    token = new_token()
    text = known.say("copy_link", link=f"{known.public_url}/copy/{token}")
    return Decision((text,), (OpenCopy(token),), Asked("none", WAITS, {"copy": True}))
