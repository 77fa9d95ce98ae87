"""Reads every text the way a careful editor would, and says what is wrong with it.

The rules: parts at the longest values, the GSM-7 alphabet, plain English, no promise that nobody can keep, nothing
sensitive on a locked screen, no number that is not filled in, no answer that a carrier takes as STOP, crisis texts
equal to their signed wording, a Welsh for all that trainees see, and no contact that must not be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

from companion.content.catalogue import HERE, WELSH, Catalogue, Wording, load_catalogue
from companion.content.crisis import NHS_LINES, crisis_values
from companion.content.files import Problem, forbidden_contacts, line_of, unreadable
from companion.content.orders import read_orders
from companion.content.readability import readability
from companion.content.reader import ContentError
from companion.content.sayings import StaffSayings, TraineeSayings, WeighedWords, read_sayings
from companion.messaging.parts import count, gsm_safe, is_gsm7
from companion.signposting import Directory, DirectoryError, load_directory
from companion.signposting.checks import ADDRESS, check_resources, shipped_forbidden

HARDEST_GRADE = 6.0
LONGEST_SENTENCE = 20
LONGEST_TITLE = 34  # characters, as of a topic's English title
CRISIS_PARTS = 4

# A page says that something waits: these slots, and none that could carry what somebody wrote.
_PAGE_VALUES = {"name", "time", "reference", "waiting", "url", "code", "what", "items"}
FOR_TRAINEES = {"reply", "started", "crisis", "fragment"}
_STARTED = {"started", "page", "notice"}
_NUMBER = re.compile(r"\d(?:[\s-]?\d){2,}")
_STOP_TO_STOP = re.compile(r"\bSTOP (?:to (?:leave|stop)|ends)\b")
_TOLD_TO_SEND = r"\b(?:reply|text|send|answer|say|or)(?: with)? [\"']?({words})\b"


@dataclass(frozen=True)
class Forbidden:
    """The words of forbidden.yaml, ready to look for; each with the reason why it is not used."""

    everywhere: tuple[tuple[re.Pattern[str], str, str], ...]
    started: tuple[tuple[re.Pattern[str], str, str], ...]
    carrier_stop: tuple[str, ...]


def check_content(overlay: Path | None = None, today: date | None = None, ours: Path = HERE) -> list[Problem]:
    """Check our texts, with those of a deployment's directory laid over them. Never raises for bad content.

    With `today` (a day in the United Kingdom), contacts past their review date are found too. `ours` may be a copy of
    our content.
    """
    folders = [ours, overlay] if overlay else [ours]
    broken = [problem for folder in folders for problem in unreadable(folder)]
    if broken:
        return broken
    files = (path for folder in folders for path in sorted(folder.rglob("*.yaml")))
    problems = [*forbidden_contacts(files, shipped_forbidden(ours)), *_check_said(ours)]
    try:
        catalogue = load_catalogue(overlay, ours)
    except ContentError as error:
        return [*problems, _from_error(error, folders)]
    for wording in catalogue.wordings.values():
        problems += check_wording(wording)
        if wording.cy is None and wording.kind in FOR_TRAINEES and ours in wording.file.parents:
            what = f"has no Welsh: add it to {WELSH}, of: {wording.version}"
            problems.append(Problem(wording.file, wording.line, wording.id, what))
    try:
        directory = load_directory(overlay, ours)
    except DirectoryError as error:
        return [*problems, _from_error(error, folders)]
    problems += [_of_resource(sentence, folders) for sentence in check_resources(directory, today)]
    problems += _check_crisis_set(catalogue, directory)
    problems += _check_titles(catalogue, ours)
    problems += _check_examples(catalogue, directory)
    return problems


def _check_said(ours: Path) -> Iterator[Problem]:
    """Read what code listens for in the texts that people send."""
    readers = (
        lambda: read_sayings(StaffSayings, ours),
        lambda: read_sayings(TraineeSayings, ours),
        lambda: read_sayings(WeighedWords, ours),
        lambda: read_orders(ours),
    )
    for read in readers:
        try:
            read()
        except ContentError as error:
            yield _from_error(error, [ours])


def _check_titles(catalogue: Catalogue, ours: Path) -> Iterator[Problem]:
    """The Welsh of every heading that texts name: of our topics and of needs, no longer than a heading may be."""
    needs = yaml.safe_load((ours / "needs.yaml").read_text(encoding="utf-8"))
    titles = {title for _, title, _ in load_directory(None, ours).menu()} | {kind["title"] for kind in needs.values()}
    for title in sorted(titles - catalogue.titles.keys()):
        yield Problem(ours / WELSH, 1, title, "this title has no Welsh: add it under titles")
    for name, title in catalogue.titles.items():
        if title.at[0].parent == ours and name not in titles:
            yield Problem(*title.at, name, "no topic and no need has this title")
        if len(title.cy) > LONGEST_TITLE:
            yield Problem(*title.at, name, f"its Welsh has {len(title.cy)} characters, more than {LONGEST_TITLE}")


def check_wording(wording: Wording) -> list[Problem]:
    """Check one text, English and Welsh, against every rule that needs no other text."""
    rules = (_parts, _alphabet, _reading, _english, _carrier_words, _signature, _page_slots, _crisis_lines)
    problems = [Problem(wording.file, wording.line, wording.id, what) for rule in rules for what in rule(wording)]
    file, line = wording.cy_at or (wording.file, wording.line)
    return problems + [Problem(file, line, wording.id, what) for what in _welsh(wording)]


@lru_cache(maxsize=1)
def forbidden_words() -> Forbidden:
    """Read forbidden.yaml."""
    data = yaml.safe_load((HERE / "forbidden.yaml").read_text(encoding="utf-8"))
    return Forbidden(_patterns(data["everywhere"]), _patterns(data["started"]), tuple(data["carrier_stop"]))


def _patterns(words: Mapping[str, str]) -> tuple[tuple[re.Pattern[str], str, str], ...]:
    return tuple(
        (
            re.compile(r"(?<!\w)" + re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") + r"(?!\w)", re.I),
            word,
            why,
        )
        for word, why in words.items()
    )


def _parts(wording: Wording) -> Iterator[str]:
    cost = count(wording.filled(wording.values))
    if cost.parts > wording.parts:
        yield f"costs {cost.parts} parts at its longest values ({cost.units} {cost.encoding}), not {wording.parts}"
    most = {"page": 1, "crisis": CRISIS_PARTS}.get(wording.kind, 2)
    if wording.parts > most:
        yield f"says it may cost {wording.parts} parts, but a {wording.kind} text may cost {most}"


def _alphabet(wording: Wording) -> Iterator[str]:
    if not is_gsm7(wording.text):
        odd = sorted({mark for mark in wording.text if not is_gsm7(mark)})
        hint = " (a plain quote or hyphen will do)" if is_gsm7(gsm_safe(wording.text)) else ""
        yield f"has {' '.join(odd)}, which is not in the GSM-7 alphabet and makes the text cost double{hint}"
    if "!" in wording.text:
        yield "has an exclamation mark"


def _reading(wording: Wording) -> Iterator[str]:
    if wording.kind not in FOR_TRAINEES:
        return
    measured = readability(wording.filled(wording.values))
    if measured.grade > HARDEST_GRADE:
        yield f"is hard to read: grade {measured.grade:g}, at most {HARDEST_GRADE:g}"
    if measured.longest > LONGEST_SENTENCE:
        yield f"has a sentence of {measured.longest} words, at most {LONGEST_SENTENCE}"


def _english(wording: Wording) -> Iterator[str]:
    yield from _words(wording.text, wording.kind)


def _words(text: str, kind: str) -> Iterator[str]:
    forbidden = forbidden_words()
    for pattern, word, why in forbidden.everywhere + (forbidden.started if kind in _STARTED else ()):
        if pattern.search(text):
            yield f'says "{word}": {why}'
    for found in _NUMBER.findall(text):
        if found != "999":
            yield f"holds the number {found}: numbers are filled in from resources.yaml"
    for found in ADDRESS.findall(text):
        yield f"holds the address {found}: addresses are filled in, those of places from resources.yaml"


def _carrier_words(wording: Wording) -> Iterator[str]:
    rest = _STOP_TO_STOP.sub("", wording.text)
    for word in forbidden_words().carrier_stop:
        told = re.search(_TOLD_TO_SEND.format(words=word), rest, re.IGNORECASE)
        if told or re.search(rf"\b{word}\b", rest):
            yield f"offers {word} as an answer, which a carrier takes as a wish to stop all texts"


def _signature(wording: Wording) -> Iterator[str]:
    if wording.kind == "crisis" and wording.signed != wording.signature():
        state = "is not signed" if wording.signed is None else "is not the wording that was signed"
        yield f"{state}; when a clinician has agreed to it, set signed: {wording.signature()}"


def _page_slots(wording: Wording) -> Iterator[str]:
    if wording.kind == "page":
        for name in sorted(wording.values.keys() - _PAGE_VALUES):
            yield f"has the slot {{{name}}}: a page has none that could carry what somebody wrote"


def _welsh(wording: Wording) -> Iterator[str]:
    if wording.cy is None:
        return
    yield from _words(wording.cy, wording.kind)
    if wording.signed_cy is not None and wording.welsh is None:
        yield "is not the Welsh that was signed, so the text is sent in English: have it read, or take signed_cy out"
    if wording.cy_of not in (None, wording.version):
        yield f"has changed since its Welsh was made: look at both, then set of: {wording.version} in welsh.yaml"
    cost = count(wording.filled(wording.values, welsh=True))
    if cost.parts > wording.parts or cost.encoding != "GSM-7":
        yield f"costs {cost.parts} parts in Welsh ({cost.units} {cost.encoding}), not {wording.parts}"
    if set(re.findall(r"{(\w+)}", wording.cy)) != set(re.findall(r"{(\w+)}", wording.text)):
        yield "has other values in Welsh than in English"


def _crisis_lines(wording: Wording) -> Iterator[str]:
    if wording.kind == "crisis" and wording.id != "crisis_2":
        for name in ("emergency", "samaritans", "shout"):
            if f"{{{name}}}" not in wording.text:
                yield f"leaves out {{{name}}}: every crisis text has 999 and somebody to talk to, by phone and by text"


def _check_crisis_set(catalogue: Catalogue, directory: Directory) -> Iterator[Problem]:
    """Check the crisis reply as it is sent, for each nation, with the real numbers."""
    wording = catalogue.wording("crisis_2")
    try:
        standing = crisis_values(directory, date.min)
    except ContentError as error:
        yield _from_error(error, ())
        return
    catalogue = catalogue.with_standing(**standing)
    for nation in (*NHS_LINES, None):
        line = catalogue.nhs_line(nation, standing.get(f"nhs_{nation}", ""))
        texts = (
            catalogue.render("crisis_1"),
            catalogue.render("crisis_2", nhs_line=line, cover=catalogue.wording("crisis_2").values["cover"]),
        )
        cost = sum(count(text.body).parts for text in texts)
        if cost > CRISIS_PARTS:
            what = f"the crisis reply for {nation or 'an unknown nation'} costs {cost} parts, at most {CRISIS_PARTS}"
            yield Problem(wording.file, wording.line, wording.id, what)


def _check_examples(catalogue: Catalogue, directory: Directory) -> Iterator[Problem]:
    """Check that no real value is longer than the longest one in the table, by which the parts are counted."""
    days = (date.min, date.max)  # with every number shown, and with every number out of date
    longest = sorted({resource.line(day) for resource in directory.resources for day in days}, key=len, reverse=True)
    wordings = catalogue.wordings.values()
    real = {
        "resource_line": longest[0],
        "lines": "\n".join(longest[:2]),
        "what": max((wording.text for wording in wordings if wording.id.startswith("alarm_")), key=len),
        "cover": max((w.filled(w.values) for w in wordings if w.id.startswith("cover_")), key=len),
        "nhs_line": max((w.filled(w.values) for w in wordings if w.id.startswith("nhs_line_")), key=len),
    }
    for wording in wordings:
        for name in real.keys() & wording.values.keys():
            if count(real[name]).units > count(wording.values[name]).units:
                what = f"the longest {{{name}}} in the table is too short: there is a longer one, {real[name]!r}"
                yield Problem(wording.file, wording.line, wording.id, what)


def _of_resource(sentence: str, folders: Sequence[Path]) -> Problem:
    """Place a sentence that begins with the id of a resource at its line, in the folder that was laid on last."""
    entry, _, what = sentence.partition(": ")
    for folder in reversed(folders):
        if line := line_of(folder / "resources.yaml", entry):
            return Problem(folder / "resources.yaml", line, entry, what)
    return Problem((folders or [HERE])[0] / "resources.yaml", 0, "", sentence)


def _from_error(error: ValueError, folders: Sequence[Path]) -> Problem:
    found = re.match(r"(?P<file>[^:]+\.yaml):(?:(?P<line>\d+):)? (?P<what>.*)", str(error), re.DOTALL)
    if found is None:
        return _of_resource(str(error), folders)
    file, what = Path(found["file"]), found["what"]
    return Problem(file, int(found["line"] or 0) or line_of(file, what.partition(":")[0]), "", what)
