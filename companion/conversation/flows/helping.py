"""Signposting, help pages, and asking for a person."""

from __future__ import annotations

from companion.conversation.changes import WantsPerson
from companion.conversation.known import Asked, Decision, Known
from companion.signposting import Resource

AT_ONCE = 2  # resources in one text
MENU_AT_ONCE = 7  # topics in one text


def signpost(known: Known) -> Decision:
    """Answer with one or two resources, right for the nation; the rest wait for MORE."""
    found, warning = _find(known)
    if not found:
        return Decision((known.say("signpost_nothing"),), read_me=True)
    intro = (known.say(warning),) if warning else ()
    text = known.say("signpost_intro", lines=_lines(known, found[:AT_ONCE]))
    return Decision((*intro, text), asks=_rest(known, found))


def more(known: Known) -> Decision:
    """Answer MORE with the next resources, or with the next topics after a menu."""
    if known.kept.get("menu"):
        return _menu_from(known, int(known.kept.get("menu_from", 0)))
    found = [r for r in (known.directory.get(id_) for id_ in known.kept.get("more", [])) if r is not None]
    if not found:
        return Decision((known.say("signpost_no_more"),))
    return Decision((known.say("signpost_more", lines=_lines(known, found[:AT_ONCE])),), asks=_rest(known, found))


def _find(known: Known) -> tuple[list[Resource], str | None]:
    topic = None
    if known.text.strip().isdecimal() and len(known.text.strip()) < 3:
        topic = known.directory.topic_of_menu(int(known.text))
    if topic is not None:
        return list(known.directory.by_topic(topic, known.nation, known.now)), (
            "alcohol_warning" if topic == "addiction" else None
        )
    answer = known.directory.find(known.text, known.nation, known.now)
    if answer.resources:
        return list(answer.resources), answer.warning
    topic = str(known.meant.slots.get("topic", ""))
    if not topic:
        return [], None
    return list(known.directory.by_topic(topic, known.nation, known.now)), None


def _lines(known: Known, resources: list[Resource]) -> str:
    return "\n".join(resource.line(known.now.date()) for resource in resources)


def _rest(known: Known, found: list[Resource]) -> Asked:
    return known.still_asked(more=[resource.id for resource in found[AT_ONCE:]], menu=False)


def menu(known: Known) -> Decision:
    """List the first topics; MORE lists the next."""
    return _menu_from(known, 0)


def _menu_from(known: Known, first: int) -> Decision:
    everything = known.directory.menu()
    shown = everything[first : first + MENU_AT_ONCE]
    topics = "\n".join(f"{number} {title}" for number, title, _ in shown)
    after = first + MENU_AT_ONCE
    asks = known.still_asked(menu=True, menu_from=after if after < len(everything) else 0, more=[])
    return Decision((known.say("menu", topics=topics),), asks=asks)


def help_page(known: Known) -> Decision:
    """Say who we are; to WHO SEES THIS and HOW DOES THIS WORK, exactly that."""
    text = known.text.lower()
    if known.state != "joined":
        return Decision((known.say("help_not_member"),))
    if any(word in text for word in ("who see", "who read", "who can", "private", "confidential", "privacy")):
        return Decision((known.say("who_sees_this"),))
    if "how" in text and "work" in text:
        return Decision((known.say("how_it_works"),))
    return Decision((known.say("help"),))


def person(known: Known) -> Decision:
    """Someone wants a person of the programme."""
    return Decision((known.say("contact_noted_plain"),), (WantsPerson("asked"),), read_me=True)
