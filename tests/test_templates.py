"""WhatsApp templates: what they say, how they come to be approved, and what a phone makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from companion.content.catalogue import Catalogue
from companion.content.templates import Definition, Variable, definitions, problems, without
from companion.conversation.intents import understand
from companion.messaging import templates
from companion.messaging.provider import NoAnswerError, NotReachedError
from companion.messaging.templates import TemplateError, variables
from companion.models import Alarm, AuditEntry
from companion.models.templates import WhatsAppTemplate
from tests.databases import NewDatabase
from tests.deliveries import approve_templates
from tests.template_office import DEFINITIONS, STANDING, WORDS, Office, opened
from tests.twilio_settings import ASHA, START
from tests.world import TRAINEE, World

EVERY = pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)


def reworded(text_id: str, text: str) -> Catalogue:
    """Return the catalogue with other words for one text."""
    wording = WORDS.wording(text_id)
    values = {**wording.values, **WORDS.wording("reminder_day").values}
    return replace(WORDS, wordings={**WORDS.wordings, text_id: replace(wording, text=text, values=values)})


# --- what they say ----------------------------------------------------------------------------------------------------


@EVERY
def test_whatsapp_has_nothing_against_a_template(definition: Definition) -> None:
    assert problems(definition) == []
    assert (definition.category, definition.language) == ("UTILITY", "en_GB")
    assert list(definition.samples) == [str(n + 1) for n in range(len(definition.variables))]


@EVERY
def test_a_template_says_word_for_word_what_the_text_says(definition: Definition) -> None:
    wording = WORDS.wording(definition.text_id)
    given = {name: longest for name, longest in wording.values.items() if name not in STANDING}
    text = WORDS.render(definition.text_id, **given)
    assert definition.filled(variables(definition.variables, text.values)) == text.body
    assert text.version == definition.wording_version


def test_every_text_that_the_service_starts_has_a_template_or_a_reason() -> None:
    started = {text_id for text_id, wording in WORDS.wordings.items() if wording.kind in ("started", "page")}
    notices = {"contact_request", "facilitator_reminder_day", "facilitator_reminder_hour"}
    crisis = {"crisis_taken", "crisis_nobody_yet"}
    assert DEFINITIONS.keys() | without().keys() == started | notices | crisis
    assert not DEFINITIONS.keys() & without().keys()


@EVERY
def test_a_button_says_what_could_be_typed_and_means_what_is_understood(definition: Definition) -> None:
    for title, payload in definition.buttons:
        assert understand(title, "none", payload=payload).intent == payload
        if title.isupper():  # a word that the text tells people to reply with
            assert title in definition.body


def test_staff_get_no_buttons() -> None:
    staff = [d for d in DEFINITIONS.values() if WORDS.wording(d.text_id).kind in ("page", "notice")]
    assert staff
    assert all(not definition.buttons for definition in staff)


def test_another_wording_or_another_name_is_another_template() -> None:
    before = DEFINITIONS["reminder_day"]
    changed = definitions(reworded("reminder_day", "Your group {group} meets on {when}. Join here: {link} See you."))
    assert changed["reminder_day"].name != before.name
    assert changed["reminder_hour"].name == DEFINITIONS["reminder_hour"].name
    renamed = definitions(WORDS.with_standing(name="Companion Leeds"))
    assert renamed["checkin_week"].name != DEFINITIONS["checkin_week"].name
    assert renamed["checkin_week"].body.startswith("Companion Leeds:")
    assert renamed["offer_session"].name == DEFINITIONS["offer_session"].name
    assert before.name.startswith("companion_reminder_day_")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{group} meets again soon, as we said.", "begins with a value"),
        ("Your group meets here again soon: {link}.", "ends with a value"),
        ("Your group meets soon at {group} {when} as we said.", "side by side"),
        ("At {group}: {when}, {link} then.", "too few words"),
        ("Your group {group} meets. " + "Nothing else is known. " * 20, "own words are longer"),
    ],
)
def test_what_whatsapp_would_refuse_is_seen_before(text: str, problem: str) -> None:
    (found,) = problems(definitions(reworded("session_cancelled", text))["session_cancelled"])
    assert problem in found


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "Not This"}, "lower-case"),
        ({"buttons": tuple((str(n), "book_yes") for n in range(4))}, "more than 3 buttons"),
        ({"buttons": (("A title that is far too long", "book_yes"),)}, "too long"),
        ({"variables": (Variable("group", "a\nb"), Variable("when", "x"))}, "line breaks"),
        ({"variables": (Variable("group", "x" * 600), Variable("when", "x"))}, "longest values"),
    ],
)
def test_other_things_that_whatsapp_would_refuse(change: dict[str, Any], problem: str) -> None:
    (found,) = problems(replace(DEFINITIONS["offer_session"], **change))
    assert problem in found


# --- what fills them --------------------------------------------------------------------------------------------------

HOLES = [["group", "ICU North Tuesday"], ["link", "https://example.org/00000"]]


def test_values_are_cleaned_as_whatsapp_wants_them() -> None:
    given = {"group": " ICU\nNorth\t\t      Wed’s ", "link": "https://example.org/" + "9" * 40, "other": "x"}
    assert json.loads(variables(HOLES, given)) == {"1": "ICU North Wed's", "2": given["link"]}


def test_an_overlong_name_is_cut_as_in_the_text_by_sms() -> None:
    name = "The group of all those who are new to intensive care"
    text = WORDS.render("offer_session", group=name, when="Thu 26 Nov, 6:30pm")
    definition = DEFINITIONS["offer_session"]
    assert definition.filled(variables(definition.variables, text.values)) == text.body


@pytest.mark.parametrize(
    "given",
    [{"group": "ICU"}, {"group": "ICU", "link": " \n "}, {"group": "ICU", "link": "https://example.org/" + "9" * 600}],
)
def test_what_would_send_a_sample_or_fail_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(TemplateError):
        variables(HOLES, given)


# --- from our words to an approval ------------------------------------------------------------------------------------


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
