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
        (r".*\b(?:can|could|may|if) (?:i|we)\b.{1,30}\b(?:(?:camera|video|mic|webcam) (?:is )?off"
         r"|no (?:camera|video|webcam)"
         r"|off camera|audio only|(?:just|only) (?:by |on |with |via )?audio)\b", "about_the_group"),
        (r".*\b(?:what happens|what goes on|what do (?:we|you|people|they) (?:do|talk about)|what(?:'s| is) it like)\b"
         r".*\b(?:group|groups|session|sessions|meeting|meetings|it|there)\b", "about_the_group"),
        (r".*\b(?:who(?:'s|s| is| else is)|how many(?: people| others)?(?: are)?) (?:in|comes?|goes|coming|going)\b"
         r"(?! to (?:call|ring))", "about_the_group"),
        (r"(?:what(?:'?s| is| are)? |how(?:'?s| are| is) |(?:is|are) )(?:the |my |our |your |they )*"
         r"(?:facilitators?|leads?|(?:dr|doctor) \w+|people|others|group)(?: really| actually| quite| a| all| any)*"
         r" (?:nice|kind|friendly|good|ok|okay|alright|approachable|lovely|decent|scary|strict|normal|like)"
         r"(?: people| then| or \w+| to (?:talk|speak) to)*[ .!?]*$", "about_the_group"),
        (r".*\b(?:do|does|will|did|can) (?:you|they|it|any ?one|any ?body|some ?one|people|the facilitators?)(?: \w+)?"
         r" (?:record|tape|film)(?: (?:it|this|that|us|them|these|those|me|people|everyone|anything|the|our|your|each"
         r"|groups?|sessions?|meetings?|calls?|videos?))*(?: or (?:anything|something|what))?[ .!?]*$", "not_recorded"),
        (r".*\b(?:is|are|will|was|were|does|do|r) (?:it|this|that|they|we|i|the|our|your|these|those|groups?|sessions?"
         r"|meetings?|calls?|videos?|zoom|teams)(?: (?:group|session|meeting|call|video|zoom|stuff|chat)s?)?"
         r"(?: (?:\w+ )?(?:be|being|get|gets|getting|all|ever))? (?:recorded|taped|filmed)"
         r"(?! (?:on|in|any ?where|some ?where|against|me)\b)", "not_recorded"),
        (r".*\b(?:are|is|will) (?:you|they|any ?one|any ?body|some ?one|people|facilitators) (?:be )?"
         r"(?:recording|taping|filming) (?:us|it|this|the|our)\b", "not_recorded"),
        (r".*\b(?:there|any|get|have|see|watch|send me|find) (?:a |the |any )?recordings?\b", "not_recorded"),
        (r".*\bwhat(?:'?s| is| are| do| does| did)?(?: a| the)? (?:\d|10|zero|ten|scores?|scale|numbers)\b"
         r"(?:.*\b(?:mean|means|meant|stand)\b|(?: again)?[ .!?]*$)"
         r"|.*\b(?:is|does) (?:a )?(?:0|10|zero|ten|high|low)(?: \w+)? (?:good|bad|best|worst|better|worse)\b"
         r"|.*\bwhich (?:way|end)(?: round)? (?:is|are|does|do)\b.*\b(?:0|10|zero|ten|it|scale|good|bad|numbers?)\b",
         "scale_means"),
        (r".*\b(?:what if|what happens if|(?:is it|is that|would it be|it) (?:ok|okay|alright|fine|rude|bad) (?:if|to)"
         r"|does it matter if|do you mind if|am i allowed to|are you allowed to)"
         r"(?: (?:i'?m|i|we|we're|am|are|be|join|come|arrive|get|there|turn|up|in|on|log|dial|run|running|a|bit|little"
         r"|have|to|might|will))* (?:late|half ?way|part ?way)\b"
         r"(?! (?:with|paying|(?:for|to) (?:work|my|an?|see|help))\b)",
         "late_how"),
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
_OWN_WORDS = ("checkin_prompt", "survey_helpful", "survey_words", "flag_followup")  # unless it is asked about us


def said(known: Known) -> Decision | None:
    """Answer what is asked or said by the way; None for other texts, and where one's own words are awaited."""
    text, intent = one_line(known.text), known.meant.intent
    if intent == "stop" and _IN_PART.search(text):
        return Decision((known.say("stop_in_part"),), read_me=True, heard_as="stop in part")
    if known.asked in _OWN_WORDS and intent != "help":
        return None
    if intent not in _ENDS and _NO_CALL.search(text):
        return Decision((known.say("contact_called_off"),), (NeedsNobody(),), read_me=True, heard_as="no call")
    text_id = next((text_id for pattern, text_id in _ANSWERS if pattern.match(text)), None)
    if text_id == "help" and known.waiting is not None:
        return None  # "hello?" of somebody who waits for a person
    if text_id is None or (intent in _ENDS and text_id not in ("quiet_how", "stop_in_part", "new_number")):
        return None
    return Decision((known.say(text_id),), read_me=text_id == "stop_in_part", heard_as=text_id)
