"""What people ask or say by the way: phrases of `content/asides.yaml`, each list with the text that answers it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from companion.conversation.finder import Finder
from companion.conversation.normalise import read
from companion.conversation.wordlist import phrases_of, word_list
from companion.once import once

_FILE = Path(__file__).resolve().parent.parent / "content" / "asides.yaml"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def aside(text: str) -> str | None:
    """Return the id of the text that answers what is said by the way; None for other texts. Never raises."""
    said = read(text, word_list().spelling)
    found = _finder()
    hits = found[1].find(said)
    return next((text_id for text_id in found[0] if text_id in hits), None)


@once
def _finder() -> tuple[tuple[str, ...], Finder]:
    """Return the ids in their order and what finds them. Raises PhraseError naming a phrase that cannot be read."""
    with _FILE.open(encoding="utf-8") as lines:
        listed: dict[str, Any] = yaml.load(lines, _Loader)  # noqa: S506 (a safe loader)
    words = word_list()
    return tuple(listed), Finder(phrases_of(listed, words.groups, words.spelling), words.finder.courtesy)
