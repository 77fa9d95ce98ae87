"""Every fault that `companion content check` is there for, planted in a copy of the project: it is found, and where.

All that can be found side by side is planted at once, each in a text or entry of its own, and the check must say
exactly these; what keeps a file from being loaded is planted alone.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from companion.content.catalogue import HERE
from companion.content.cli import content
from companion.signposting.checks import forbidden_entry

DAY = "2026-12-01"
SECRET = "07700 900321"  # stands for a number that must not be published, in the copy alone
Fault = tuple[str, str, Callable[[str], str], str]  # file, the words whose line is named, the fault, what is said


def reword(text_id: str, text: str) -> Callable[[str], str]:
    """Give a text other words."""

    def plant(file: str) -> str:
        found = re.search(rf"(?m)^  {text_id}:\n(?:    .*\n|\n)*?(?P<words>    text:.*\n(?:      .*\n)*)", file)
        assert found is not None, text_id
        return file[: found.start("words")] + f'    text: "{text}"\n' + file[found.end("words") :]

    return plant


def swap(old: str, new: str, *after: str) -> Callable[[str], str]:
    """Put `new` in the place of the first `old` that comes after all of `after`."""

    def plant(file: str) -> str:
        at = file.index(old, max((file.index(words) for words in after), default=0))
        return file[:at] + new + file[at + len(old) :]

    return plant


def of(entry: str, field: str, value: str) -> Callable[[str], str]:
    """Give an entry of resources.yaml another value in a field that it has."""

    def plant(file: str) -> str:
        begins = file.index(f"- id: {entry}\n")
        return file[:begins] + re.sub(rf"(?m)^(    {field}:).*$", rf"\1 {value}", file[begins:], count=1)

    return plant


def add(words: str) -> Callable[[str], str]:
    return lambda file: f"{file}\n{words}\n"


def without(text_id: str) -> Callable[[str], str]:
    """Take an entry out of welsh.yaml."""
    return lambda file: re.sub(rf"(?m)^  {text_id}:\n(?:    .*\n)+", "", file)


HARD = "Organisational considerations necessitate additional documentation."
TEXTS, WELSH, PLACES = "companion/content/texts/", "companion/content/welsh.yaml", "companion/content/resources.yaml"
STAFF, TRAINEES = "companion/content/said_by_staff.yaml", "companion/content/said_by_trainees.yaml"
WEIGHED = "companion/content/weighed_words.yaml"
ORDERS = "companion/content/orders.yaml"
PROMPTS, TOPICS = "companion/content/prompts.yaml", "companion/content/topics.yaml"
SIDE_BY_SIDE: list[Fault] = [
    (TEXTS + "help.yaml", "  thanks:", reword("thanks", "You are welcome. " * 25), "costs 3 parts"),
    (TEXTS + "staff.yaml", "  page:", reword("page", "Now. " * 50), "costs 2 parts"),
    (TEXTS + "checkins.yaml", "  survey_thanks:", reword("survey_thanks", "That’s it."), "has ’, which is not in"),
    (TEXTS + "checkins.yaml", "  survey_words:", reword("survey_words", HARD), "is hard to read: grade"),
    (TEXTS + "checkins.yaml", "  survey_shared:", reword("survey_shared", "so " * 21), "has a sentence of 21 words"),
    (TEXTS + "checkins.yaml", "  checkin_thanks:", reword("checkin_thanks", "We call immediately."), '"immediately"'),
    (TEXTS + "weekly.yaml", "  weeks_none:", reword("weeks_none", "A cry for help."), 'says "cry for help"'),
    (PROMPTS, "  checkin_week:", reword("checkin_week", "{name}: mood?"), 'says "mood*": sensitive on a locked screen'),
    (TEXTS + "staff.yaml", "  pages:", reword("pages", "He is suicidal."), 'says "suicid*": sensitive'),
    (
        TEXTS + "weekly.yaml",
        "  checkin_usual:",
        reword("checkin_usual", "Call 0800 1111."),
        "holds the number 0800 1111",
    ),
    (
        TEXTS + "weekly.yaml",
        "  checkin_how:",
        reword("checkin_how", "See mind.org.uk."),
        "holds the address mind.org.uk",
    ),
    (TEXTS + "help.yaml", "  too_early:", reword("too_early", "Write to jo@example.com."), "address jo@example.com"),
    (TEXTS + "help.yaml", "  feedback_thanks:", reword("feedback_thanks", "Reply CANCEL if not."), "offers CANCEL"),
    (
        TEXTS + "crisis.yaml",
        "  crisis_1:",
        swap("Thank you", "Thanks", "  crisis_1:"),
        "is not the wording that was signed",
    ),
    (TEXTS + "leaving.yaml", "  paused:", swap("  paused:", "  paused:"), "has no Welsh: add it to welsh.yaml, of: "),
    (WELSH, "", without("paused"), ""),
    (WELSH, "  booked:", swap("    cy: >-\n", "    cy: >-\n      116 123\n", "  booked:"), "holds the number 116 123"),
    (
        WELSH,
        "  crisis_again:",
        swap("    cy:", "    signed_cy: x\n    cy:", "  crisis_again:"),
        "not the Welsh that was",
    ),
    (PLACES, "- id: samaritans\n", swap("116 123", "116 124", "- id: samaritans\n"), "no source of this entry saw"),
    (
        PLACES,
        "- id: emergency-999\n",
        swap("call 999 or", "call 998 or", "id: emergency-999\n"),
        "say holds the number 998, which",
    ),
    (
        PLACES,
        "- id: frontline19\n",
        of("frontline19", "publish", "full"),
        "publish is full, but its confidence is medium",
    ),
    (PLACES, "- id: acas\n", of("acas", "find_it", "ring 0300 123 1100"), "0300 123 1100 when it may not be shown"),
    (PLACES, "- id: protect\n", of("protect", "find_it", "see example.org"), "example.org, which is not this entry's"),
    (PLACES, "- id: gamcare\n", swap("0808 8020 133", "0808 80", "- id: gamcare\n"), "0808 80 is not a number"),
    (PLACES, "- id: drinkline\n", of("drinkline", "review_by", "2026-11-30"), "review date, 2026-11-30, has passed"),
    (TOPICS, SECRET, add(f"# {SECRET}"), "a number that must not be published"),
    ("docs/a.md", "+44 7700", add("Ring +44 7700 900 321."), "a number that must not be published"),
    ("companion/console/a.html", "07700", add("<p>07700900321</p>"), "a number that must not be published"),
    ("tests/test_a.py", "07700", add("ring('07700.900321')"), "a number that must not be published"),
]
ALONE: list[Fault] = [
    (TEXTS + "help.yaml", "  thanks:", reword("thanks", "Hello {nobody}."), "{nobody} is in no table of values"),
    (
        WELSH,
        "  booked:",
        swap("    cy: >-\n", "    cy: >-\n      {nobody}\n", "  booked:"),
        "the Welsh text has {nobody}",
    ),
    (TEXTS + "help.yaml", "  thanks:", swap("kind: reply", "kind: nothing", "  thanks:"), "kind is 'nothing'"),
    (TEXTS + "help.yaml", "  a: b: c", add("  a: b: c"), "is not YAML"),
    (
        PLACES,
        "    publish: again",
        swap("    publish:", "    publish: full\n    publish: again\n    x:", "id: calm\n"),
        "the name 'publish' stands twice",
    ),
    (PLACES, "a: b: c", add("a: b: c"), "is not YAML"),
    (PLACES, "- id: calm\n", of("calm", "publish", "sometimes"), "publish: Input should be"),
    ("companion/content/cohorts.yaml", "a: b: c", add("a: b: c"), "is not YAML"),
    ("companion/content/watchlist/abuse.yaml", "a: b: c", add("a: b: c"), "is not YAML"),
    (STAFF, "aways:", swap("away:", "aways:"), "aways: no code listens for this"),
    (STAFF, "about/for ..20 <nobody>", swap("..20 <somebody>", "..20 <nobody>"), "there is no group 'nobody'"),
    (
        TRAINEES,
        "  unused: |",
        swap("groups:\n", "groups:\n  unused: |\n    x\n"),
        "no phrase uses the group 'unused'",
    ),
    (TRAINEES, "bye/goodbye//leave", swap("goodbye/", "goodbye//"), "a word is missing beside a stroke"),
    (WEIGHED, "dislikes:", swap("wishes:", "dislikes:"), "dislikes: no code listens for this"),
    (ORDERS, "[no, not", swap('["no", not', "[no, not"), "yes and no in quotes"),
    (ORDERS, "passing:", swap("pass:", "passing:"), "'passing' is none of take, pass"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of our content in a project of its own, with one more number that must not be published."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(HERE, root / "companion/content")
    for name in ("pyproject.toml", "docs/a.md", "companion/console/a.html", "tests/test_a.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    hashes = root / "companion/content/do_not_publish.yaml"
    hashes.write_text(hashes.read_text() + forbidden_entry(SECRET))
    return root


def plant(root: Path, file: str, fault: Callable[[str], str]) -> None:
    path = root / file
    path.write_text(fault(path.read_text()))


def check(root: Path) -> tuple[int, list[str]]:
    """Return the status of `companion content check` in a copy, and its lines, files named from the copy's root."""
    ran = CliRunner().invoke(content, ["check", "--content", str(root / "companion/content"), "--on", DAY])
    return ran.exit_code, [line.removeprefix(f"{root}/") for line in ran.stdout.splitlines()]


