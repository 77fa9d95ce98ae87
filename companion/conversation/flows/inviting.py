"""INVITE: a text to forward to a colleague."""

from __future__ import annotations

import re
from urllib.parse import quote

from companion.conversation.known import Decision, Known

_OTHERS = r"(friend|mate|colleague|flatmate|housemate|partner|wife|husband|fy[12]|f[12]|sho|someone else)s?"
_ASKED = re.compile(r"invite(?: a friend| someone| a colleague)?", re.IGNORECASE)
_FOR_OTHERS = re.compile(
    rf"\b(?:can|could|may|how (?:can|do|does)) (?:my |a |another )?(?:\w+ )?{_OTHERS} (?:\w+ )?(?:join|sign up|use)\b",
    re.IGNORECASE,
)


def said(known: Known) -> Decision | None:
    """Answer INVITE, or whether a friend may join, with a text to forward; None for any other text."""
    if known.cohort is None or not (_ASKED.fullmatch(known.text.strip(" .!?")) or _FOR_OTHERS.search(known.text)):
        return None
    code, name = known.cohort.code, known.cohort.name
    shown = known.words.standing
    number, whatsapp = shown.get("service_number", ""), shown.get("whatsapp_number", "")
    if not number:
        return None
    way = f"Text JOIN {code} to {number}."
    if whatsapp:
        way = f"{way}\nOr open https://wa.me/{whatsapp}?text={quote(f'JOIN {code}')}"
    texts = (known.say("invite_intro"), known.say("invite_forward", cohort=name, way=way))
    return Decision(texts, heard_as="invite")
