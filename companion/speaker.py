"""What whoever says something needs at hand: the words, the settings, and the places that help."""

from __future__ import annotations

from dataclasses import dataclass

from companion.content.catalogue import Catalogue
from companion.settings import Settings
from companion.signposting import Directory


@dataclass(frozen=True)
class Speaker:
    """Renders texts. `words` knows the crisis numbers already."""

    words: Catalogue
    settings: Settings
    directory: Directory

    @property
    def console_url(self) -> str:
        """Where facilitators sign in."""
        return f"{self.settings.public_url}/console/"

    def item_url(self, reference: str) -> str:
        """Where whoever was sent `reference` reads what it stands for, once they have signed in."""
        return f"{self.console_url}r/{reference}"
