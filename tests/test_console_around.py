"""Needs, concerns and supervision in the console."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from companion.models import (
    Broadcast,
    Episode,
    Need,
    NeedAction,
    Note,
    OutboxMessage,
    Person,
    SupervisionDate,
    SupervisionDue,
)
from tests.console_people import NOW
from tests.console_stage import stage, token
from tests.databases import NewDatabase


def test_needs_concerns_and_supervision(sqlite_databases: NewDatabase) -> None:
    on = stage(sqlite_databases())
    with on.database.write() as session:
        session.add(Need(person_id=on.ids["wren"], kind="food", asked_at=NOW))
    cor = on.browser("cor")
    page = cor.get("/console/needs")
    assert "Food and drink" in page.text
    assert "fewer than 5" in page.text
    wrong = cor.post(
        "/console/needs/food", data={"csrf_token": token(page := cor.get("/console/needs/food")), "words": ""}
    )
    assert "Write what was done." in wrong.text
    words = "The canteen is open until 2am from Monday."
    shown = cor.post("/console/needs/food", data={"csrf_token": token(page), "words": words})
    assert "You told us about food and drink. The canteen" in shown.text
    assert "fewer than 5 people" in shown.text
    with on.database.read() as session:
        draft = session.scalars(select(Broadcast).where(Broadcast.state == "draft", Broadcast.audience == "need")).one()
    stamp = shown.text.split('name="shown" value="')[1].split('"')[0]
    form = {"csrf_token": token(shown), "shown": stamp}
    assert cor.post(f"/console/messages/group/{draft.id}/send", data=form).status_code == 302
    with on.database.read() as session:
        assert session.scalars(select(NeedAction.kind)).all() == ["food"]
        assert session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "need_done")).one()
    assert "Nobody has asked" in cor.get("/console/needs").text
    for shows_count in ("/console/messages/group", f"/console/messages/group/{draft.id}", "/console/audit"):
        text = cor.get(shows_count).text  # one person asked: no page may say so
        assert "people: 1" not in text
        assert "1 person" not in text.split("<main")[1].replace("Everyone", "").split("Dr Ada")[0], shows_count
    assert "fewer than 5 people" in cor.get(f"/console/messages/group/{draft.id}").text

    lee = on.browser("lee")
    page = lee.get("/console/supervision")
    assert "Friday 4 December at 2:30am, ICU Tuesday" in page.text
    form = {"csrf_token": token(page), "group": "", "day": "2026-11-20", "at": "18:00"}
    assert "This is over." in lee.post("/console/supervision", data=form).text
    lee.post("/console/supervision", data=form | {"day": "2026-12-02"})
    assert "Wednesday 2 December at 6pm, all facilitators" in lee.get("/console/supervision").text
    with on.database.read() as session:
        assert session.scalars(select(SupervisionDate.lead_id).order_by(SupervisionDate.at)).all() == [
            on.ids["lee"],
            None,
        ]

    ada = on.browser("ada")
    path = on.path("/console/people/{finch}/concern")
    assert ada.get(path).status_code == 404  # of another facilitator's group
    bo = on.browser("bo")
    form = {"csrf_token": token(bo.get(path)), "words": "was very quiet on Thursday"}
    assert "Your concern is raised. Others are being paged." in bo.post(path, data=form, follow_redirects=True).text
    with on.database.read() as session:
        episode = session.scalars(select(Episode).where(Episode.person_id == on.ids["finch"])).one()
        assert episode.raised_by == on.ids["bo"]
        assert session.scalars(select(Note.body).where(Note.episode_id == episode.id)).all() == [form["words"]]
        assert session.get_one(Person, on.ids["finch"]).state == "joined"
    on.database.close()


def test_a_lead_sees_the_episodes_that_somebody_had_since_the_last_supervision(sqlite_databases: NewDatabase) -> None:
    on = stage(sqlite_databases())
    due = {"person_id": on.ids["ada"], "since": NOW}
    with on.database.write() as session:
        episode = session.get_one(Episode, on.ids["episode"])
        episode.state, episode.owner_id, episode.owned_at = "owned", on.ids["ada"], NOW
        session.add(SupervisionDue(session_id=on.ids["over"], **due))
    link = on.path('<a href="/console/episodes/{episode}">Wren, today</a>')
    assert link in on.browser("lee").get("/console/supervision").text
    assert "Wren" not in on.browser("cor").get("/console/supervision").text
    with on.database.write() as session:
        done = {"done_at": NOW + timedelta(minutes=1), "done_by": on.ids["lee"]}
        session.add(SupervisionDue(session_id=on.ids["evening"], **due, **done))
    assert link not in on.browser("lee").get("/console/supervision").text
    on.database.close()
