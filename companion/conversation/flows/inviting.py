"""INVITE: a text to forward to a colleague."""

from __future__ import annotations

from urllib.parse import quote

from companion.conversation.known import Decision, Known


def said(known: Known) -> Decision | None:
    """Answer INVITE with a text to forward; None for any other text."""
    plain = known.text.strip(" .!?").lower()
    if plain not in ("invite", "invite a friend", "invite someone", "invite a colleague") or known.cohort is None:
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
