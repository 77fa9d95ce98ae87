"""Places that help: for a need, by keyword or by menu, one or two at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from companion.content.catalogue import Bilingual, Text, in_welsh
from companion.conversation.changes import Change, Helped, HelpWas, LivesIn, Unanswered
from companion.conversation.flows import nation
from companion.conversation.intents import understand
from companion.conversation.known import Asked, Decision, Known
from companion.messaging.parts import count
from companion.signposting import Resource

AT_ONCE = 2  # resources in one text
MENU_AT_ONCE = 7  # topics in one text
MOST_PARTS = 2  # of one answer
_LONGEST_WORD = 40  # characters of a keyword
FAMILY_ILL = "family_ill"  # the text for it, and its list of asides
AT_HOME = "domestic abuse"  # numbers only when asked for: somebody else may read the phone
# Asked the second time that places are sent to somebody, and every fourth time after that; never about these.
ASK_FIRST, ASK_EVERY = 1, 4
_NEVER_ASKED = frozenset({"crisis", AT_HOME})


def signpost(known: Known) -> Decision:
    """Answer with one or two resources, right for the nation; the rest wait for MORE.

    What was told, and not only asked for, a person reads as well: it may hold what no list of phrases finds.
    """
    told = len(known.text.split()) > _KEYWORDS and not known.directory.read(known.text).asks
    answer = _places(known)
    return replace(answer, read_me=True) if told else answer


def _places(known: Known) -> Decision:
    here = nation.beside(known.text)
    moved = here is not None and here != known.lives_in
    found, topic, warning = _find(known)
    if not found:
        return Decision((known.say("signpost_nothing"),), (Unanswered("nothing", topic),), read_me=True)
    if topic == AT_HOME and not _asks(known):
        return Decision((known.say("safe_when"),), asks=_rest(known, []), read_me=True)
    intro = (known.say(warning),) if warning else ()
    if intro:
        return _with_warning(known, found, intro, "signpost_intro")
    if here and moved:
        told = (known.say("nation_set", nation=nation.shown(here)),)
        return _with_warning(known, found, told, "signpost_intro", LivesIn(here))
    if len(known.text.split()) >= _A_TALE:
        text = known.say("signpost_told", lines=_lines(known, found[:AT_ONCE]))
        return Decision((text,), (Helped(),), _rest(known, found), heard_as="signpost", read_me=True)
    if words := known.directory.words_for_the_rest(known.meant.need or known.text):
        text = known.say("signpost_third", lines=_lines(known, found[:AT_ONCE]), word=" or ".join(words))
        return Decision((text,), (Helped(),), _rest(known, found), heard_as="signpost")
    useful = topic is not None and _ask_whether_useful(known, topic)
    text = known.say("signpost_asks" if useful else "signpost_intro", lines=_lines(known, found[:AT_ONCE]))
    rest = _rest(known, found, useful=topic if useful else None)
    return Decision((text,), (Helped(),), rest, heard_as="signpost")


def _with_warning(
    known: Known, found: list[Resource], intro: tuple[Text, ...], text_id: str, *also: Change
) -> Decision:
    """A warning comes before any number; what then fits two parts is two places, or the first that does by itself."""
    choices = [found[:shown] for shown in range(AT_ONCE, 0, -1)] + [[place] for place in found[1:]]
    for chosen in (*choices, found[:1]):
        replies = (*intro, known.say(text_id, lines=_lines(known, chosen)))
        if parts_of(replies) <= MOST_PARTS + len(also):  # where they are now is said in one more
            break
    found = chosen + [place for place in found if place not in chosen]
    shown = len(chosen)
    return Decision(replies, (*also, Helped()), _rest(known, found, shown=shown), heard_as="signpost")


def parts_of(replies: tuple[Text, ...]) -> int:
    """What an answer costs."""
    return sum(count(text.body).parts for text in replies)


def besides(known: Known, answer: Decision) -> Decision:
    """Add help with a topic to another answer: a place for each of two needs if all fit two parts, else the first that
    does, else the way to them. What needs a warning before it waits for MORE, which says it.
    """
    found, topics = _found(known)
    if not found or topics[0] == AT_HOME:
        return answer
    for chosen in _few(found, topics):
        line = known.say("signpost_besides", lines=_lines(known, chosen))
        if parts_of((*answer.replies, line)) <= MOST_PARTS:
            rest = [place for place in found if place not in chosen]
            return answer.and_then(Decision((line,), (Helped(),), _beside(known, answer.asks, rest, chosen)))
    pointer = (known.say("signpost_on_more"),)
    shown = pointer if parts_of((*answer.replies, *pointer)) <= MOST_PARTS else ()
    return answer.and_then(Decision(shown, (), _beside(known, answer.asks, found), read_me=not shown))


_TRIED = 3  # places for each need, when two are to fit into one text


def _few(found: list[Resource], topics: tuple[str, ...]) -> Iterator[list[Resource]]:
    """What may stand beside another answer, best first: one place for each of two needs, else one for the first."""
    without = [place for place in found if not place.warning]
    by_need = [[place for place in without if topic in place.topics][:_TRIED] for topic in topics[:AT_ONCE]]
    if len(by_need) == AT_ONCE:
        yield from ([first, second] for first, second in product(*by_need) if first is not second)
    yield from ([place] for place in found[:1] if not place.warning)
    if len(by_need) == AT_ONCE:
        yield from ([place] for need in by_need for place in need)


def waiting(known: Known) -> list[Resource]:
    """Return the places that wait for MORE."""
    return [r for r in (known.directory.get(id_) for id_ in known.kept.get("more", [])) if r is not None]


def wants_more(known: Known) -> bool:
    """Whether it is MORE and something waits for it."""
    return known.text.strip().strip(".!").upper() in ("MORE", "MWY") and "more" in known.kept


def more(known: Known) -> Decision:
    """Answer MORE with the next resources, or with the next topics after a menu."""
    if known.kept.get("menu"):
        return _menu_from(known, int(known.kept.get("menu_from", 0)))
    return others(known, waiting(known))


def for_any_doctor(known: Known) -> str:
    """Return the line of a place that is for every doctor, whatever it is about."""
    return line_of(known, "bma-peer-support")


def line_of(known: Known, resource_id: str) -> str:
    """Return the line of one place; "" where there is none."""
    place = known.directory.get(resource_id)
    return place.line(known.now.date()) if place is not None else ""


def family_ill(known: Known) -> Text:
    """Return what is said to somebody at whose home somebody is ill."""
    return known.say(FAMILY_ILL, resource_line=for_any_doctor(known))


def these(known: Known, found: list[Resource]) -> Decision:
    """Name places that were asked for; those beyond the first wait for MORE."""
    warning = next((place.warning for place in found[:AT_ONCE] if place.warning), None)
    return _with_warning(known, found, (known.say(warning),) if warning else (), "signpost_intro")


def others(known: Known, found: list[Resource]) -> Decision:
    """Name the first of the places that are left; the rest wait for MORE."""
    if not found:
        return Decision((known.say("signpost_no_more"),))
    warning = next((resource.warning for resource in found[:AT_ONCE] if resource.warning), None)
    return _with_warning(known, found, (known.say(warning),) if warning else (), "signpost_more")


def useful(known: Known) -> Decision | None:
    """Answer YES or NO to "was this what you needed?"; None when it was not asked, or for another text."""
    topic = known.kept.get("useful")
    if not topic or len(known.text.split()) > _SHORT:
        return None
    said = understand(known.text, "survey_helpful").intent
    if said == "survey_yes":
        return Decision((known.say("help_needed"),), (HelpWas(str(topic), needed=True),), heard_as="help useful")
    if said == "survey_no":
        return Decision((known.say("help_not_needed"),), (HelpWas(str(topic), needed=False),), heard_as="help useful")
    return None


_A_TALE = 40  # words: who writes so many is thanked for it, and a person reads them
_SHORT = 4  # words: anything longer says something else as well


def _ask_whether_useful(known: Known, topic: str) -> bool:
    due = known.own.helped % ASK_EVERY == ASK_FIRST
    return due and known.state == "joined" and known.asked == "none" and topic not in _NEVER_ASKED


def _asks(known: Known) -> bool:
    """Whether numbers were asked for: a question, a keyword, or a number of the menu."""
    return "?" in known.text or len(known.text.split()) <= _KEYWORDS or known.directory.read(known.text).asks


_KEYWORDS = 2


def _find(known: Known) -> tuple[list[Resource], str | None, str | None]:
    """The places for a text or a number of the menu, their topic, and what has to be said first."""
    found, topics = _found(known)
    return found, topics[0] if topics else None, next((place.warning for place in found if place.warning), None)


def _found(known: Known) -> tuple[list[Resource], tuple[str, ...]]:
    """The places for a text or a number of the menu, and the topics they are for, most important first."""
    topic = None
    here = nation.beside(known.text) or known.nation  # of the whole text, as the words of the need may not say it
    if known.text.strip().isdecimal() and len(known.text.strip()) < 3:
        topic = known.directory.topic_of_menu(int(known.text))
    if topic is None:
        answer = known.directory.find(known.meant.need or known.text, here, known.now)
        if answer.resources:
            return list(answer.resources), answer.topics
        topic = str(known.meant.slots.get("topic", "")) or None
    if topic is None:
        return [], ()
    return list(known.directory.by_topic(topic, here, known.now)), (topic,)


def _lines(known: Known, resources: list[Resource]) -> str:
    return "\n".join(resource.line(known.now.date()) for resource in resources)


def _rest(known: Known, found: list[Resource], useful: str | None = None, shown: int = AT_ONCE) -> Asked:
    ids = [resource.id for resource in found]
    return known.still_asked(more=ids[shown:], named=ids[:shown], menu=False, useful=useful)


def _beside(known: Known, asks: Asked | None, rest: list[Resource], shown: Sequence[Resource] = ()) -> Asked:
    """What an answer asks, with the places that were named beside it and those that wait for MORE."""
    ids = {"more": [resource.id for resource in rest], "named": [resource.id for resource in shown]}
    return Asked(asks.state, asks.lasts, {**asks.keep, **ids}) if asks else known.still_asked(**ids, menu=False)


def menu(known: Known) -> Decision:
    """List the first topics; MORE lists the next."""
    return _menu_from(known, 0)


def _menu_from(known: Known, first: int) -> Decision:
    everything = known.directory.menu()
    shown = everything[first : first + MENU_AT_ONCE]
    titles = [(number, known.words.titled(title)) for number, title, _ in shown]
    topics = Bilingual(
        "\n".join(f"{number} {title}" for number, title in titles),
        "\n".join(f"{number} {in_welsh(title)}" for number, title in titles),
    )
    after = first + MENU_AT_ONCE
    asks = known.still_asked(menu=True, menu_from=after if after < len(everything) else 0, more=[])
    return Decision((known.say("menu", topics=topics),), asks=asks)


def keyword(known: Known) -> Decision | None:
    """Answer a topic's word in capitals, as our texts have it, whatever was asked last; None for other texts.

    As an answer to how the week was, it is that first: `checkin` sees to both.
    """
    if known.asked in ("none", "checkin_prompt") or not is_keyword(known):
        return None
    return signpost(known)


def is_keyword(known: Known) -> bool:
    """Whether a text is a topic's word in capitals and nothing else."""
    text = known.text.strip(" .!")
    return text.isupper() and len(text) <= _LONGEST_WORD and known.directory.read(text).by_name
