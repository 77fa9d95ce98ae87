"""The documents are true: links lead somewhere, commands exist, what is quoted is so, the conversation is one."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import click
import pytest

from companion.cli import main
from companion.settings import Settings
from tests import test_safety_path
from tests.databases import NewDatabase
from tests.record_conversation import record
from tests.world import World

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FILE = re.compile(r"`((?:companion|tests|docs|migrations|bench)/[\w./-]+)`")
_COMMAND = re.compile(r"(?:^ {4}|`|^ExecStart=\S+/)companion ((?:[a-z-]+ ?){1,2})", re.MULTILINE)
_TARGET = re.compile(r"(?:^ {4}|`)make ([a-z][a-z-]*)", re.MULTILINE)


def name(page: Path) -> str:
    """Return how a page is called in test ids."""
    return str(page.relative_to(ROOT))


@pytest.fixture(params=PAGES, ids=name)
def page(request: pytest.FixtureRequest) -> Path:
    """Each page in turn."""
    found: Path = request.param
    return found


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [body for kind, body in _FENCE.findall(page.read_text()) if kind == language]


def anchors(page: Path) -> set[str]:
    """Return the anchors that the headings of a page have on GitHub."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_link_leads_somewhere(page: Path) -> None:
    wrong = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    assert wrong == []


def test_every_file_that_is_named_exists(page: Path) -> None:
    assert [file for file in _FILE.findall(page.read_text()) if not (ROOT / file).exists()] == []


def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(_TARGET.findall(page.read_text())) - targets == set()


def test_every_command_that_is_named_exists(page: Path) -> None:
    wrong = [words for words in _COMMAND.findall(page.read_text()) if not _is_command(words.split())]
    assert wrong == []


def _is_command(words: list[str]) -> bool:
    command: click.Command | None = main
    for word in words:
        if not isinstance(command, click.Group):
            return True  # the rest are arguments
        context = click.Context(command)
        following = command.get_command(context, word)
        if following is None:
            return command is not main and command.invoke_without_command
        command = following
    return True


def test_the_conversation_is_what_the_service_says(sqlite_databases: NewDatabase) -> None:
    world = World(sqlite_databases()).seeded()
    try:
        said = record(world)
    finally:
        world.close()
    assert said == (ROOT / "docs/conversation.md").read_text(), "see the head of tests/record_conversation.py"


def test_the_fallback_says_what_the_service_would_say(world: World) -> None:
    [fallback] = blocks(ROOT / "docs/going-live.md", "xml")
    said = re.findall(r"<Message>(.*)</Message>", fallback)
    assert [unescape(text) for text in said] == [world.services.words.render("system_down").body]


def test_the_test_that_is_quoted_is_a_test() -> None:
    [quoted] = blocks(ROOT / "CONTRIBUTING.md", "python")
    assert quoted == inspect.getsource(test_safety_path.test_plain_words_take_it_when_one_is_open)


def dependencies() -> Iterator[str]:
    """Yield the names of everything that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for wanted in [
        *project["dependencies"],
        *(w for group in project["optional-dependencies"].values() for w in group),
    ]:
        yield re.split(r"[\[<>=;~! ]", wanted)[0]


def test_every_dependency_has_a_line_in_the_decisions() -> None:
    first = re.findall(r"^\| ([a-z0-9, -]+?)(?: \([^|]*\))? \|", (ROOT / "docs/decisions.md").read_text(), re.MULTILINE)
    explained = {each.strip() for cell in first for each in cell.split(",")} - {"dependency", "---"}
    assert explained == set(dependencies()) - {"companion"}


def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"`((?:COMPANION|TWILIO|PAGE)_[A-Z_]+)`", page.read_text()))
    assert named - {field.upper() for field in Settings.model_fields} == set()


def test_every_setting_is_in_the_example() -> None:
    not_for_a_deployment = {"TWILIO_API_BASE_URL", "COMPANION_CLOCK_FILE"}  # these belong to the stand-in
    shown = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(shown) == sorted({field.upper() for field in Settings.model_fields} - not_for_a_deployment)


@pytest.mark.parametrize("module", ["bench", "bench.console", "bench.delivery"])
def test_a_measurement_that_takes_minutes_says_first_what_it_measures(module: str) -> None:
    said = subprocess.run(
        [sys.executable, "-m", module, "--help"], check=False, cwd=ROOT, timeout=60, capture_output=True, text=True
    )
    assert said.returncode == 0
    assert f"python -m {module}" in said.stdout
