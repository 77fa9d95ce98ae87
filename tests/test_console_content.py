"""Reading what the service says, and trying a sentence on it, in the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from companion.models import AuditEntry
from tests.console_stage import Stage, press, stage
from tests.databases import NewDatabase

TRY = "/console/content/try"


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases(), empty=True)
    yield here
    here.database.close()


def test_texts_stand_there_as_on_a_phone_with_their_parts_and_locks(on: Stage) -> None:
    browser = on.browser("cor")
    text = browser.get("/console/content?kind=crisis").text
    assert "116 123" in text
    assert "Locked: not a word has changed" in text
    assert "not word for word" not in text
    assert "{" not in text.split("<main")[1].split("</main>")[0]
    assert "2 parts, " in browser.get("/console/content?kind=started").text
    assert "Crisis" in browser.get("/console/content?kind=nonsense").text


def test_a_sentence_is_tried_with_the_reasons_and_kept_nowhere(on: Stage) -> None:
    browser = on.browser("ada")
    text = press(browser, TRY, TRY, text="Some days I want to die. I can't sleep", nation="wales").text
    assert "<mark>I want to die</mark>" in text
    assert "facilitators are paged" in text
    assert "<b>sleep</b>" in text
    plain = press(browser, TRY, TRY, text="what time is it", nation="england").text
    assert "does not mean that whoever writes so is safe" in plain
    assert '<a href="#text">' in press(browser, TRY, TRY, nation="england").text
    with on.database.read() as session:
        assert "tried" not in str(session.scalars(select(AuditEntry.action)).all())


def test_places_say_what_is_shown_until_when_and_what_is_left_to_fill_in(on: Stage) -> None:
    text = on.browser("lee").get("/console/content/places").text
    assert "not filled in yet." in text
    assert "With its number or address. Review by " in text
    assert "Samaritans" in text
