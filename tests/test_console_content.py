"""Reading what the service says, and trying a sentence on it, in the console."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.models import AuditEntry
from tests.console_stage import Stage, press, stage
from tests.databases import NewDatabase

TRY = "/console/content/try"
ASKED = "what is the number of occupational health"  # a question: whoever has an open episode is answered too


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
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
    assert "sent the crisis numbers alone" in text
    assert "The first two places are sent" not in text
    slept = press(browser, TRY, TRY, text="I can't sleep", nation="wales").text
    assert "The first two places are sent" in slept
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
    assert "(Scotland) (Scotland)" not in text
    own = text.partition("Your own contacts")[2].partition("</ul>")[0]
    assert "Occupational health" in own
    assert "Your own GP" not in own  # each has another, so no programme fills it in
    assert "Your own GP" in text


def test_a_contact_of_ones_own_is_written_here_and_sent_within_a_minute(on: Stage) -> None:
    page = "/console/content/places/local-occupational-health"
    browser, number = on.browser("cor"), "0113 496 0456"
    assert "Occupational health" in texted(on, ASKED)
    assert number not in texted(on, ASKED)
    written = {"phone": number, "web": "https://oh.example.org/", "hours": "Mon-Fri 8am-4pm", "review_by": "2027-05-01"}
    stamp = re.search(r'name="stamp"[^>]*value="(\w+)"', browser.get(page).text)
    assert stamp
    press(browser, page, page, **written, stamp=stamp[1])
    assert f"{number}, Mon-Fri 8am-4pm" in browser.get("/console/content/places").text
    on.clock.advance(timedelta(minutes=1))
    assert f"{number}, Mon-Fri 8am-4pm." in texted(on, ASKED)
    on.clock.advance(timedelta(days=200))  # nobody looked again
    assert "oh.example.org" in texted(on, ASKED)
    assert number not in texted(on, ASKED)
    assert 'value="2027-12-' in on.browser("cor").get(page).text  # a day still to come is offered

    stale = press(on.browser("lee"), page, page, **{**written, "review_by": "2027-12-01"}, stamp=stamp[1]).text
    assert "Somebody else changed this" in stale
    press(on.browser("lee"), page, f"{page}/out")
    on.clock.advance(timedelta(minutes=1))
    assert "oh.example.org" not in texted(on, ASKED)
    with on.database.read() as session:
        kept = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("local contact"))).all()
        assert [entry.action for entry in kept] == ["local contact kept", "local contact taken out"]
        assert number not in str([entry.details for entry in kept])


def test_a_contact_that_would_not_fit_or_must_not_be_published_is_refused(on: Stage) -> None:
    page = "/console/content/places/psu-england"
    browser = on.browser("cor")
    long = {"web": f"intranet.example.org/{'a' * 160}", "review_by": "2027-05-01"}
    assert "more than the 160 of one text" in press(browser, page, page, **long).text
    assert (
        "Choose a day that is still to come."
        in press(browser, page, page, web="oh.example.org", review_by="2026-11-24").text
    )
    assert browser.get("/console/content/places/samaritans").status_code == 404


def texted(on: Stage, body: str) -> str:
    """What the service answers a trainee."""
    form = {"MessageSid": f"SM{uuid.uuid4().hex}", "From": "+447700900101", "To": "+447700900000", "Body": body}
    return on.services.inbox.receive(form)
