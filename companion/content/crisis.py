"""The crisis reply: fixed words, with the numbers of resources.yaml that a nation has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from companion.content.catalogue import HERE, Catalogue, Text
from companion.content.reader import ContentError

NHS_LINES = {
    "england": "nhs-111-england",
    "wales": "nhs-111-wales",
    "scotland": "nhs24-111-scotland",
    "ni": "lifeline-ni",
}


@dataclass(frozen=True)
class CrisisNumbers:
    """The numbers of crisis texts, in the provider's own grouping.

    `nhs` is by nation: the number, and the day (UK date) after which it must be looked up again and is left out.
    999, Samaritans and Shout have no such day: they stay.
    """

    emergency: str
    samaritans: str
    shout: str
    nhs: Mapping[str, tuple[str, date]]

    def standing(self) -> dict[str, str]:
        """Return the values that are the same for everybody, for `Catalogue.with_standing`."""
        return {"emergency": self.emergency, "samaritans": self.samaritans, "shout": self.shout}


@lru_cache(maxsize=4)
def crisis_numbers(path: Path = HERE / "resources.yaml") -> CrisisNumbers:
    """Read the numbers from a file of resources. Raises ContentError that names what is missing."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        contacts = {entry["id"]: entry for entry in document["resources"]}
        return CrisisNumbers(
            emergency=contacts["emergency-999"]["contact"]["phone"],
            samaritans=contacts["samaritans"]["contact"]["phone"],
            shout=contacts["shout"]["contact"]["text"]["to"],
            nhs={
                nation: (contacts[name]["contact"]["phone"], date.fromisoformat(str(contacts[name]["review_by"])))
                for nation, name in NHS_LINES.items()
                if name in contacts and contacts[name]["publish"] == "full"
            },
        )
    except OSError as error:
        raise ContentError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ContentError(f"{path}: is not YAML: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ContentError(f"{path}: a number for the crisis texts is missing: {error}") from None


def nhs_line(catalogue: Catalogue, numbers: CrisisNumbers, nation: str | None, today: date) -> str:
    """Return the sentence on urgent NHS help; empty when the nation is unknown or the number is past its date."""
    number, review_by = numbers.nhs.get(nation or "", ("", date.min))
    return catalogue.render(f"nhs_line_{nation}", nhs_number=number).body if number and today <= review_by else ""


def crisis_reply(catalogue: Catalogue, numbers: CrisisNumbers, nation: str | None, today: date) -> tuple[Text, Text]:
    """Return the two messages that answer a flagged text, in order. `today` is the UK date."""
    fixed: dict[str, Any] = numbers.standing()
    ready = catalogue.with_standing(**fixed)
    return ready.render("crisis_1"), ready.render("crisis_2", nhs_line=nhs_line(catalogue, numbers, nation, today))
