"""The numbers that crisis texts are filled in with, from resources.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

from companion.content.catalogue import HERE
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

    def standing(self, today: date) -> dict[str, str]:
        """Return the values for `Catalogue.with_standing`. `today` is the UK date.

        Besides `emergency`, `samaritans` and `shout` there is `nhs_england`, `nhs_wales`, `nhs_scotland` and `nhs_ni`,
        each only while its number is in date.
        """
        in_date = {f"nhs_{nation}": number for nation, (number, until) in self.nhs.items() if today <= until}
        return {"emergency": self.emergency, "samaritans": self.samaritans, "shout": self.shout, **in_date}


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
