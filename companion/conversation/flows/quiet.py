"""Hours in which someone is not texted: QUIET 22-8, QUIET OFF, NIGHTS."""

from __future__ import annotations

import re
from datetime import time

from companion import when
from companion.content.sayings import said_by_trainees
from companion.conversation.changes import QuietHours
from companion.conversation.known import Decision, Known

# On nights people sleep by day.
NIGHTS = (time(8), time(17))
_SPAN = re.compile(rf"quiet(?: hours)?(?: from)? ({when.A_TIME})\s*(?:-|to|until|til|till)\s*({when.A_TIME})")


def asked_for(known: Known) -> Decision | None:
    """Answer a command about quiet hours; None when the text is none."""
    text = " ".join(re.sub(r"[^a-z0-9:. -]", " ", known.text.lower().replace("–", "-")).split()).strip(". ")
    listen = said_by_trainees()
    if listen.quiet_off.search(text):
        return Decision((known.say("quiet_off"),), (QuietHours(None, None),))
    if listen.on_nights.search(text):
        return _set(known, *NIGHTS)
    found = _SPAN.fullmatch(text)
    if found is not None:
        end = when.time_in(found[2])
        start = _evening(found[1], when.time_in(found[1]), end)
        if start is not None and end is not None and start != end:
            return _set(known, start, end)
    if text == "quiet" or text.startswith("quiet "):
        return Decision((known.say("quiet_how"),))
    return None


def _evening(said: str, start: time | None, end: time | None) -> time | None:
    """Return 10pm for the 10 of "10-7": hours from 10am on until 7am are no night."""
    bare = said.strip().isdecimal()
    if not bare or start is None or end is None or not 0 < start.hour < 12 or not end <= start:
        return start
    return start.replace(hour=start.hour + 12)


def _set(known: Known, start: time, end: time) -> Decision:
    text = known.say("quiet_set", start=when.clock_time(start), end=when.clock_time(end))
    return Decision((text,), (QuietHours(start, end),))
