"""What is open, who has it, who is on duty, how many have joined: asked in plain words by those who run the programme.

They hear of what they may know of, by reference, and of nobody about whom a trainee left them out.
"""

from __future__ import annotations

import re
import uuid

from sqlalchemy import func, select

from companion.content.catalogue import Text
from companion.content.sayings import said_by_staff
from companion.conversation import rota_errands
from companion.conversation.request import Answer, Request
from companion.escalation.chain import open_to
from companion.escalation.exclusions import may_see
from companion.escalation.references import find_reference
from companion.models import Episode, Group, Person, Reference
from companion.rota.duties import on_duty

_SHORT = 9  # words; a longer text tells something
_NAMED = 5  # items in one text


def answer(request: Request) -> Answer | None:
    """Answer how things stand; None for any other text."""
    said = " ".join(re.findall(r"[a-z]+", re.sub(r"['\u2019]", "", request.body.lower())))
    if not said or len(said.split()) > _SHORT or find_reference(request.body) is not None:
        return None
    listen = said_by_staff()
    if listen.open_items.search(said):
        return "items", (_open(request),)
    if listen.am_i_on.search(said):
        return rota_errands.mine(request)
    if listen.who_is_on.search(said):
        return "on_duty", (_duties(request),)
    if listen.joined.search(said) and listen.of_a_session.search(said) is None:
        return "joined", (_joined(request),)
    return None


def _open(request: Request) -> Text:
    known = open_to(request.session, request.person, request.now)
    url = request.voice.console_url
    others = _not_told(request, known)
    if not known and not others:
        return request.say("items_none")
    if not known:
        return request.say("items_not_told", count=others, url=url)
    shown = "; ".join(_how(request, each) for each in known[:_NAMED])
    return request.say("items_open", listed=shown, url=url)


def _how(request: Request, reference: Reference) -> str:
    """Return how one item stands: "K7Q9: nobody has it yet"."""
    episode = reference.episode
    if episode.state == "open" or episode.owner is None:
        return request.say("item_waits", reference=reference.code).body
    yours = episode.owner_id == request.person.id
    if episode.state == "contacted":
        return request.say("item_reached", reference=reference.code, who="you" if yours else episode.owner.label).body
    if yours:
        return request.say("item_yours", reference=reference.code).body
    return request.say("item_has", reference=reference.code, who=episode.owner.label).body


def _not_told(request: Request, known: list[Reference]) -> int:
    """Return how many open items a lead may see in the console and was never told of; a facilitator sees none."""
    if request.person.role != "lead":
        return 0
    wanted = select(func.count(Episode.id)).where(
        Episode.state != "closed",
        Episode.is_drill.is_(False),
        Episode.id.not_in([each.episode_id for each in known]),
        may_see(request.person.id, Episode.person_id),
        Episode.person_id.is_(None) | (Episode.person_id != request.person.id),
    )
    return request.session.scalar(wanted) or 0


def _duties(request: Request) -> Text:
    groups: list[uuid.UUID | None] = [group.id for group in request.my_groups()] or [None]
    turns = {turn.person_id: turn for group in groups for turn in on_duty(request.session, group, request.now)}
    people = {p.id: p for p in request.session.scalars(select(Person).where(Person.id.in_(turns)))}
    named = [f"{people[id_].label} ({turn.role})" for id_, turn in turns.items() if id_ in people]
    if not named:
        return request.say("on_duty_nobody", url=request.voice.console_url)
    return request.say("on_duty_now", names=", ".join(named[:_NAMED]), url=request.voice.console_url)


def _joined(request: Request) -> Text:
    members = select(Group.name, func.count(Person.id)).join(
        Person, (Person.group_id == Group.id) & (Person.state == "joined") & (Person.role == "trainee"), isouter=True
    )
    wanted = members.where(Group.ended_at.is_(None)).group_by(Group.id, Group.name).order_by(Group.name)
    if request.person.role == "facilitator":
        wanted = wanted.where(Group.id.in_([group.id for group in request.my_groups()]))
    counts = [f"{name}: {count}" for name, count in request.session.execute(wanted.limit(_NAMED))]
    if not counts:
        return request.say("message_no_group")
    return request.say("joined_count", groups=", ".join(counts), url=request.voice.console_url)
