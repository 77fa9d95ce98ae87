"""Parts are counted as Twilio counts them, and a split text loses nothing."""

from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from companion.messaging.parts import Parts, count, gsm_safe, is_gsm7, split

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


def test_a_short_text_is_not_split() -> None:
    assert split("  Hello there.  ") == ("Hello there.",)
    assert split(" \n ") == ()


def test_cuts_at_the_end_of_a_sentence() -> None:
    assert split("One is here. Two is here. Three is a longer one.", limit=30) == (
        "One is here. Two is here.",
        "Three is a longer one.",
    )


def test_cuts_between_words_when_no_sentence_ends_nearby() -> None:
    assert split("aaa bbb ccc ddd eee", limit=11) == ("aaa bbb ccc", "ddd eee")


def test_a_link_stays_whole() -> None:
    link = "https://companion.example.org/privacy?page=one.two"
    messages = split("Some words that come before it, and then " + link + " and after.", limit=60)
    assert link in " ".join(messages).split()
    assert all(len(message) <= 60 for message in messages)
    assert split("(" + link + ")", limit=55)[0] == "(" + link + ")"
    assert split("x" * 20 + " see:" + link, limit=55)[-1].endswith(link)


def test_a_link_glued_to_what_stands_before_it_stays_whole() -> None:
    link = "https://companion.example.org/privacy"
    assert split("abc,abc,abc,abc(" + link + ")", limit=45) == ("abc,abc,abc,abc(", link + ")")


def test_a_word_longer_than_the_limit_is_cut_and_emoji_are_not() -> None:
    assert split("a" * 25, limit=10) == ("a" * 10, "a" * 10, "a" * 5)
    assert split("😀" * 5, limit=5) == ("😀😀", "😀😀", "😀")


def test_a_limit_too_small_for_an_emoji_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        split("a", limit=1)


@given(st.text(max_size=400), st.integers(min_value=2, max_value=120))
def test_splitting_keeps_every_character_but_space_and_every_limit(text: str, limit: int) -> None:
    messages = split(text, limit=limit)
    assert "".join("".join(messages).split()) == "".join(text.split())
    assert all(0 < sum(2 if ord(mark) > 0xFFFF else 1 for mark in message) <= limit for message in messages)
