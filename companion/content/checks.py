"""Reads every text the way a careful editor would, and says what is wrong with it.

The rules: parts at the longest values, the GSM-7 alphabet, plain English, no promise that nobody can keep, nothing
sensitive on a locked screen, no number that is not filled in, no answer that a carrier takes as STOP, crisis texts
equal to their signed wording, and no contact that must not be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

from companion.content.catalogue import HERE, Catalogue, Wording, load_catalogue
from companion.content.crisis import NHS_LINES, crisis_values
from companion.content.readability import readability
from companion.content.reader import ContentError
from companion.messaging.parts import count, gsm_safe, is_gsm7
from companion.signposting import Directory, DirectoryError, load_directory
from companion.signposting.checks import check_resources, find_forbidden

HARDEST_GRADE = 6.0
LONGEST_SENTENCE = 20
CRISIS_PARTS = 4

# A page says that something waits: these slots, and none that could carry what somebody wrote.
_PAGE_VALUES = {"name", "time", "reference", "waiting", "url", "code", "what", "items"}
_FOR_TRAINEES = {"reply", "started", "crisis", "fragment"}
_STARTED = {"started", "page", "notice"}
_NUMBER = re.compile(r"\d(?:[\s-]?\d){2,}")
_STOP_TO_STOP = re.compile(r"\bSTOP (?:to (?:leave|stop)|ends)\b")
_TOLD_TO_SEND = r"\b(?:reply|text|send|answer|say|or)(?: with)? [\"']?({words})\b"


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `line` counts from 1; 0 when it concerns the whole file."""

    file: Path
    line: int
    id: str
    what: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.id}: {self.what}" if self.id else f"{place}: {self.what}"


@dataclass(frozen=True)
class Forbidden:
    """The words of forbidden.yaml, ready to look for; each with the reason why it is not used."""

    everywhere: tuple[tuple[re.Pattern[str], str, str], ...]
    started: tuple[tuple[re.Pattern[str], str, str], ...]
    carrier_stop: tuple[str, ...]


def check_content(overlay: Path | None = None) -> list[Problem]:
    """Check our texts, with those of a deployment's directory laid over them. Never raises for bad content."""
    try:
        catalogue = load_catalogue(overlay)
    except ContentError as error:
        return [_from_error(error)]
    problems = [problem for wording in catalogue.wordings.values() for problem in check_wording(wording)]
    problems += _check_contacts(overlay)
    try:
        directory = load_directory(overlay)
    except DirectoryError as error:
        return [*problems, _from_error(ContentError(str(error)))]
    problems += [Problem(HERE / "resources.yaml", 0, "", sentence) for sentence in check_resources(directory)]
    problems += _check_crisis_set(catalogue, directory)
    problems += _check_examples(catalogue, directory)
    return problems


def check_wording(wording: Wording) -> list[Problem]:
    """Check one text against every rule that needs no other text."""
    rules = (
        _parts,
        _alphabet,
        _reading,
        _words,
        _numbers,
        _carrier_words,
        _signature,
        _page_slots,
        _welsh,
        _crisis_lines,
    )
    return [Problem(wording.file, wording.line, wording.id, what) for rule in rules for what in rule(wording)]


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
    if wording.kind not in _FOR_TRAINEES:
        return
    measured = readability(wording.filled(wording.values))
    if measured.grade > HARDEST_GRADE:
        yield f"is hard to read: grade {measured.grade:g}, at most {HARDEST_GRADE:g}"
    if measured.longest > LONGEST_SENTENCE:
        yield f"has a sentence of {measured.longest} words, at most {LONGEST_SENTENCE}"


def _words(wording: Wording) -> Iterator[str]:
    forbidden = forbidden_words()
    lists = forbidden.everywhere + (forbidden.started if wording.kind in _STARTED else ())
    for text in filter(None, (wording.text, wording.cy)):
        for pattern, word, why in lists:
            if pattern.search(text):
                yield f'says "{word}": {why}'


def _numbers(wording: Wording) -> Iterator[str]:
    for text in filter(None, (wording.text, wording.cy)):
        for found in _NUMBER.findall(text):
            if found != "999":
                yield f"holds the number {found}: numbers are filled in from resources.yaml"


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
        yield _from_error(error)
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


def _check_contacts(overlay: Path | None) -> Iterator[Problem]:
    """Look through every content file for contacts that must not be shown anywhere."""
    for folder in filter(None, (HERE, overlay)):
        for path in sorted(folder.rglob("*.yaml")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if not line.lstrip().startswith(("sha256:", "signed:")):
                    yield from (Problem(path, number, "", sentence) for sentence in find_forbidden(line))


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


def _from_error(error: ContentError) -> Problem:
    found = re.match(r"(?P<file>[^:]+):(?:(?P<line>\d+):)? (?P<what>.*)", str(error), re.DOTALL)
    if found is None:
        return Problem(HERE, 0, "", str(error))
    return Problem(Path(found["file"]), int(found["line"] or 0), "", found["what"])
