"""Questions that got no good answer, for those who keep the words, and how often what was sent was needed."""

from __future__ import annotations

import uuid

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from companion.console.desk import COORDINATOR, LEAD, allow, desk, my_id, now, pages
from companion.models import HelpTally, Question, record

MOST = 100


@pages.get("/questions")
@allow(LEAD, COORDINATOR)
def questions() -> ResponseReturnValue:
    """List the questions of the last 30 days that nobody has looked at, the newest first."""
    with desk().database.read() as session:
        waiting = session.scalars(
            select(Question).where(Question.settled_at.is_(None)).order_by(Question.day.desc(), Question.id).limit(MOST)
        ).all()
        tallies = session.scalars(select(HelpTally).order_by(HelpTally.month.desc(), HelpTally.topic).limit(MOST)).all()
    return render_template("console/questions.html", waiting=waiting, tallies=tallies)


@pages.post("/questions/<uuid:question_id>/done")
@allow(LEAD, COORDINATOR)
def question_done(question_id: uuid.UUID) -> ResponseReturnValue:
    """Take a question off the list."""
    with desk().database.write() as session:
        question = session.get(Question, question_id)
        if question is None:
            abort(404)
        if question.settled_at is None:
            question.settled_at = now()
            record(session, now(), "question looked at", question, actor=my_id())
    return redirect(url_for("console.questions"))
