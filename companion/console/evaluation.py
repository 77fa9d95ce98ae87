"""Evaluation: figures about the programme as charts with their tables, a report to print, and a file."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache

import pygal
from flask import Response, render_template
from flask.typing import ResponseReturnValue
from pygal.style import Style

from companion.console.desk import COORDINATOR, LEAD, allow, desk, my_id, now, pages
from companion.models import Person, record
from companion.programme.figures import LEAST, Table, as_csv, tables

_STYLE = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#17211f",
    foreground_strong="#17211f",
    foreground_subtle="#4d5a58",
    font_family="system-ui, sans-serif",
    label_font_size=14,
    major_label_font_size=14,
    legend_font_size=14,
    # Told apart by lightness too, for eyes and printers that see no colours.
    colors=("#073f3d", "#7fb8b3", "#b86e00"),
)


@pages.get("/evaluation")
@allow(LEAD, COORDINATOR)
def evaluation() -> ResponseReturnValue:
    """Show the figures for those who run the programme."""
    with desk().database.write() as session:
        found = tables(session, "inside", now())
    return render_template("console/evaluation.html", tables=found, chart=chart, least=LEAST["inside"], report=False)


@pages.get("/evaluation/report")
@allow(LEAD, COORDINATOR)
def report() -> ResponseReturnValue:
    """Show the figures as they may leave the programme, to print."""
    with desk().database.write() as session:
        found = tables(session, "outside", now())
    return render_template("console/evaluation.html", tables=found, chart=chart, least=LEAST["outside"], report=True)


@pages.get("/evaluation.csv")
@allow(LEAD, COORDINATOR)
def figures_file() -> ResponseReturnValue:
    """Download the figures as they may leave the programme. That they were taken is in the audit."""
    with desk().database.write() as session:
        found = tables(session, "outside", now())
        record(session, now(), "figures taken", session.get_one(Person, my_id()), actor=my_id())
    headers = {"Content-Disposition": f"attachment; filename=figures-{now():%Y-%m-%d}.csv"}
    return Response(as_csv(found, now()), mimetype="text/csv", headers=headers)


@lru_cache(maxsize=64)  # figures of months that are over do not change, and drawing takes longer than counting
def chart(table: Table) -> str | None:
    """Return the chart of a table in a `data:` address, or None when there is nothing to draw.

    It is a picture: no script, and what is suppressed is a gap.
    """
    drawn = [[row[at] if isinstance(row[at], int) else None for row in table.rows] for at in table.charted]
    if not any(value for column in drawn for value in column):
        return None
    bars = pygal.HorizontalBar if len(table.rows) <= 6 else pygal.Bar
    made = bars(
        style=_STYLE,
        js=(),
        width=760,
        height=420,
        x_label_rotation=35 if bars is pygal.Bar else 0,
        legend_at_bottom=True,
        show_legend=len(drawn) > 1,
        truncate_legend=-1,
        truncate_label=-1,
        include_x_axis=True,
        disable_xml_declaration=True,
        print_values=False,
    )
    made.x_labels = [str(row[0]) for row in table.rows]
    for at, column in zip(table.charted, drawn, strict=True):
        made.add(table.columns[at], column)
    return f"data:image/svg+xml;base64,{b64encode(made.render().encode()).decode()}"
