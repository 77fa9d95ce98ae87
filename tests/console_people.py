"""The people, groups, texts and episodes that the tests of the console's pages find there."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from companion.models import (
    LANES,
    Address,
    Alarm,
    Booking,
    Broadcast,
    Cohort,
    Consent,
    ContactRequest,
    Episode,
    FamilyProposal,
    Flag,
    Group,
    GroupFacilitator,
    GroupSession,
    InboundMessage,
    JoinSource,
    OutboxMessage,
    Page,
    Person,
    Question,
    Reference,
    SupervisionDate,
)

NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)  # a Tuesday night
CANARY = "canary words that only the episode shows"
UNREAD = "can I bring my lunch on Thursday"


def trainee(session: Session, alias: str, number: str, **more: object) -> tuple[Person, Address]:
    """Add a trainee with one number."""
    person = Person(role="trainee", alias=alias, state="joined", joined_at=NOW, created_at=NOW, **more)
    session.add(person)
    session.flush()
    address = Address(
        channel="sms",
        address=number,
        address_index=number,
        person_id=person.id,
        created_at=NOW,
        last_inbound_at=NOW - timedelta(minutes=5),
    )
    session.add(address)
    session.flush()
    return person, address


def text_from(session: Session, address: Address, body: str, at: datetime, **more: object) -> InboundMessage:
    """Add a text that arrived."""
    given = {"route": None, "needs_reading": False, "media_count": 0, **more}
    row = InboundMessage(
        provider_sid=f"SM{uuid.uuid4().hex}",
        channel="sms",
        address_id=address.id,
        person_id=address.person_id,
        sender="+447700900000",
        body=body,
        received_at=at,
        dialogue="none",
        intent="unknown",
        answer="",
        **given,
    )
    session.add(row)
    session.flush()
    return row


def text_to(session: Session, address: Address, body: str, at: datetime, status: str, **more: object) -> OutboxMessage:
    """Add a text that went out."""
    given = {
        "key": uuid.uuid4().hex,
        "purpose": "reminder_day",
        "wording_version": "1",
        "lane": LANES.index("reminder"),
        **more,
    }
    row = OutboxMessage(
        channel=address.channel,
        address_id=address.id,
        person_id=address.person_id,
        body=body,
        status=status,
        created_at=at,
        not_before=at,
        updated_at=at,
        **given,
    )
    session.add(row)
    session.flush()
    return row


def programme(session: Session, staff: dict[str, uuid.UUID]) -> dict[str, uuid.UUID]:
    cohort = Cohort(
        code="ICU",
        name="Intensive care",
        nation="england",
        time_zone="Europe/London",
        checkin_weekday=0,
        checkin_at=time(18),
        created_at=NOW,
    )
    session.add(cohort)
    source = JoinSource(code="MESS", name="Poster in the mess", created_at=NOW)
    session.add(source)
    session.flush()
    ids = {"cohort": cohort.id, "source": source.id}
    for name, who in (("tuesday", "ada"), ("thursday", "bo")):
        group = Group(
            cohort_id=cohort.id,
            name=f"ICU {name.title()}",
            time_zone="Europe/London",
            first_on=date(2026, 11, 24),
            local_time=time(18),
            join_link="https://meet.example.org/icu",
            created_at=NOW,
        )
        session.add(group)
        session.flush()
        session.add(GroupFacilitator(group_id=group.id, person_id=staff[who], position=0))
        ids[name] = group.id
    person, address = trainee(session, "Wren", "+447700900101", cohort_id=cohort.id, group_id=ids["tuesday"])
    other, elsewhere = trainee(session, "Finch", "+447700900102", cohort_id=cohort.id, group_id=ids["thursday"])
    ids |= {"wren": person.id, "wren_sms": address.id, "finch": other.id, "finch_sms": elsewhere.id}
    for days in (-14, 0, 14):
        starts = NOW.replace(hour=18, minute=0) + timedelta(days=days)
        meeting = GroupSession(group_id=ids["tuesday"], starts_at=starts, ends_at=starts + timedelta(minutes=45))
        session.add(meeting)
        session.flush()
        session.add(Booking(session_id=meeting.id, person_id=person.id, status="yes", seat=1, offered_at=NOW))
        ids["over" if days < 0 else "evening"] = meeting.id
    date_ = SupervisionDate(at=NOW + timedelta(days=10), group_id=ids["tuesday"], created_at=NOW)
    session.add(date_)
    session.flush()
    ids["supervision"] = date_.id
    for event_, wording in (("shown", "We text reminders and a check-in a week."), ("yes", None)):
        session.add(
            Consent(
                person_id=person.id,
                cohort_id=cohort.id,
                event=event_,
                channel="sms",
                wording=wording,
                wording_version="abc123" if wording else None,
                provider_sid="SM1",
                at=NOW - timedelta(days=30),
            )
        )
    session.flush()
    return ids


def texts(session: Session, ids: dict[str, uuid.UUID]) -> dict[str, uuid.UUID]:
    wren = session.get_one(Address, ids["wren_sms"])
    flagged = text_from(session, wren, CANARY, NOW - timedelta(minutes=5), route="page")
    text_from(session, wren, UNREAD, NOW - timedelta(hours=9), needs_reading=True)
    soon = text_from(session, wren, "could someone ring me this week", NOW - timedelta(hours=8), route="notice")
    text_to(session, wren, "Your group meets today at 6pm.", NOW - timedelta(hours=1), "delivered", settled_at=NOW)
    text_to(
        session,
        wren,
        "How has your week been?",
        NOW - timedelta(days=1),
        "undelivered",
        error_code=30003,
        settled_at=NOW - timedelta(hours=20),
    )
    episode = Episode(
        address_id=wren.id,
        person_id=ids["wren"],
        state="open",
        opened_at=NOW - timedelta(minutes=5),
        started_at=NOW - timedelta(minutes=5),
        next_action_at=NOW,
        step=1,
        rounds=1,
    )
    session.add(episode)
    session.flush()
    notice = Flag(
        inbound_id=soon.id, route="notice", families=["not_coping"], phrases=[], list_version="1", at=soon.received_at
    )
    session.add_all(
        [
            Flag(
                episode_id=episode.id,
                inbound_id=flagged.id,
                route="page",
                families=["wants_to_die"],
                phrases=["want-to-die"],
                list_version="1",
                at=flagged.received_at,
            ),
            notice,
            Reference(code="K7Q9", episode_id=episode.id, person_id=ids["ada"]),
        ]
    )
    session.flush()
    pager = Address(
        channel="sms",
        address="+447700900201",
        address_index="+447700900201",
        person_id=ids["ada"],
        created_at=NOW,
    )
    session.add(pager)
    session.flush()
    page = text_to(session, pager, "An item needs you now. Ref K7Q9.", NOW - timedelta(minutes=5), "delivered")
    page.settled_at = NOW - timedelta(minutes=4)
    session.add(
        Page(episode_id=episode.id, person_id=ids["ada"], way="sms", step=1, at=page.created_at, outbox_id=page.id)
    )
    request = ContactRequest(person_id=ids["wren"], kind="asked", asked_at=NOW - timedelta(hours=7))
    session.add(request)
    stranger = Address(
        channel="sms",
        address="+447700900301",
        address_index="+447700900301",
        created_at=NOW,
        last_inbound_at=NOW - timedelta(hours=3),
    )
    session.add(stranger)
    session.flush()
    text_from(session, stranger, "who is this", NOW - timedelta(hours=3), needs_reading=True)
    alarm = Alarm(kind="responder_not_reachable", raised_at=NOW - timedelta(minutes=3), last_at=NOW)
    session.add(alarm)
    session.flush()
    broadcast = Broadcast(
        author_id=ids["ada"],
        audience="group",
        audience_key=str(ids["tuesday"]),
        purpose="broadcast",
        body="We meet in room 4 today.",
        state="scheduled",
        people=1,
        created_at=NOW - timedelta(days=1),
        leaves_at=NOW - timedelta(days=1),
    )
    session.add(broadcast)
    session.flush()
    ids["broadcast"] = broadcast.id
    question = Question(day=date(2026, 11, 23), words="where do I put my bike", why="nothing")
    session.add(question)
    session.flush()
    ids["question"] = question.id
    proposal = FamilyProposal(
        family="abuse",
        reason="The last four were about patients, and two of us are woken each time.",
        proposed_by=ids["ada"],
        proposed_at=NOW - timedelta(days=2),
        expires_at=NOW + timedelta(days=5),
        state="open",
    )
    session.add(proposal)
    session.flush()
    ids["proposal"] = proposal.id
    text_to(
        session,
        wren,
        "Ada, ICU Tuesday: We meet in room 4 today.\nSTOP to leave.",
        NOW - timedelta(days=1),
        "queued",
        key=f"broadcast:{broadcast.id}:{ids['wren']}",
        purpose="broadcast",
    )
    return {
        "alarm": alarm.id,
        "broadcast": broadcast.id,
        "question": ids["question"],
        "proposal": ids["proposal"],
        "episode": episode.id,
        "notice": notice.id,
        "request": request.id,
        "stranger": stranger.id,
    }
