"""WhatsApp templates: how they come to be approved, and what a phone makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.messaging import templates
from companion.messaging.provider import NoAnswerError, NotReachedError
from companion.messaging.templates import variables
from companion.models import Alarm, AuditEntry
from companion.models.templates import WhatsAppTemplate
from tests.databases import NewDatabase
from tests.deliveries import approve_templates
from tests.template_office import DEFINITIONS, WORDS, Office, opened, reworded
from tests.twilio_settings import ASHA, START
from tests.world import TRAINEE, World


@pytest.fixture
def office(new_database: NewDatabase) -> Iterator[Office]:
    with opened(new_database()) as office:
        yield office


@pytest.mark.one_database("postgresql")
def test_templates_are_made_submitted_and_approved(office: Office) -> None:
    made = office.create()
    assert {step.status for step in made} == {"unsubmitted"}
    assert len(office.standin.state.contents()) == len(DEFINITIONS)
    row = office.row("offer_session")
    content = office.standin.state.content(row.content_sid)
    assert content is not None
    assert content.types == DEFINITIONS["offer_session"].types
    assert content.variables == {"1": "Paediatrics Thursday", "2": "Wed 25 Nov, 12:30pm"}
    assert not office.usable("offer_session")

    assert {step.status for step in office.submit()} == {"received"}
    assert office.submit() == []
    office.standin.decide(row.content_sid, "approved")
    office.clock.advance(timedelta(hours=1))
    (step,) = office.sync()
    assert (step.name, step.before, step.status) == (row.name, "received", "approved")
    assert office.usable("offer_session")
    assert not office.usable("page")
    assert office.row("offer_session").checked_at == office.clock.now()
    assert office.alarms() == []


@pytest.mark.one_database("sqlite")
def test_making_them_twice_makes_nothing_twice(office: Office) -> None:
    office.create("page")
    assert office.create("page") == []
    with office.database.write() as session:  # as after a crash between Twilio's answer and our commit
        session.delete(session.scalars(select(WhatsAppTemplate)).one())
    (step,) = office.create("page")
    assert step.status == "unsubmitted"
    assert len(office.standin.state.contents()) == 1


@pytest.mark.one_database("postgresql")
def test_an_answer_that_was_lost_leaves_one_template(office: Office) -> None:
    office.standin.fault(None, "http_500_after_accept", times=1)
    with pytest.raises(NoAnswerError):
        office.create("page")
    assert len(office.create("page")) + len(office.create("page")) == 1
    assert len(office.standin.state.contents()) == 1


@pytest.mark.parametrize("status", ["rejected", "paused", "disabled"])
@pytest.mark.one_database("postgresql")
def test_a_template_that_is_withdrawn_is_not_used_and_raises_an_alarm(office: Office, status: str) -> None:
    row = office.approved("reminder_day")
    office.standin.decide(row.content_sid, status, "too much like an advertisement")
    (step,) = office.sync()
    assert (step.status, step.problem) == (status, "too much like an advertisement")
    assert not office.usable("reminder_day")
    assert office.alarms() == ["whatsapp_template"]
    assert office.sync() == []
    with office.database.read() as session:
        (alarm,) = session.scalars(select(Alarm))
        changes = session.scalars(select(AuditEntry.details).where(AuditEntry.action == "template status")).all()
    assert alarm.count == 1
    assert changes[-1] == {"name": row.name, "before": "approved", "after": status}

    office.standin.decide(row.content_sid, "approved")
    office.sync()
    assert office.usable("reminder_day")
    assert office.alarms() == []


@pytest.mark.one_database("postgresql")
def test_within_the_24_hours_buttons_need_no_approval(office: Office) -> None:
    office.create("offer_session", "page")
    version = {text_id: WORDS.wording(text_id).version for text_id in ("offer_session", "page")}
    row = office.row("offer_session")
    with office.database.write() as session:
        assert templates.usable(session, "offer_session", version["offer_session"], window_open=True)
        assert templates.usable(session, "offer_session", version["offer_session"]) is None
        assert templates.usable(session, "page", version["page"], window_open=True) is None  # free words do as well
        templates.mark_unusable(session, row.content_sid, 63041, START)
        assert templates.usable(session, "offer_session", version["offer_session"], window_open=True) is None

    phone = office.standin.phone(ASHA, "whatsapp")
    phone.texts("hello")
    office.twilio.send(
        "whatsapp",
        ASHA,
        "",
        callback="http://127.0.0.1:9/twilio/status",
        content_sid=row.content_sid,
        content_variables=variables(row.variables, {"group": "ICU", "when": "Thu 26 Nov, 6:30pm"}),
    )
    office.standin.settle()
    assert [button.title for button in phone.inbox[-1].buttons] == ["YES", "NO"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (63027, "disabled"),
        (63028, "disabled"),
        (63030, "disabled"),
        (63040, "rejected"),
        (63041, "paused"),
        (63042, "disabled"),
    ],
)
@pytest.mark.one_database("sqlite")
def test_an_error_about_a_template_stops_its_use(office: Office, code: int, status: str) -> None:
    row = office.approved("page")
    with office.database.write() as session:
        assert templates.mark_unusable(session, row.content_sid, code, START)
    assert (office.row("page").status, office.row("page").reason) == (status, f"error {code}")
    assert not office.usable("page")
    assert office.alarms() == ["whatsapp_template"]


@pytest.mark.one_database("postgresql")
def test_other_errors_and_other_templates_are_left_alone(office: Office) -> None:
    row = office.approved("page")
    with office.database.write() as session:
        assert not templates.mark_unusable(session, row.content_sid, 63016, START)
        assert templates.mark_unusable(session, "HX" + "0" * 32, 63041, START)
    assert office.usable("page")
    assert office.alarms() == []


@pytest.mark.one_database("sqlite")
def test_only_the_newest_template_of_a_wording_counts(office: Office) -> None:
    old = office.approved("page")
    office.clock.advance(timedelta(days=1))
    office.create("page", words=WORDS.with_standing(url="https://new.example.org/console/"))
    assert not office.usable("page")  # the approved one has the old address in it: SMS until the new one is approved
    office.standin.decide(old.content_sid, "disabled")
    office.sync()
    assert office.alarms() == []  # nobody misses it


@pytest.mark.one_database("sqlite")
def test_a_template_deleted_at_twilio_can_be_made_again(office: Office) -> None:
    row = office.approved("page")
    office.standin.state.drop_content(row.content_sid)
    assert [step.status for step in office.sync()] == ["gone"]
    assert not office.usable("page")
    assert [step.status for step in office.create("page")] == ["unsubmitted"]


@pytest.mark.one_database("sqlite")
def test_a_status_nobody_has_heard_of_is_no_approval(office: Office) -> None:
    row = office.approved("page")
    content = office.standin.state.content(row.content_sid)
    assert content is not None
    office.standin.state.put_content(replace(content, approval={**content.approval, "status": "in_appeal"}))
    office.standin.check = False  # Twilio's document has not heard of it either
    office.sync()
    assert office.row("page").status == "pending"


@pytest.mark.one_database("sqlite")
def test_what_whatsapp_would_refuse_is_not_made(office: Office) -> None:
    (step,) = office.create("session_cancelled", words=reworded("session_cancelled", "{when} is off, we are sorry."))
    assert "begins with a value" in step.problem
    assert office.standin.state.contents() == []


@pytest.mark.one_database("postgresql")
def test_an_outage_changes_nothing(office: Office) -> None:
    office.approved("page")
    office.standin.close()
    with pytest.raises(NotReachedError):
        office.sync()
    assert office.usable("page")


# --- on a phone -------------------------------------------------------------------------------------------------------


@pytest.mark.one_database("sqlite")
def test_a_tap_on_a_button_of_a_template_takes_the_place(world: World) -> None:
    asha = world.member(channel="whatsapp")
    world.advance(hours=25)
    asha.ignores()
    world.staff_ignores()
    twilio, words = world.services.twilio, world.services.words
    approve_templates(world)

    text = words.render("offer_session", group="ICU", when="Thu 26 Nov, 6:30pm")
    with world.database.read() as session:
        template = templates.usable(session, text.id, text.version)
    assert template is not None
    twilio.send(
        "whatsapp",
        TRAINEE,
        text.body,
        callback=f"{world.settings.public_url}/twilio/status",
        content_sid=template.content_sid,
        content_variables=variables(template.variables, text.values),
    )
    world.settle()
    assert asha.hears("Can you come?") == text.body
    asha.phone.taps("book_yes")
    asha.hears("Thanks, you have a place on")
