"""Texts in the form of WhatsApp templates: made from the catalogue, so that both channels say the same words."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import yaml

from companion.content.catalogue import HERE, Catalogue, Wording, clean
from companion.content.reader import ContentError
from companion.messaging.parts import gsm_safe

FILE = HERE / "templates.yaml"
LONGEST = 1024  # characters of a filled template; more fails with 63021
LONGEST_VALUES = 600  # of these, for all values together
MOST_BUTTONS = 3  # more than these can't be sent within the 24 hours
LONGEST_TITLE = 20

_SECTIONS = {"prefix", "language", "category", "templates", "without"}
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_HOLE = re.compile(r"\{\{\d+\}\}")
_SPACES = re.compile(r"[^\S\n]+")


class Variable(NamedTuple):
    """What fills a hole: the name of the value, and its longest example."""

    name: str
    sample: str


@dataclass(frozen=True)
class Definition:
    """One template as it is to be made. `buttons` are (words, what a tap means)."""

    name: str
    text_id: str
    wording_version: str
    language: str
    category: str
    body: str
    variables: tuple[Variable, ...]
    buttons: tuple[tuple[str, str], ...]

    @property
    def samples(self) -> dict[str, str]:
        """The sample value of each hole, by its number."""
        return {str(number): variable.sample for number, variable in enumerate(self.variables, start=1)}

    @property
    def types(self) -> dict[str, dict[str, Any]]:
        """The template's content as Twilio wants it."""
        if not self.buttons:
            return {"twilio/text": {"body": self.body}}
        actions = [{"type": "QUICK_REPLY", "title": title, "id": payload} for title, payload in self.buttons]
        return {"twilio/quick-reply": {"body": self.body, "actions": actions}}

    def filled(self, content_variables: str) -> str:
        """Return what a phone shows, given what `variables` returns."""
        values = json.loads(content_variables)
        return _HOLE.sub(lambda hole: str(values[hole[0].strip("{}")]), self.body)


def definitions(words: Catalogue) -> dict[str, Definition]:
    """Return every template by the id of its text. `words` knows what is the same for everyone, `url` included.

    Raises ContentError for a file that does not fit the catalogue.
    """
    data = _file()
    return {
        text_id: _definition(words, words.wording(text_id), dict((more or {}).get("buttons", {})), data)
        for text_id, more in data["templates"].items()
    }


def without() -> dict[str, str]:
    """Return the texts that have no template, each with the reason."""
    return dict(_file()["without"])


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or set(data) != _SECTIONS:
        raise ContentError(f"{FILE}: has to hold {', '.join(sorted(_SECTIONS))}, and nothing else")
    return data


def _definition(words: Catalogue, wording: Wording, buttons: Mapping[str, str], data: Mapping[str, Any]) -> Definition:
    variables: list[Variable] = []
    pieces: list[str] = []
    for literal, name, _, _ in string.Formatter().parse(wording.text):
        pieces.append(literal)
        if name is None:
            continue
        if name in words.standing:
            pieces.append(clean(words.standing[name], wording.values[name], whole=True))
        else:
            variables.append(Variable(name, wording.values[name]))
            pieces.append(f"{{{{{len(variables)}}}}}")
    text = _SPACES.sub(" ", "".join(pieces))
    body = gsm_safe("\n".join(line.strip() for line in text.split("\n")).strip())
    told = tuple((str(title), str(payload)) for title, payload in buttons.items())
    content = json.dumps([wording.version, data["language"], data["category"], body, variables, told])
    return Definition(
        name=f"{data['prefix']}_{wording.id}_{sha256(content.encode()).hexdigest()[:6]}",
        text_id=wording.id,
        wording_version=wording.version,
        language=data["language"],
        category=data["category"],
        body=body,
        variables=tuple(variables),
        buttons=told,
    )


def problems(definition: Definition) -> list[str]:
    """Say why WhatsApp would not take a template; an empty list when nothing is known against it.

    The rules are Meta's and Twilio's (errors 63013, 63021, 63040); twice as many words as holes, and one, is what
    providers report as the least.
    """
    body, found = definition.body, []
    if not _NAME.fullmatch(definition.name):
        found.append("its name may hold lower-case letters, digits and underscores only")
    if re.match(r"\W*\{\{", body):
        found.append("it begins with a value")
    if re.search(r"\}\}\W*$", body):
        found.append("it ends with a value")
    if re.search(r"\}\}\s*\{\{", body):
        found.append("two of its values stand side by side")
    if len(re.findall(r"\w+", _HOLE.sub("", body))) < 2 * len(definition.variables) + 1:
        found.append("it has too few words for so many values")
    if len(_HOLE.sub("", body)) > LONGEST - LONGEST_VALUES:
        found.append(f"its own words are longer than {LONGEST - LONGEST_VALUES} characters")
    if sum(map(len, definition.samples.values())) > LONGEST_VALUES:
        found.append(f"its longest values are longer than {LONGEST_VALUES} characters together")
    if any("\n" in variable.sample for variable in definition.variables):
        found.append("one of its values may hold line breaks")
    if len(definition.buttons) > MOST_BUTTONS:
        found.append(f"it has more than {MOST_BUTTONS} buttons")
    found += [f'the button "{title}" is too long' for title, _ in definition.buttons if len(title) > LONGEST_TITLE]
    return found
