"""What a person, and a screen reader, find on a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Sent:
    """A form of a page, as it stands there: what would be sent, by field."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)


class Seen(HTMLParser):
    """What a person, and a screen reader, find on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Sent] = []
        self.tags: dict[str, dict[str, str]] = {}
        self.named: dict[str, list[dict[str, str]]] = {}
        self.words: dict[str, str] = {}
        self.problems: list[tuple[str | None, str]] = []
        self.title = ""
        self._in_problems = self._in_select = ""
        self._into: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.tags[given["id"]] = given
        if given.get("class") == "problems":
            self._in_problems = "yes"
        if tag == "li" and self._in_problems:
            self.problems.append((None, ""))
        if tag == "a" and self._in_problems:
            self.problems[-1] = (given["href"].removeprefix("#"), "")
        if tag == "form":
            self.forms.append(Sent(given.get("action", "")))
        name = given.get("name", "")
        if name and tag in ("input", "select", "textarea") and self.forms:
            self._field(tag, name, given)
        if tag == "option":
            self.forms[-1].options[self._in_select].append(given["value"])
            if "selected" in given:
                self.forms[-1].values[self._in_select] = [given["value"]]
        if tag in ("title", "textarea") or given.get("class") == "wrong":
            self._into = [tag, name or given.get("id", "")]

    def _field(self, tag: str, name: str, given: dict[str, str]) -> None:
        form, kind = self.forms[-1], given.get("type", tag)
        form.kinds[name] = kind
        self.named.setdefault(name, []).append(given)
        if tag == "select":
            self._in_select = name
            form.options[name] = []
        elif kind in ("radio", "checkbox"):
            form.values.setdefault(name, []).extend([given.get("value", "on")] if "checked" in given else [])
        else:
            form.values[name] = [given.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":  # a browser chooses the first when the page chooses none
            form = self.forms[-1]
            form.values.setdefault(self._in_select, form.options[self._in_select][:1])
        if tag == "div":
            self._in_problems = ""
        if self._into and tag == self._into[0]:
            self._into = []

    def handle_data(self, data: str) -> None:
        if self._in_problems and self.problems:
            self.problems[-1] = (self.problems[-1][0], (self.problems[-1][1] + data).strip())
        if not self._into:
            return
        tag, name = self._into
        if tag == "title":
            self.title += data
        elif tag == "textarea":
            self.forms[-1].values[name][0] += data.removeprefix("\r\n").removeprefix("\n")
        else:
            self.words[name] = self.words.get(name, "") + data

    def form_with(self, name: str) -> Sent:
        """Return the form that has a field of this name."""
        return next(each for each in self.forms if name in each.kinds)
