"""CYMRAEG, ENGLISH: the language someone is texted in."""

from __future__ import annotations

from companion.content.catalogue import Language
from companion.conversation.changes import Speak
from companion.conversation.known import Decision, Known

_SAID: dict[str, Language] = {"cymraeg": "cy", "welsh": "cy", "in welsh": "cy", "english": "en", "saesneg": "en"}


def said(known: Known) -> Decision | None:
    """Answer a language on its own; None when the text is none."""
    language = _SAID.get(" ".join(known.text.lower().replace(".", " ").split()))
    if language is None:
        return None
    return Decision((known.say(f"language_{language}"),), (Speak(language),))
