"""What the service answers when a call asks what to say: voice TwiML, checked as Twilio's debugger does.

Source: Twilio's Voice TwiML, of which these verbs are used.
"""

from __future__ import annotations

from xml.etree import ElementTree

from companion.simulator.webhooks import Outcome, TwimlError

_VERBS = {"Say", "Gather", "Pause", "Hangup", "Redirect"}
_ATTRIBUTES = {
    "Say": {"voice", "language", "loop"},
    "Gather": {"input", "numDigits", "timeout", "action", "method", "finishOnKey", "actionOnEmptyResult"},
    "Pause": {"length"},
    "Hangup": set(),
    "Redirect": {"method"},
}


def verbs_of(outcome: Outcome) -> tuple[str, ...]:
    """Return the verbs of a voice answer, as XML. Raises TwimlError with the debugger's code."""
    if outcome.status is None:
        raise TwimlError(11205 if outcome.failure == "ct" else 11200, "no answer from the voice webhook")
    if not 200 <= outcome.status < 300:
        raise TwimlError(11200, f"the voice webhook answered {outcome.status}")
    if outcome.content_type.partition(";")[0].strip().lower() not in {"text/xml", "application/xml"}:
        raise TwimlError(12300, "the content type is not TwiML's")
    try:
        root = ElementTree.fromstring(outcome.answer)  # noqa: S314 - the answer of the service under test
    except ElementTree.ParseError as error:
        raise TwimlError(12100, f"the TwiML cannot be read: {error}") from None
    if root.tag != "Response":
        raise TwimlError(12100, "the TwiML's root is not <Response>")
    for verb in root:
        _check(verb, _VERBS)
        for child in verb:
            _check(child, {"Say", "Pause"} if verb.tag == "Gather" else set())
    return tuple(ElementTree.tostring(verb, encoding="unicode") for verb in root)


def _check(verb: ElementTree.Element, allowed: set[str]) -> None:
    if verb.tag not in allowed or set(verb.attrib) - _ATTRIBUTES[verb.tag]:
        raise TwimlError(12200, f"<{verb.tag}> or one of its attributes is not in the schema of voice TwiML")


def said_in(verb: ElementTree.Element) -> tuple[str, ...]:
    """Return what a verb speaks, a line for each <Say> in it."""
    says = verb.iter("Say")
    return tuple(" ".join((say.text or "").split()) for say in says)
