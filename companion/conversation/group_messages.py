"""MSG: a facilitator writes to their group. It is shown first, goes with SEND, and can be stopped with UNDO."""

from __future__ import annotations

import re

from companion import when
from companion.content.catalogue import Text
from companion.content.sayings import said_by_staff
from companion.conversation.request import Answer, Request, count_of
from companion.models import Group
from companion.programme import broadcast
from companion.programme.audience import Audience
from companion.programme.broadcast import BroadcastError, Preview

STARTS = ("msg", "message my group", "message the group", "text my group", "tell my group")


def answer(request: Request) -> Answer | None:
    """Answer MSG, SEND and UNDO; None for any other text."""
    if request.is_just(said_by_staff().message_send):
        return _send(request)
    if request.is_just(said_by_staff().message_undo):
        return _undo(request)
    words = request.words_after(*STARTS)
    return None if words is None else _show(request, words)


def _show(request: Request, words: str) -> Answer:
    groups = request.my_groups()
    if not groups:
        return "message_group", (request.say("message_no_group"),)
    group, words = _which(groups, words)
    if group is None:
        listed = ", ".join(f"{number} {each.name}" for number, each in enumerate(groups, 1))
        return "message_group", (request.say("message_which_group", groups=listed),)
    audience = Audience("group", str(group.id))
    try:
        _, shown = broadcast.draft(request.session, request.person, audience, words, request.now, request.voice)
    except BroadcastError as error:
        return "message_group", (_refused(request, error),)
    figures = request.say(
        "message_preview",
        people=count_of(shown.people),
        cost=f"{count_of(shown.cost.parts.parts, 'part', 'parts')} each, about £{shown.cost.pounds}",
        left_out=_left_out(shown),
        later=_later(shown),
        warning=_warning(shown),
    )
    return "message_group", (figures, shown.text)


def _send(request: Request) -> Answer:
    try:
        sent = broadcast.send_draft(request.session, request.person, request.now, request.voice)
    except BroadcastError as error:
        return "message_send", (_refused(request, error),)
    if sent is None or sent.leaves_at is None:
        return "message_send", (request.say("message_nothing_to_send"),)
    leaves = when.clock_time(sent.leaves_at.astimezone(request.voice.settings.zone))
    return "message_send", (request.say("message_scheduled", people=count_of(sent.people), leaves=leaves),)


def _undo(request: Request) -> Answer:
    last = broadcast.last_scheduled(request.session, request.person)
    undone = broadcast.undo(request.session, last, request.person, request.now) if last else None
    if undone is None or not undone.withdrawn:
        return "message_undo", (request.say("message_nothing_to_undo"),)
    if undone.gone:
        text = request.say("message_partly_undone", withdrawn=count_of(undone.withdrawn), gone=count_of(undone.gone))
        return "message_undo", (text,)
    return "message_undo", (request.say("message_undone"),)


def _which(groups: list[Group], words: str) -> tuple[Group | None, str]:
    """Return the group that is meant and the words without its number or name; None when it has to be asked."""
    if len(groups) == 1:
        return groups[0], words
    number = re.match(r"(\d)\b[\s:,.-]*", words)
    if number is not None and 1 <= int(number[1]) <= len(groups):
        return groups[int(number[1]) - 1], words[number.end() :]
    for group in groups:
        named = re.match(rf"{re.escape(group.name)}\b[\s:,.-]*", words, re.IGNORECASE)
        if named is not None:
            return group, words[named.end() :]
    return None, words


def _refused(request: Request, error: BroadcastError) -> Text:
    if error.reason == "too long":
        return request.say("message_too_long", over=error.over, most=broadcast.LONGEST)
    return request.say({"empty": "message_how", "nobody": "message_nobody"}.get(error.reason, "message_no_group"))


def _left_out(shown: Preview) -> str:
    count = sum(shown.left_out.values())
    are = "is" if count == 1 else "are"
    return f"{count} {are} left out, as they paused, stopped or have no number." if count else ""


def _later(shown: Preview) -> str:
    gets = "gets" if shown.in_quiet_hours == 1 else "get"
    return f"{shown.in_quiet_hours} {gets} it after their quiet hours." if shown.in_quiet_hours else ""


def _warning(shown: Preview) -> str:
    return f'Look again at "{shown.unsuitable[0]}", as others may see it.' if shown.unsuitable else ""
