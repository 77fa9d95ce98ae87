"""INVITE: a text to forward to a colleague."""

from __future__ import annotations

from urllib.parse import quote

from companion.content.sayings import said_by_trainees
from companion.conversation.known import Decision, Known


def said(known: Known) -> Decision | None:
    """Answer INVITE, or whether a friend may join, with a text to forward; None for any other text."""
    listen = said_by_trainees()
    asked = listen.invite.search(known.text.strip(" .!?")) or listen.may_others_join.search(known.text)
    if known.cohort is None or not asked:
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
