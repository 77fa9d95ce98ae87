"""What people ask or say by the way, which is no command and no topic: each has an answer of its own."""

from __future__ import annotations

import re

from companion.conversation.changes import NeedsNobody
from companion.conversation.known import Decision, Known
from companion.conversation.normalise import one_line

# The first that is found says which text answers. All are looked for in one plain line.
_ANSWERS = tuple(
    (re.compile(pattern), text_id)
    for pattern, text_id in (
        (r"(?:hi|hello|helo|hey|hiya)(?: there)?[ .!?]*$|good (?:morning|evening|afternoon)[ .!?]*$", "help"),
        (r".*\b(?:chang(?:e|ed|ing)|new|different|switch(?:ed|ing)?) (?:my |a |to a new )?(?:phone |mobile )?"
         r"(?:number|phone|sim)\b", "new_number"),
        (r".*\b(?:text|message|contact) me (?:less|a bit less|not so|fewer)\b", "stop_in_part"),
        (r".*\b(?:do ?n[o']?t|stop|no) (?:text|message|texting|messaging|texts|messages)(?: me)?"
         r" (?:so late|late|overnight|(?:at|during|in|after|before) (?:the )?(?:night|evening|midnight|\d|work|sleep))",
         "quiet_how"),
        (r".*\b(?:different|another|other) (?:group|cohort)\b", "other_group"),
        (r".*\b(?:do|will|would) (?:i|we) (?:have|need) to "
         r"(?:talk|speak|say|share|(?:turn|put|have|use) (?:on )?(?:my|the) (?:camera|mic))\b", "about_the_group"),
        (r".*\b(?:can|could|may) i (?:just|only) (?:listen|watch|lurk|sit)", "about_the_group"),
        (r".*\b(?:what happens|what goes on|what do (?:we|you|people|they) (?:do|talk about)|what(?:'s| is) it like)\b"
         r".*\b(?:group|groups|session|sessions|meeting|meetings|it|there)\b", "about_the_group"),
        (r".*\b(?:who(?:'s|s| is| else is)|how many(?: people| others)?(?: are)?) (?:in|comes?|goes|coming|going)\b"
         r"(?! to (?:call|ring))", "about_the_group"),
        (r".*\b(?:chatgpt|can i trust|(?:is|are) (?:this|you|it) (?:just |an? )*(?:ai|bot|robot|computer))\b",
         "who_sees_this"),
    )
)  # fmt: skip
# A wish for an end that leaves some of the texts: what stays is named after "but" or "just".
_IN_PART = re.compile(
    r"\b(?:but|just|only)\b.{0,20}\b(?:keep|still|not|leave|continue|want)\b.{0,20}"
    r"\b(?:texts?|texting|messages?|reminders?|questions?|check.?ins?|the rest|the others?)\b"
)
_NO_CALL = re.compile(
    r"\b(?:do ?n[o']?t (?:want|need) (?:any ?one|some ?one|any ?body|you|a call|them)\b.{0,12}\b(?:call|ring|phone)"
    r"|no need (?:to|for any ?one to|for a) (?:call|ring|phone)|cancel (?:the|my|that) call"
    r"|do ?n[o']?t (?:call|ring) me)\b"
)
_ENDS = ("stop", "delete_my_data", "change_channel", "pause")
_OWN_WORDS = ("checkin_prompt", "survey_helpful", "survey_words", "flag_followup")  # whose answers may hold any words


def said(known: Known) -> Decision | None:
    """Answer what is asked or said by the way; None for other texts, and where words of one's own are awaited."""
    text, intent = one_line(known.text), known.meant.intent
    if intent == "stop" and _IN_PART.search(text):
        return Decision((known.say("stop_in_part"),), read_me=True, heard_as="stop in part")
    if known.asked in _OWN_WORDS:
        return None
    if intent not in _ENDS and _NO_CALL.search(text):
        return Decision((known.say("contact_called_off"),), (NeedsNobody(),), read_me=True, heard_as="no call")
    text_id = next((text_id for pattern, text_id in _ANSWERS if pattern.match(text)), None)
    if text_id == "help" and known.waiting is not None:
        return None  # "hello?" of somebody who waits for a person
    if text_id is None or (intent in _ENDS and text_id not in ("quiet_how", "stop_in_part", "new_number")):
        return None
    return Decision((known.say(text_id),), read_me=text_id == "stop_in_part", heard_as=text_id)
