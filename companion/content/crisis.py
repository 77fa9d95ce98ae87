"""The numbers that crisis texts are filled in with, from the directory of resources."""

from __future__ import annotations

from datetime import date

from companion.content.reader import ContentError
from companion.signposting import Directory, Shown

NHS_LINES = {
    "england": "nhs-111-england",
    "wales": "nhs-111-wales",
    "scotland": "nhs24-111-scotland",
    "ni": "lifeline-ni",
}
_ALWAYS = {"emergency": "emergency-999", "samaritans": "samaritans", "shout": "shout"}


def crisis_values(directory: Directory, today: date) -> dict[str, str]:
    """Return the numbers for `Catalogue.with_standing`, in the provider's own grouping. `today` is the UK date.

    Besides `emergency`, `samaritans` and `shout` there is `nhs_england`, `nhs_wales`, `nhs_scotland` and `nhs_ni`, each
    only while its number may be shown. Raises ContentError if 999, Samaritans or Shout is missing: a crisis text
    without them is never sent.
    """
    values = {name: _number(directory, resource, today) for name, resource in _ALWAYS.items()}
    for name, number in values.items():
        if not number:
            raise ContentError(f"resources.yaml: {_ALWAYS[name]} has no number, and no crisis text can do without it")
    lines = {f"nhs_{nation}": _number(directory, resource, today) for nation, resource in NHS_LINES.items()}
    return values | {name: number for name, number in lines.items() if number}


def _number(directory: Directory, resource_id: str, today: date) -> str:
    resource = directory.get(resource_id)
    if resource is None or resource.shown(today) is not Shown.CONTACT:
        return ""
    return resource.contact.phone or (resource.contact.text.to if resource.contact.text else "")
