"""CYMRAEG, ENGLISH: the language someone is texted in."""

from __future__ import annotations

from companion.content.catalogue import Language
from companion.content.sayings import said_by_trainees
from companion.conversation.changes import Speak
from companion.conversation.known import Decision, Known


def said(known: Known) -> Decision | None:
    """Answer a language on its own; None when the text is none."""
    listen, text = said_by_trainees(), " ".join(known.text.replace(".", " ").split())
    language: Language
    if listen.wants_welsh.search(text):
        language = "cy"
    elif listen.wants_english.search(text):
        language = "en"
    else:
        return None
    return Decision((known.say(f"language_{language}"),), (Speak(language),))
