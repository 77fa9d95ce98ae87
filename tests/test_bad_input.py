"""Texts that nobody should send: never an error of ours, never a second effect."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from companion.models import Episode, InboundMessage, Person
from tests.raw_posts import answers, post, read_all, rows, sid, text
from tests.world import SERVICE, World


def kept(world: World) -> list[str | None]:
    """Return the bodies that are kept, oldest first."""
    with world.database.read() as session:
        return list(session.scalars(select(InboundMessage.body).order_by(InboundMessage.id)))


@pytest.mark.parametrize("body", ["JOIN ICU", "I want to kill myself", ""])
@pytest.mark.one_database("postgresql")
def test_a_replay_gets_the_same_answer_and_has_no_second_effect(world: World, body: str) -> None:
    world.member()
    first = post(world, text(body))
    after = rows(world)
    world.clock.advance(timedelta(minutes=1))
    for again in (text(body), text("STOP"), text(body, From="+447700900102")):
        assert post(world, again).data == first.data
    assert rows(world) == after
    read_all(world)


@pytest.mark.one_database("sqlite")
def test_the_same_text_four_times_at_once_is_one_text(world: World) -> None:
    world.member()
    got: list[bytes] = []
    form = text("I want to kill myself")
    threads = [threading.Thread(target=lambda: got.append(post(world, form).data)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == 4
    assert len(set(got)) == 1
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Episode)) == 1
        assert len(session.scalars(select(InboundMessage).where(InboundMessage.provider_sid == sid())).all()) == 1
    read_all(world)


# --- what stands in it ---------------------------------------------------------------------------------------------

ODD_BODIES = [
    "",
    " \t\n ",
    "x" * 1_600,
    "word " * 5_000,
    "null \x00 byte",
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "👍",
    "👩🏽‍⚕️" * 40,
    "ends in a backslash\\",
    "\\",
    "'; DROP TABLE people; --",
    "<Response><Message>hi</Message></Response>",
    "]]>&amp;<",
    "{name} {0} %s %(name)s $name",
    "\u202egnirts desrever\u202c",
    "\u200b\u200d\ufeff",
    "Z̸̢̛͓͔̝a̵͚͉l̷̠͝g̴̟̈́o̶͙͐" * 20,
    "١٢٣",
    "=cmd|' /C calc'!A0",
    "JOIN \x00",
    "join " + "\\" * 200,
    "9" * 400,
    "\x1b[31mred\x07",
]


@pytest.fixture(params=["stranger", "member"])
def spoken_to(request: pytest.FixtureRequest, world: World) -> Iterator[World]:
    """A world in which the trainee has joined, or has not. Whatever rang meanwhile is read at the end."""
    if request.param == "member":
        world.member()
    yield world
    read_all(world)


def test_odd_texts_are_answered_and_kept(spoken_to: World) -> None:
    nothing = "\x00 \t\n\u200b\u200d\ufeff"
    for number, body in enumerate(ODD_BODIES):
        answer = answers(post(spoken_to, text(body, MessageSid=sid(1_000 + number))))
        assert answer or not body.strip(nothing), f"silence to {body!r}"
        assert kept(spoken_to)[-1] == body[:4_000]


def test_bytes_that_are_no_text(spoken_to: World) -> None:
    bodies = (
        b"Body=%ED%A0%80+%ED%BF%BF",  # lone surrogates
        b"Body=%C3%28%FF%FE",  # no UTF-8 at all
        b"Body=%00%01%02",
        b"Body=%",
        b"Body=%zz&&&=&=x",
        b"Body=a&Body=b&Body=c",
    )
    for number, raw in enumerate(bodies):
        usual = {name: value for name, value in text(MessageSid=sid(1_000 + number)).items() if name != "Body"}
        answers(post(spoken_to, urlencode(usual).encode() + b"&" + raw))
    assert len(kept(spoken_to)[-len(bodies) :]) == len(bodies)
    assert post(spoken_to, "Body=naïve".encode("latin-1")).status_code == 400  # no form: nothing in it can be read


def test_media(spoken_to: World) -> None:
    number = 1_000
    for media in ("1", "10", "0", "", "-1", "many", "²", "9" * 5_000, "1e3"):
        for body in ("", "look at this"):
            number += 1
            form = text(body, MessageSid=sid(number), NumMedia=media, MediaUrl0="https://api.twilio.com/x")
            assert answers(post(spoken_to, form)) or not body, f"silence to {media!r} {body!r}"


@pytest.mark.one_database("postgresql")
def test_fields_that_are_not_needed_are_missing(world: World) -> None:
    for number, field in enumerate(("Body", "To", "NumMedia", "AccountSid", "NumSegments")):
        missing: dict[str, str | None] = {field: None}
        answers(post(world, text(**{"MessageSid": sid(number), **missing})))
    assert len(kept(world)) == 5


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (text(MessageSid=None), "MessageSid"),
        (text(MessageSid=""), "MessageSid"),
        (text(MessageSid="SM1"), "MessageSid"),
        (text(MessageSid=sid() + "\n"), "MessageSid"),
        (text(MessageSid="SM" + "٣" * 32), "MessageSid"),
        (text(From=None), "From"),
        (text(From="  "), "From"),
        ({}, "MessageSid"),
    ],
    ids=range(8),
)
@pytest.mark.one_database("sqlite")
def test_a_field_that_is_needed_is_missing(world: World, form: dict[str, str], says: str) -> None:
    before = rows(world)
    response = post(world, form)
    assert response.status_code == 400
    assert says in response.text
    assert rows(world) == before


@pytest.mark.one_database("sqlite")
def test_a_thousand_fields(world: World) -> None:
    answers(post(world, text() | {f"Field{number}": "x" for number in range(1_000)}))
    assert len(kept(world)) == 1


ODD_SENDERS = (
    "NHSNoReply",
    "anonymous",
    "12345",
    "+1",
    "+",
    "0",
    "07700 900 101",
    "+44 (0) 7700-900101",
    "whatsapp:",
    "whatsapp:+447700900101",
    "WhatsApp:+447700900101",
    "whatsapp:GB.abc123",
    "whatsapp:nobody",
    "client:someone",
    "\\",
    "é",
    "x" * 5_000,
    "+44770090010\x00",
    "\x00",
    "+٤٤٧٧٠٠٩٠٠١٠١",
    "+442079460123",
    "+33612345678",
    SERVICE,
)


@pytest.mark.parametrize("body", ["JOIN ICU", "I want to kill myself"], ids=["join", "danger"])
@pytest.mark.one_database("sqlite")
def test_odd_senders(world: World, body: str) -> None:
    for number, sender in enumerate(ODD_SENDERS):
        answers(post(world, text(body, MessageSid=sid(number), From=sender)))
    assert kept(world) == [body] * len(ODD_SENDERS)
    read_all(world)


@pytest.mark.one_database("sqlite")
def test_odd_recipients(world: World) -> None:
    recipients = ("", "\x00", "x" * 10_000, "whatsapp:", "\\", "MG\x00")
    for number, to in enumerate(recipients):
        answers(post(world, text("hello", MessageSid=sid(number), To=to)))
    assert kept(world) == ["hello"] * len(recipients)


def test_odd_buttons(spoken_to: World) -> None:
    number = 1_000
    for field in ("ButtonPayload", "ListId", "OptOutType"):
        for value in ("", "\x00", "nonsense", "{}", "x" * 10_000, "book_yes"):
            number += 1
            answers(post(spoken_to, text("x", MessageSid=sid(number), **{field: value})))


@pytest.mark.one_database("sqlite")
def test_people_are_not_made_by_odd_texts(world: World) -> None:
    with world.database.read() as session:
        before = session.scalar(select(func.count()).select_from(Person))
    for number, body in enumerate(ODD_BODIES):
        post(world, text(body, MessageSid=sid(number)))
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == before
    read_all(world)
