"""What the service says and how it reads: texts as on a phone, a sentence tried out, the places that help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from flask import render_template, request
from flask.typing import ResponseReturnValue
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from companion.console.desk import COORDINATOR, EVERYONE, LEAD, allow, desk, me, now, pages
from companion.console.fields import Form
from companion.console.words import named
from companion.content.catalogue import Catalogue
from companion.content.wording import Kind, Wording
from companion.escalation.routes import routed, routes_here
from companion.escalation.watchlist import Match, Verdict, load_watchlist
from companion.messaging.parts import Parts, count
from companion.programme.local_contacts import laid_over
from companion.signposting import Directory, Resource, Shown
from companion.signposting.nations import NATIONS
from companion.signposting.resources import uk_day

SOON = timedelta(days=60)  # a review that is due within these is shown as such
EACH_HAS_THEIR_OWN = ("local-gp", "local-group-facilitator")  # so no programme has one number for it
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Sample:
    """One text as a phone shows it, with its placeholders at their longest values."""

    wording: Wording
    body: str
    cost: Parts

    @property
    def locked(self) -> bool | None:
        """Whether a crisis text is word for word what was signed; None for other kinds."""
        if self.wording.kind != "crisis":
            return None
        return self.wording.signed == self.wording.signature()


@dataclass(frozen=True)
class Piece:
    """A piece of a sentence: `family` is the phrase family that matched there, if one did."""

    words: str
    family: str | None = None


@dataclass(frozen=True)
class Tried:
    """What the service makes of one sentence."""

    verdict: Verdict
    pieces: Sequence[Piece]
    whys: Sequence[tuple[str, str, str]]  # family, the words, why the phrase is on the list
    topics: Sequence[tuple[str, float]]
    reasons: Sequence[str]
    lines: Sequence[str]
    nation: str | None


class TryForm(Form):
    """A sentence to try. It is not kept."""

    text = TextAreaField(
        "What somebody might write",
        validators=[
            InputRequired("Write a sentence to try."),
            Length(max=1600, message="Keep it under 1,600 characters, the longest text there is."),
        ],
    )
    nation = SelectField("They work in", choices=[SelectChoice(each, named("nations", each)) for each in NATIONS])


@pages.get("/content")
@allow(*EVERYONE)
def texts() -> ResponseReturnValue:
    """Show every text of a kind as a phone would."""
    kind = request.args.get("kind", "crisis")
    kind = kind if kind in KINDS else "crisis"
    catalogue = desk().voice.words
    samples = [sample(each, catalogue) for each in catalogue.wordings.values() if each.kind == kind]
    return render_template("console/texts.html", kind=kind, kinds=KINDS, samples=samples)


@pages.route("/content/try", methods=["GET", "POST"])
@allow(*EVERYONE)
def try_text() -> ResponseReturnValue:
    """Say what the watch list and the signposting make of a sentence, and why. Nothing of it is kept."""
    form = TryForm()
    if request.method == "GET":
        form.nation.data = desk().settings.companion_nation
    tried = _try(form.text.data, form.nation.data) if form.validate_on_submit() else None
    return render_template("console/try.html", form=form, tried=tried)


@pages.get("/content/places")
@allow(*EVERYONE)
def places() -> ResponseReturnValue:
    """List the places that help: what is shown of each, until when, and which wait for a contact of one's own."""
    today = uk_day(now())
    found = sorted(_directory().resources, key=lambda each: (each.review_by, each.name))
    return render_template(
        "console/places.html",
        local=[each for each in found if each.publish == "local" and each.id not in EACH_HAS_THEIR_OWN],
        others=[each for each in found if each.publish not in ("local", "hold") or each.id in EACH_HAS_THEIR_OWN],
        held=[each for each in found if each.publish == "hold"],
        today=today,
        soon=today + SOON,
        shown_words=_shown_words,
        may_write=me().role in (LEAD, COORDINATOR),
    )


def sample(wording: Wording, catalogue: Catalogue) -> Sample:
    """Return `wording` at its longest values, with the numbers that are filled in."""
    known = {name: value for name, value in catalogue.standing.items() if name in wording.values and value}
    body = wording.filled({**wording.values, **known})
    return Sample(wording, body, count(body))


def _directory() -> Directory:
    with desk().database.read() as session:
        return laid_over(session, desk().voice.directory)


def _try(text: str, nation: str) -> Tried:
    watch_list, directory = load_watchlist(), _directory()
    verdict = routed(watch_list.read(text), routes_here(desk().database))
    matches = watch_list.find(text)
    reading = directory.read(text)
    answer = directory.find(text, nation, now())
    today = uk_day(now())
    return Tried(
        verdict=verdict,
        pieces=_pieces(text, matches),
        whys=list(dict.fromkeys((m.family, text[m.start : m.end], watch_list.whys.get(m.phrase, "")) for m in matches)),
        topics=[(topic, reading.points.get(topic, 0.0)) for topic in answer.topics],
        reasons=[str(reason) for reason in reading.reasons],
        lines=[line for resource in answer.resources[:6] if (line := resource.line(today))],
        nation=answer.nation,
    )


def _pieces(text: str, matches: Sequence[Match]) -> Sequence[Piece]:
    """Cut the sentence where phrases begin and end; of phrases that overlap the first is marked."""
    pieces: list[Piece] = []
    at = 0
    for match in sorted(matches, key=lambda each: (each.start, -each.end)):
        if match.start < at:
            continue
        pieces += [Piece(text[at : match.start]), Piece(text[match.start : match.end], match.family)]
        at = match.end
    return [piece for piece in (*pieces, Piece(text[at:])) if piece.words]


def _shown_words(resource: Resource) -> str:
    shown = resource.shown(uk_day(now()))
    return {
        Shown.CONTACT: "With its number or address",
        Shown.WEB: "With its web address only",
        Shown.NAME: "By name, with how to find it",
        Shown.NOTHING: "Not at all",
    }[shown]
