"""What a check of the set-up finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "bad", "unsure"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `mend` says what to do where it is not good."""

    name: str
    state: State
    says: str
    mend: str = ""
