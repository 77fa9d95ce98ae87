"""What a text costs, before it is sent. An estimate: the price of a part is a setting; WhatsApp counts otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from companion.messaging.parts import Parts, count, gsm_safe


@dataclass(frozen=True)
class Estimate:
    """One text to a number of people by SMS. `pounds` is rounded up to whole pence."""

    parts: Parts
    people: int
    pounds: Decimal

    def in_words(self) -> str:
        """Return "2 parts of GSM-7, 240 parts for 120 people, about £9.60"."""
        one = f"{self.parts.parts} part{'s' if self.parts.parts != 1 else ''} of {self.parts.encoding}"
        all_ = self.parts.parts * self.people
        return f"{one}, {all_} for {self.people} {'people' if self.people != 1 else 'person'}, about £{self.pounds}"


def estimate(body: str, people: int, part_pence: float) -> Estimate:
    """Estimate `body`, as it would be sent, to `people`, at `part_pence` pence a part."""
    parts = count(gsm_safe(body))
    pence = Decimal(str(part_pence)) * parts.parts * people
    return Estimate(parts, people, (pence / 100).quantize(Decimal("0.01"), rounding=ROUND_UP))
