"""Every form of the console, sent empty and with nonsense: what is wrong is named twice, what was written is kept."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from companion import console
from companion.console.fields import Form
from companion.models import Duty, Person, Way
from tests.console_people import NOW, trainee
from tests.console_stage import CODE, Stage, closing_proposed, press, stage
from tests.databases import NewDatabase
from tests.html_forms import Seen, Sent

OWN_WORDS = re.compile(r"^(Not a valid|Invalid|This field|Field )|%\(")  # of the library, which says too little


@dataclass(frozen=True)
class Case:
    """A form: who sends it from which page, what it needs, and nonsense for it with the fields that are wrong then."""

    form: str
    who: str | None
    page: str
    needs: tuple[str, ...] | None  # the fields that are named when it is sent empty; None when that is no mistake
    nonsense: Mapping[str, Any]
    wrong: tuple[str, ...] | None = None  # all that are sent, if not said

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.nonsense) if self.wrong is None else self.wrong


GROUP = {
    "name": "x", "cohort": "none", "first_on": "soon", "at": "late", "every": "own", "rule": "now and then",
    "skip_on": "Friday", "minutes": "many", "places": "0", "first_facilitator": "nobody", "join_link": "meet",
    "dial_in": "ring", "dial_code": "x", "cover_note": "x" * 301, "reminders": "often", "minimum": "few",
    "decide_hours": "0",
}  # fmt: skip
NEEDED = ("name", "cohort", "first_on", "at", "minutes", "places", "first_facilitator", "join_link", "reminders")
BAD_GROUP = tuple(each for each in GROUP if each != "every")  # which says that the rule is its own
DUTY = {
    "person": "nobody", "role": "third", "group": "none", "starts_on": "soon", "from_time": "early",
    "ends_on": "later", "until_time": "late", "last_on": "never", "also_on": "9",
}  # fmt: skip
COHORT = {"name": "x", "nation": "mars", "weekday": "nine", "at": "late", "quiet_from": "22:00", "is_open": "maybe"}
HOURS = {"kind": "hours", "from_time": "early", "until_time": "late", "weekdays": "9", "lead": "nobody"}
PASSWORDS = {"password": "wrong", "new_password": "short", "new_password_confirm": "other"}
LONG = "long " * 420

CASES = (
    Case(
        "broadcasts.BroadcastForm",
        "ada",
        "/console/messages/group/new",
        ("audience", "words"),
        {"audience": "group:none", "words": " "},
    ),
    Case("concerns.ConcernForm", "ada", "/console/people/{wren}/concern", ("words",), {"words": " \n "}),
    Case("content.TryForm", "ada", "/console/content/try", ("text",), {"text": LONG, "nation": "atlantis"}),
    Case("families.ReasonForm", "ada", "/console/content/families/wants_to_die/down", ("reason",), {"reason": LONG}),
    Case("families.AnswerForm", "lee", "/console/content/families/proposals/{proposal}", ("answer",), {"answer": "ok"}),
    Case(
        "local_contacts.LocalContactForm",
        "cor",
        "/console/content/places/local-occupational-health",
        ("phone", "review_by"),
        {"phone": "07700 900", "web": "our intranet", "hours": "x" * 51, "review_by": "soon"},
    ),
    Case(
        "cohorts.CohortForm",
        "cor",
        "/console/cohorts/new",
        ("code", "name", "at"),
        {"code": "p4eds!", **COHORT, "quiet_until": ""},
        ("code", "name", "nation", "weekday", "at", "quiet_until", "is_open"),
    ),
    Case(
        "cohorts.CohortForm",
        "cor",
        "/console/cohorts/{cohort}",
        ("name", "at"),
        {**COHORT, "quiet_until": ""},
        ("name", "nation", "weekday", "at", "quiet_until", "is_open"),
    ),
    Case("cohorts.SourceForm", "cor", "/console/cohorts", ("code", "name"), {"code": "room 1", "name": "x"}),
    Case(
        "episodes.CloseForm",
        "lee",
        "/console/episodes/{episode}/close",
        ("outcome",),
        {"outcome": "fled", "second": "nobody"},
    ),
    Case("closings.AgreeForm", "ada", "/console/episodes/{episode}/closing", ("answer",), {"answer": "ok"}),
    Case("episodes.NoteForm", "ada", "/console/episodes/{episode}", ("body",), {"body": LONG}),
    Case("exchange.SayForm", "ada", "/console/episodes/{episode}/write", ("said",), {"said": LONG}),
    Case("group_form.GroupForm", "cor", "/console/groups/new", NEEDED, GROUP, BAD_GROUP),
    Case("group_form.GroupForm", "cor", "/console/groups/{tuesday}/edit", NEEDED, GROUP, BAD_GROUP),
    Case("hours.HoursForm", "lee", "/console/groups/{tuesday}/hours", None, HOURS, tuple(HOURS)[1:]),
    Case("needs.DoneForm", "cor", "/console/needs/food", ("words",), {"words": LONG}),
    Case("moving.MoveForm", "ada", "/console/people/{wren}/move", ("number",), {"number": "020 7946 0000"}),
    Case("people.TheirsForm", "ada", "/console/people/{rested}/theirs", ("how",), {"how": "guessed"}),
    Case("people.NumberForm", "ada", "/console/people/{wren}/number", ("reason",), {"reason": "bored"}),
    Case("rights.EraseForm", "lee", "/console/people/{wren}/erase", ("alias",), {"alias": "Robin"}),
    Case("rota_add.DutyForm", "lee", "/console/rota/add", ("starts_on", "from_time", "until_time"), DUTY),
    Case("rota.FileForm", "lee", "/console/rota/import", ("file",), {"file": b"\xff\xfe"}),
    Case("hand_over.HandOverForm", "ada", "/console/rota", None, {"turn": "none", "to": "nobody"}),
    Case(
        "search.SearchForm",
        "ada",
        "/console/messages/search",
        ("words",),
        {"words": "x" * 81, "alias": "x" * 41, "since": "yesterday", "until": "soon", "who": "anyone"},
    ),
    Case("session_changes.CancelForm", "lee", "/console/sessions/{evening}/cancel", None, {"reach": "never"}),
    Case(
        "session_changes.MoveForm",
        "lee",
        "/console/sessions/{evening}/move",
        ("day", "at"),
        {"day": "soon", "at": "late", "reach": "never"},
    ),
    Case("sessions.AttendanceForm", "ada", "/console/sessions/{over}/attendance", None, {"came": "nobody"}),
    Case(
        "staff.InviteForm",
        "cor",
        "/console/users/invite",
        ("name", "email", "role"),
        {"name": "x", "email": "me@nhs.net,", "role": "king", "number": "020 7946 0018"},
    ),
    Case("staff.NumberForm", "cor", "/console/users/{bo}", ("number",), {"number": "12"}),
    Case("staff.EmailForm", "cor", "/console/users/{never}", ("email",), {"email": "me@example"}),
    Case(
        "invited.ChooseForm",
        None,
        f"/console/invitation/{CODE}",
        ("password", "again"),
        {"password": "short", "again": "short"},
        ("password",),
    ),
    Case("invited.CodeForm", None, "/console/invitation", ("code",), {"code": "aaaa"}),
    Case(
        "supervising.DateForm",
        "lee",
        "/console/supervision",
        ("day", "at"),
        {"group": "none", "day": "soon", "at": "late"},
    ),
    Case(
        "supervising.ChangeForm",
        "lee",
        "/console/supervision/dates/{supervision}",
        ("day", "at"),
        {"day": "soon", "at": "late", "lead": "nobody"},
    ),
    Case("ways.WayForm", "ada", "/console/ways", ("address",), {"kind": "pigeon", "address": "x" * 255}),
    Case("ways.CodeForm", "ada", "/console/ways/{way}", ("code",), {"code": "12"}),
    Case("writing.WriteForm", "ada", "/console/people/{wren}/write", ("words",), {"words": LONG}),
    Case("sign in", None, "/console/sign-in", ("email", "password"), {"email": "ada", "password": "wrong"}, ()),
    Case("password again", "ada", "/console/password-again", ("password",), {"password": "wrong"}),
    Case("password", "ada", "/console/password", tuple(PASSWORDS), PASSWORDS, ("new_password_confirm",)),
)


@pytest.fixture(scope="module")
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    with here.database.write() as session:
        never = Person(role="facilitator", alias="Never", name="Dr Never", state="staff", created_at=NOW)
        way = Way(
            person_id=here.ids["ada"],
            kind="call",
            address="+447700900201",
            address_index="+447700900201",
            created_at=NOW,
        )
        group = {"group_id": here.ids["tuesday"], "unsure_since": NOW}
        rested, _ = trainee(session, "Rested Wren", "+447700900109", **group)
        session.add_all((never, way, _duty(here), closing_proposed(here)))
        session.flush()
        here.ids |= {"never": never.id, "way": way.id, "rested": rested.id}
    yield here
    here.database.close()


def _duty(here: Stage) -> Duty:
    return Duty(
        person_id=here.ids["ada"], role="first", starts_on=date(2026, 11, 23), from_time=time(0), days=7,
        until_time=time(0), weekly=True, time_zone="Europe/London", created_at=NOW,
    )  # fmt: skip


@pytest.fixture(scope="module")
def browsers(on: Stage) -> dict[str | None, FlaskClient]:
    found = {who: on.browser(who) for who in {case.who for case in CASES}}
    page = on.path("/console/episodes/{episode}")
    press(found["ada"], page, f"{page}/gate/open")
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.form} {case.page.split('/')[-1]}")
def test_what_is_wrong_is_named_twice_and_what_was_written_is_kept(
    case: Case, on: Stage, browsers: Mapping[str | None, FlaskClient]
) -> None:
    browser, path = browsers[case.who], on.path(case.page)
    form = Seen(browser.get(path).text).form_with(next(iter(case.nonsense)))
    if case.needs is not None:
        _check(_send(browser, path, form, _emptied(form)), {}, case.needs)
    _check(_send(browser, path, form, {**form.values, **case.nonsense}), case.nonsense, case.names)


def _emptied(form: Sent) -> dict[str, Any]:
    """Return what is sent when everything that can be emptied is: a list without an empty choice, say, cannot."""
    left = {}
    for name, values in form.values.items():
        if form.kinds[name] in ("hidden", "radio") or "" not in form.options.get(name, [""]):
            left[name] = values
        elif form.kinds[name] != "checkbox":
            left[name] = [""]
    return left


def _send(browser: FlaskClient, path: str, form: Sent, fields: Mapping[str, Any]) -> Seen:
    data = {name: (BytesIO(value), "rota.csv") if isinstance(value, bytes) else value for name, value in fields.items()}
    if any(isinstance(value, bytes) for value in fields.values()) or "file" in data:
        answer = browser.post(
            (form.action or "").partition("#")[0] or path, data=data, content_type="multipart/form-data"
        )
    else:
        answer = browser.post((form.action or "").partition("#")[0] or path, data=data)
    assert answer.status_code == 200, answer.headers.get("Location")
    return Seen(answer.text)


def _check(page: Seen, written: Mapping[str, Any], wrong: tuple[str, ...]) -> None:
    assert page.title.startswith("Problem: "), page.title
    assert "data-focus" in page.tags["problems-title"] or page.problems
    at = [name.removesuffix("-0") for name, _ in page.problems if name]  # of several answers, the first
    assert sorted(at) == sorted(wrong), page.problems
    assert page.problems
    for name, said in page.problems:
        assert said.endswith((".", "?")), said
        assert not OWN_WORDS.search(said), said
        if name:
            assert name in page.tags
            _is_named_at_its_field(page, name.removesuffix("-0"), said)
    for name, value in written.items():
        _is_kept(page, name, value)


def _is_named_at_its_field(page: Seen, name: str, said: str) -> None:
    there = page.tags[name]  # where the link leads
    assert f"{name}-error" in there.get("aria-describedby", "").split(), there
    assert " ".join(page.words[f"{name}-error"].split()) == said
    fields = page.named.get(name, [])
    group = fields and fields[0].get("type") in ("radio", "checkbox")
    assert group or there.get("aria-invalid") == "true", there


def _is_kept(page: Seen, name: str, value: Any) -> None:
    form = page.form_with(name)
    kind = form.kinds[name]
    if kind in ("password", "file", "radio", "checkbox") or name in form.options or not value.strip():
        return  # cannot be kept, or is no choice that there is
    assert form.values[name][0].casefold() == value.strip().casefold(), name


def test_the_table_names_every_form() -> None:
    for module in pkgutil.iter_modules(console.__path__):
        importlib.import_module(f"companion.console.{module.name}")
    known = {f"{each.__module__.split('.')[-1]}.{each.__name__}" for each in Form.__subclasses__()}
    assert known <= {case.form for case in CASES}


def test_a_page_that_was_open_for_too_long_gives_back_what_was_written(
    on: Stage, browsers: Mapping[str | None, FlaskClient]
) -> None:
    form = {"words": "Something long that nobody wants to write again", "csrf_token": "old", "step": "preview"}
    answer = browsers["ada"].post(on.path("/console/people/{wren}/write"), data=form)
    assert answer.status_code == 400
    assert "was open for too long" in answer.text
    assert form["words"] in answer.text
    assert form["words"] not in on.browser().post(on.path("/console/people/{wren}/write"), data=form).text
