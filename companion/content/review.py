"""What a person has to look up again, or agree to, before which date, and the page to open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from companion.content.catalogue import Catalogue
from companion.signposting import Directory
from companion.signposting.resources import Resource
from companion.signposting.reviews import Review


@dataclass(frozen=True)
class Item:
    """One thing to look at. `due` is None where it has never been done; `page` is what to open, "" for a text."""

    id: str
    what: str
    due: date | None
    page: str = ""
    last: Review | None = None

    def is_due(self, by: date) -> bool:
        """Whether it has to be done by that day."""
        return self.due is None or self.due <= by


def to_review(directory: Directory, words: Catalogue, reviews: Mapping[str, Review]) -> tuple[Item, ...]:
    """Return everything that has a review, what was never done first, then by date."""
    items = [*_resources(directory, reviews), *_crisis_texts(words, reviews), *_welsh(words)]
    return tuple(sorted(items, key=lambda item: (item.due or date.min, item.id)))


def _resources(directory: Directory, reviews: Mapping[str, Review]) -> Iterator[Item]:
    for resource in directory.resources:
        if resource.publish == "hold":
            continue
        if resource.publish == "local" and resource.contact.empty:
            yield Item(resource.id, f"fill in your own contact, if the console does not hold it: {resource.name}", None)
        elif resource.publish == "check" and resource.checked is None:
            yield Item(resource.id, f"look it up once before it is shown: {resource.name}", None, _page(resource))
        else:
            what = f"look up number, hours and cost: {resource.name}"
            yield Item(resource.id, what, resource.review_by, _page(resource), reviews.get(resource.id))


def _crisis_texts(words: Catalogue, reviews: Mapping[str, Review]) -> Iterator[Item]:
    for wording in words.wordings.values():
        if wording.kind == "crisis":
            key = f"text:{wording.id}:{wording.version}"
            review = reviews.get(key)
            yield Item(key, "a clinician of yours reads and agrees to it", review.until if review else None, "", review)


def _welsh(words: Catalogue) -> Iterator[Item]:
    waiting = sum(1 for wording in words.wordings.values() if wording.cy and wording.needs_translator)
    waiting += sum(1 for title in words.titles.values() if title.needs_translator)
    if waiting:
        yield Item("welsh", f"a translator signs off {waiting} Welsh texts (needs_translator)", None)


def _page(resource: Resource) -> str:
    if resource.contact.web:
        return f"https://{resource.contact.web}"
    seen = resource.sources if resource.provider_page_seen else ()
    return next((source.url for source in seen if source.url.startswith("http")), "")
