"""Cohorts, sources and posters, settings and the audit as a file, in the console; and from the phones' side."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from companion.console.settings_page import sections
from companion.console.words import all_named
from companion.models import AuditEntry, JoinSource, Person
from companion.settings import Settings
from tests.console_logins import hidden, signed_in
from tests.console_people import CANARY
from tests.console_stage import Stage, press, stage
from tests.databases import NewDatabase
from tests.world import World

NEW = "/console/cohorts/new"


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    yield here
    here.database.close()


def test_a_cohort_made_in_the_console_is_joined_by_text_and_its_source_is_counted(world: World) -> None:
    cor = signed_in(world, "coordinator")
    form = {"code": "paeds", "name": "Paediatrics", "nation": "wales", "weekday": "2", "at": "18:30"}
    assert "at 6:30pm" not in cor.get("/console/cohorts").text
    assert "neither" in press(cor, NEW, NEW, **form, quiet_from="22:00", quiet_until="").text
    press(cor, NEW, NEW, **form)
    assert "already" in press(cor, NEW, NEW, **form).text
    assert "on Wednesday at 6:30pm" in cor.get("/console/cohorts").text
    assert "mistake them" in press(cor, "/console/cohorts", "/console/sources", code="ROOM1", name="Room 1").text
    assert "already" in press(cor, "/console/cohorts", "/console/sources", code="PAEDS", name="Room").text
    press(cor, "/console/cohorts", "/console/sources", code="mess", name="Poster in the mess")

    asha, ben = world.talker(), world.talker("+447700900102")
    asha.texts("JOIN PAEDS MESS")
    asha.hears("Paediatrics")
    asha.ignores()
    asha.texts("YES")
    asha.ignores()
    ben.texts("Join paeds")
    ben.ignores()
    with world.database.read() as session:
        source = session.scalars(select(JoinSource)).one()
        found = session.scalars(select(Person.source_id).where(Person.role == "trainee").order_by(Person.created_at))
        assert set(found) == {source.id, None}


def test_a_changed_cohort_is_in_the_audit_and_an_old_page_changes_nothing(on: Stage) -> None:
    cor, page = on.browser("cor"), on.path("/console/cohorts/{cohort}")
    given = {"code": "ICU", "nation": "england", "weekday": "0", "at": "18:00", "is_open": "yes"}
    stamp = hidden(cor.get(page).text, "stamp")
    press(cor, page, page, **given, name="Critical care", stamp=stamp)
    late = press(cor, page, page, **given, name="Something else", stamp=stamp).text
    assert "Somebody else changed this while your page was open" in late
    assert 'value="Something else"' in late
    with on.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "cohort changed")).all()
    assert [entry.details for entry in entries] == [{"name": ["Intensive care", "Critical care"]}]
    assert "name: Intensive care, now Critical care" in on.browser("lee").get("/console/settings").text


def test_a_poster_says_what_it_must(on: Stage) -> None:
    text = on.browser("ada").get(on.path("/console/cohorts/{cohort}/poster?source=MESS")).text
    poster = text.split("<article")[1].split("</article>")[0]
    for words in ("JOIN ICU MESS", "07700 900000", "not by your employer", "STOP", "call 999", "116 123", "/privacy"):
        assert words in poster, words
    for words in ("mental health", "NHS", "BMA", "<script"):
        assert words not in poster
    assert poster.count("data:image/svg+xml") == 1  # there is no WhatsApp sender on this stage


def test_settings_show_what_they_mean_and_no_secret(on: Stage) -> None:
    settings = on.services.settings
    text = on.browser("cor").get("/console/settings").text
    for secret in (settings.secret_key, *settings.encryption_keys, *settings.twilio_auth_token):
        assert secret not in text
    assert "Set, not shown" in text
    shown = [each.name.lower() for _, found in sections(settings) for each in found]
    assert sorted(shown) == sorted(Settings.model_fields)
    assert set(all_named("settings")) == set(Settings.model_fields)  # a coordinator cannot look a meaning up elsewhere
    mail = settings.model_copy(update={"smtp_url": "smtp://companion:hidden@mail.example.org:587"})
    assert not [each for _, found in sections(mail) for each in found if "hidden" in each.value]


def test_staff_are_listed_by_what_they_are_called(on: Stage) -> None:
    """Whatever alias stands behind a name: "Zoe Amis" goes by it, and comes first."""
    with on.database.write() as session:
        session.get_one(Person, on.ids["lee"]).name = "de Amis"
        session.get_one(Person, on.ids["lee"]).alias = "Zoe"
    page = on.browser("aud").get("/console/audit").text
    listed = re.findall(r"<option value=\"[0-9a-f-]+\"[^>]*>([^<]+)<", page)
    assert "de Amis" in listed
    assert listed == sorted(listed, key=str.casefold)


def test_the_audit_is_filtered_and_taken_by_an_auditor(on: Stage) -> None:
    lee, aud = on.browser("lee"), on.browser("aud")
    lee.get(on.path("/console/messages/{wren}"))
    page = f"/console/audit?action=conversation+read&who={on.ids['lee']}&since=2026-11-24&until=2026-11-24"
    rows = aud.get(page).text.split("<tbody>")[1].split("</tbody>")[0]
    assert rows.count("<tr>") == 1
    assert "Nothing fits." in aud.get(page.replace("2026-11-24", "2026-11-23")).text
    file = aud.get("/console/audit.csv?action=conversation+read")
    assert file.mimetype == "text/csv"
    assert file.data.startswith(b"\xef\xbb\xbfwhen (UTC),who,what,about,details")  # with the mark that Excel needs
    assert file.text.splitlines()[1].startswith("2026-11-24T02:30:00+00:00,Dr Lee,Read someone's texts,Wren")
    assert CANARY not in aud.get("/console/audit.csv").text
    assert "Downloaded the audit as a file" in aud.get("/console/audit").text
