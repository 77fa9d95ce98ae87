"""Who looked a contact up again and when: `reviews.yaml` in a deployment's own folder, the newest entry counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from companion.signposting.errors import DirectoryError

NAME = "reviews.yaml"


class Review(BaseModel):
    """One look: a resource's id, or `text:` and the id and version of a crisis text that a clinician agreed to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    day: date
    by: str = Field(min_length=2)
    until: date

    @model_validator(mode="after")
    def _in_order(self) -> Review:
        if self.until <= self.day:
            raise ValueError("`until` has to be after `day`")
        return self


def read_reviews(folder: Path | None) -> Mapping[str, Review]:
    """Return the newest review of each id. Raises DirectoryError that names the file and the entry."""
    path = folder / NAME if folder else None
    if path is None or not path.exists():
        return {}
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows = data["reviews"]
        reviews = [Review.model_validate(row) for row in rows]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise DirectoryError(f"{path}: a list named reviews is expected: {error}") from None
    except ValidationError as error:
        raise DirectoryError(f"{path}: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from None
    return {review.id: review for review in sorted(reviews, key=lambda each: each.day)}


def applied(entry: Mapping[str, Any], reviews: Mapping[str, Review]) -> Mapping[str, Any]:
    """Return an entry of resources.yaml with what its newest review says, if that is newer."""
    review = reviews.get(str(entry["id"]))
    if review is None or str(entry.get("checked", "")) > review.day.isoformat():
        return entry
    return {**entry, "checked": review.day, "review_by": review.until}


def add_review(folder: Path, review: Review) -> Path:
    """Write a review at the end of the folder's file; return the file. Raises DirectoryError if the file is damaged."""
    read_reviews(folder)
    path = folder / NAME
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("# Who looked a contact up again, or agreed to a text, and when.\nreviews:\n", encoding="utf-8")
    row = {"id": review.id, "day": review.day, "by": review.by, "until": review.until}
    with path.open("a", encoding="utf-8") as file:
        file.write("  - " + yaml.safe_dump(row, default_flow_style=True, allow_unicode=True, width=1000))
    return path