def place(root: Path, file: str, words: str) -> str:
    """Return file and line of words, as the check names them."""
    text = (root / file).read_text()
    return f"{file}:{text.count(chr(10), 0, text.index(words)) + 1}: "


def test_each_fault_is_found_with_its_file_and_line_and_nothing_else_is(project: Path, tmp_path: Path) -> None:
    root = tmp_path / "planted"
    shutil.copytree(project, root)
    for file, _, fault, _ in SIDE_BY_SIDE:
        plant(root, file, fault)
    status, lines = check(root)
    assert status == 1
    missing, expected = [], []
    for file, words, _, said in SIDE_BY_SIDE:
        if words:
            expected.append(place(root, file, words))
            if not any(line.startswith(expected[-1]) and said in line for line in lines):
                missing.append((expected[-1], said))
    assert missing == []
    reworded = "has changed since its Welsh was made"
    assert [line for line in lines if not line.startswith(tuple(expected)) and reworded not in line] == []


@pytest.mark.parametrize("fault", ALONE, ids=lambda fault: fault[3])
def test_what_keeps_a_file_from_being_used_is_named_too(project: Path, tmp_path: Path, fault: Fault) -> None:
    root = tmp_path / "planted"
    shutil.copytree(project, root)
    file, words, do, said = fault
    plant(root, file, do)
    status, lines = check(root)
    assert status == 1
    assert [line for line in lines if line.startswith(place(root, file, words)) and said in line], lines
