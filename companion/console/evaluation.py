"""Evaluation: figures about the programme as tables with a bar beside each count, a report to print, and a file."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from companion.console.desk import COORDINATOR, LEAD, allow, desk, my_id, now, pages
from companion.models import Person, record
from companion.programme.figures import LEAST, Table, as_csv, tables
from companion.spreadsheet import ENCODING


@pages.get("/evaluation")
@allow(LEAD, COORDINATOR)
def evaluation() -> ResponseReturnValue:
    """Show the figures for those who run the programme."""
    with desk().database.write() as session:
        found = tables(session, "inside", now())
    return render_template("console/evaluation.html", tables=found, bars=bars, least=LEAST["inside"], report=False)


@pages.get("/evaluation/report")
@allow(LEAD, COORDINATOR)
def report() -> ResponseReturnValue:
    """Show the figures as they may leave the programme, to print."""
    with desk().database.write() as session:
        found = tables(session, "outside", now())
    return render_template("console/evaluation.html", tables=found, bars=bars, least=LEAST["outside"], report=True)


@pages.get("/evaluation.csv")
@allow(LEAD, COORDINATOR)
def figures_file() -> ResponseReturnValue:
    """Download the figures as they may leave the programme. That they were taken is in the audit."""
    with desk().database.write() as session:
        found = tables(session, "outside", now())
        record(session, now(), "figures taken", session.get_one(Person, my_id()), actor=my_id())
    headers = {"Content-Disposition": f"attachment; filename=figures-{now():%Y-%m-%d}.csv"}
    return Response(as_csv(found, now()).encode(ENCODING), mimetype="text/csv", headers=headers)


def bars(table: Table) -> dict[tuple[int, int], int]:
    """Return how long each bar of a table is, in percent of its longest, by row and column (from 0).

    What is suppressed has no bar, nor has what is not drawn; a count that is not nought has one that can be seen.
    """
    drawn = {
        (row, column): cell
        for row, cells in enumerate(table.rows)
        for column in table.charted
        if isinstance(cell := cells[column], int)
    }
    longest = max(drawn.values(), default=0)
    return {at: max(1, round(100 * count / longest)) for at, count in drawn.items() if count}
