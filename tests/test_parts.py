"""Parts are counted as Twilio counts them."""

from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from companion.messaging.parts import Parts, count, gsm_safe, is_gsm7

GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


def test_the_basic_alphabet_has_127_characters_beside_the_escape() -> None:
    assert len(set(GSM_BASIC)) == 127
    assert all(is_gsm7(mark) for mark in GSM_BASIC)


@pytest.mark.parametrize(
    "mark", ["’", "–", "…", "`", "\t", "\u00a0", "ŵ", "ŷ", "ê", "ç", "á", "😀", "\u200b", "\x00", "\x1b"]
)
def test_not_in_gsm7(mark: str) -> None:
    assert not is_gsm7(mark)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 0),
        ("a", "GSM-7", 1, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("£" * 160, "GSM-7", 160, 1),
        ("é" * 161, "GSM-7", 161, 2),
        # an extension character costs two septets
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 159 + "[", "GSM-7", 161, 2),
        # and is never split: it moves to the next part, which can make one part more
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("a" * 151 + "€" + "a" * 153, "GSM-7", 306, 2),
        ("€" * 153, "GSM-7", 306, 3),
        # one character outside the alphabet and the whole text is UCS-2
        ("a" * 69 + "’", "UCS-2", 70, 1),
        ("a" * 70 + "’", "UCS-2", 71, 2),
        ("ŵ" * 134, "UCS-2", 134, 2),
        ("ŵ" * 135, "UCS-2", 135, 3),
        # brackets cost one unit there
        ("[" * 69 + "ŷ", "UCS-2", 70, 1),
        # an emoji is a pair of units, and is never split
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("a" * 66 + "😀" + "a" * 66, "UCS-2", 134, 3),
        ("a" * 65 + "😀" + "a" * 67, "UCS-2", 134, 2),
    ],
)
def test_count(text: str, encoding: Literal["GSM-7", "UCS-2"], units: int, parts: int) -> None:
    assert count(text) == Parts(encoding, units, parts)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("it’s ‘fine’", "it's 'fine'"),
        ("“YES”", '"YES"'),
        ("6–7pm — on Zoom…", "6-7pm - on Zoom..."),
        ("6\u00a0pm\u2009sharp\u202fplease", "6 pm sharp please"),
        ("a\u200bb\ufeffc\u00add", "abcd"),
        ("one\u2028two\r\nthree", "one\ntwo\nthree"),
        ("`code`", "'code'"),
        ("cafe\u0301 £5 €6 naïve", "café £5 €6 naïve"),
        ("• one", "* one"),
        ("ŵyl", "ŵyl"),
    ],
)
def test_gsm_safe(typed: str, sent: str) -> None:
    assert gsm_safe(typed) == sent


def test_a_curly_quote_and_a_dash_no_longer_double_the_bill() -> None:
    typed = "You’re booked for Tuesday – " + "see you there then, at the usual place. " * 3
    assert count(typed).parts == 3
    assert count(gsm_safe(typed)).parts == 1


def test_a_joined_emoji_stays_joined() -> None:
    assert gsm_safe("👨‍👩‍👧") == "👨‍👩‍👧"


@example("\r\x85")
@given(st.text())
def test_gsm_safe_is_stable_and_never_makes_a_text_dearer_than_its_ucs2(text: str) -> None:
    once = gsm_safe(text)
    assert gsm_safe(once) == once
    assert count(once).units <= 3 * max(count(text).units, 1)


@given(st.text(alphabet=st.sampled_from(GSM_BASIC + "€[]ŵ😀"), max_size=700))
def test_parts_are_enough_and_not_one_more_than_pairs_can_cost(text: str) -> None:
    cost = count(text)
    single, several = (160, 153) if cost.encoding == "GSM-7" else (70, 67)
    if cost.units <= single:
        assert cost.parts == bool(text)
    else:
        assert -(-cost.units // several) <= cost.parts <= -(-cost.units // (several - 1))
