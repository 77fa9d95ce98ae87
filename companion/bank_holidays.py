"""The bank holidays of the four nations. Source: the library `holidays`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

_NATIONS: Mapping[str, str] = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "ni": "NIR"}


def bank_holidays(nation: str, after: date, until: date) -> dict[date, str]:
    """Return the bank holidays of a nation from `after` to `until` (both included), with their names.

    An empty one for what is not one of the four nations.
    """
    if nation not in _NATIONS:
        return {}
    years = range(after.year, until.year + 1)
    return {day: name for year in years for day, name in sorted(_of(nation, year).items()) if after <= day <= until}


@lru_cache(maxsize=64)
def _of(nation: str, year: int) -> Mapping[date, str]:
    import holidays  # noqa: PLC0415 - the library is slow to load, and seldom needed

    return dict(holidays.country_holidays("GB", subdiv=_NATIONS[nation], years=year))
