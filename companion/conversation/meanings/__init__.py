"""From phrases found to intents in order: one small rule per state of the conversation.

Each rule takes what was found and returns the intents, main first, or nothing when it has no opinion. Clear wishes
(stop, delete, a person, a pause ...) are the same in every state; the rules here add what an answer means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from companion.conversation.found import Found, Intents
from companion.conversation.meanings.place import booking_offer, reminder
from companion.conversation.meanings.told import checkin_prompt, survey_helpful, survey_words
from companion.conversation.meanings.wishes import after_stop, confirm_consent, flag_followup, nothing_asked

Rule = Callable[[Found], Intents]
RULES: Mapping[str, Rule] = {
    "none": nothing_asked,
    "confirm_consent": confirm_consent,
    "booking_offer": booking_offer,
    "reminder": reminder,
    "checkin_prompt": checkin_prompt,
    "survey_helpful": survey_helpful,
    "survey_words": survey_words,
    "flag_followup": flag_followup,
    "after_stop": after_stop,
}
