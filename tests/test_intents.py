"""What texts mean: the examples, the words that end texts, the traps, and text of any kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.conversation.intents import INTENTS, STATES, understand
from companion.conversation.likeness import examples
from companion.conversation.normalise import read
from companion.conversation.optout_words import is_help_word, is_start_word, is_stop_word
from companion.conversation.phrases import PhraseError, parse
from companion.conversation.wordlist import word_list

ALL_EXAMPLES = list(examples())
WHOLE_STOPS = (
    "STOP", "stop", " Stop. ", "“STOP”", "'stop'", "stop!!", "\nStop \n", "StopAll", "UNSUBSCRIBE", "end", "Quit",
    "REVOKE", "OptOut", "opt-out", "stop all", "STOP 🙏", "cancel", "stop stop",
)  # fmt: skip
CLEAR_STOPS = (
    "STAP", "stpo", "S T O P", "stop please", "please stop texting me", "take me off the mailing list",
    "would you kindly stop", "halt all comms", "stoppp sendin these", "pop me off the list pls",
    "no more texts thank you", "do not contact me again", "could you remove me from your list please",
    "pls take my nr out", "u can cut me off now", "not interested any longer in getting these", "i said no more!!!!",
    "stopp \N{OCTAGONAL SIGN}", "let this phone be struck from whatever list it is on", "please deactivate my number",
    "i shan't be needing these messages", "mute forever", "no need to message me any more, I've changed job",
    "no need for you to keep messaging", "I've left the area so you can stop now", "knock these texts off will you",
)  # fmt: skip
NO_STOPS = (
    "I wish the bleep would stop", "cannot stop thinking about it", "cancel my place on friday", "near the tram stop",
    "end of a long run of nights", "thinking of quitting medicine", "please don't stop sending these",
    "stopped at the shop, 5 mins late", "I need to stop drinking", "it never stops", "pause the texts for 2 weeks",
    "no but thanks for asking", "cheers for checking", "get me out of here", "can I stop any time?",
    "don't want to be here anymore", "they asked me to withdraw a patient's fluids", "please remove the catheter",
    "how do I stop these if I want to one day", "I never want to do another night", "I want it to end",
    "fed up with this", "the recycling bin is embarrassing me now. gin mostly. how do other drs cut down",
    "bored of this rotation", "don't want a bot, want to speak to someone",
    "no need to text me back tonight", "stop texting and ring me",
    "turned off my phone", "no longer interested in surgery", "not sure this specialty is for me", "sick of it all",
)  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_examples_of_a_state_are_understood(state: str) -> None:
    wrong = [
        f"{example.text!r} means {example.intent}, read as {understand(example.text, state).intent}"
        for example in ALL_EXAMPLES
        if example.state == state and understand(example.text, state).intent not in {example.intent, *example.accept}
    ]
    assert not wrong, "\n".join(wrong)


def test_examples_name_known_states_and_intents() -> None:
    assert {example.state for example in ALL_EXAMPLES} == set(STATES)
    assert {name for example in ALL_EXAMPLES for name in (example.intent, *example.accept)} <= set(INTENTS)


@pytest.mark.parametrize("state", [*STATES, "no such state"])
@pytest.mark.parametrize("text", [*WHOLE_STOPS, *CLEAR_STOPS])
def test_a_stop_is_a_stop_in_every_state(text: str, state: str) -> None:
    assert understand(text, state).intent == "stop"


def test_texts_that_end_all_and_texts_that_only_sound_like_it() -> None:
    wrong, ends = [], True
    for line in (Path(__file__).parent / "near_stops.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            state, text = line.strip().split(" | ")
            if ("stop" in understand(text, state).intents) != ends:
                wrong.append(f"{text!r} [{state}] is {'a' if ends else 'no'} stop")
        elif line:
            ends = line == "stop:"
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("text", NO_STOPS)
def test_no_stop_is_imagined(text: str, state: str) -> None:
    if state == "after_stop":
        pytest.skip("texts have ended already")
    assert "stop" not in understand(text, state).intents


@pytest.mark.parametrize("text", WHOLE_STOPS)
def test_whole_message_stop_words(text: str) -> None:
    assert is_stop_word(text)


@pytest.mark.parametrize("text", ["", "stop it now", "please stop", "ending", "cancelled", "?", "I quit smoking"])
def test_other_messages_are_no_carrier_words(text: str) -> None:
    assert not is_stop_word(text)


def test_start_and_help_words() -> None:
    assert is_start_word(" Start! ")
    assert is_start_word("UNSTOP")
    assert is_start_word("yes", "after_stop")
    assert not is_start_word("yes")
    assert is_help_word("Help?")
    assert is_help_word("INFO")
    assert not is_help_word("help me")


@pytest.mark.parametrize(
    ("state", "intent"),
    [
        ("none", "unknown"),
        ("confirm_consent", "consent_yes"),
        ("booking_offer", "book_yes"),
        ("reminder", "book_yes"),
        ("survey_helpful", "survey_yes"),
        ("flag_followup", "talk_to_person"),
        ("after_stop", "start_again"),
    ],
)
def test_the_same_yes_means_what_was_asked(state: str, intent: str) -> None:
    assert understand("Yes", state).intent == intent


@pytest.mark.parametrize(
    ("state", "text", "intents"),
    [
        ("checkin_prompt", "4, and can someone ring me", {"checkin_score", "talk_to_person"}),
        ("booking_offer", "yes, where is it this time?", {"book_yes", "next_session"}),
        ("booking_offer", "no sorry, when is the next one?", {"book_no", "next_session"}),
        ("reminder", "cancel", {"stop", "book_no"}),
        ("none", "stop texting me and delete my data", {"stop", "delete_my_data"}),
        ("none", "stop texting and delete it all please", {"stop", "delete_my_data"}),
        ("none", "when is it and how do i get on", {"next_session", "join_link"}),
        ("checkin_prompt", "5, thx for asking", {"checkin_score", "thanks"}),
        ("survey_words", "whats the link for next week", {"join_link"}),
    ],
)
def test_answers_that_also_ask(state: str, text: str, intents: set[str]) -> None:
    assert intents <= set(understand(text, state).intents)


@pytest.mark.parametrize(
    ("state", "text", "slots"),
    [
        ("none", "join itu please", {"cohort_code": "ICU"}),
        ("none", "JOINFY1", {"cohort_code": "FOUNDATION"}),
        ("none", "join neurology", {"cohort_code": "NEUROLOGY"}),
        ("none", "cancel my place on Friday", {"day": "friday"}),
        ("reminder", "running late, quarter of an hour", {"minutes": 15}),
        ("reminder", "be there in 10", {"minutes": 10}),
        ("checkin_prompt", "bit of a 3", {"score": 3}),
        ("checkin_prompt", "6/10", {"score": 6}),
        ("checkin_prompt", "seven", {"score": 7}),
        ("checkin_prompt", "was an 8 last week, 4 now", {"score": 4}),
        ("checkin_prompt", "was 8/10 last week, 4 now", {"score": 4}),
        ("checkin_prompt", "10 out of 10! got through attempt 3", {"score": 10}),
        ("none", "pause for a fortnight", {"weeks": 2}),
        ("none", "pause until the 9th please", {"until": "the 9th"}),
        ("none", "use sms instead of whatsapp", {"channel": "sms"}),
        ("none", "SLEEP", {"topic": "sleep"}),
    ],
)
def test_slots(state: str, text: str, slots: dict[str, str | int]) -> None:
    assert slots.items() <= dict(understand(text, state).slots).items()


@pytest.mark.parametrize("text", ["7 nights on the trot", "up since 5", "bed 9 died", "3 arrests"])
def test_not_every_number_is_a_score(text: str) -> None:
    assert understand(text, "checkin_prompt").intent == "checkin_word"


@pytest.mark.parametrize(
    ("state", "text", "intent"),
    [
        ("booking_offer", "yes no clinic for once", "book_yes"),
        ("booking_offer", "yes, no, sorry I can't", "book_no"),
        ("booking_offer", "yes no", "unknown"),
        ("none", "don't reckon I'll be there tues", "book_no"),
        ("none", "is there food, as I come straight from nights with no break", "practical_need"),
        ("none", "can I still join halfway through", "running_late"),
        ("none", "joining for returners pls, back in June", "join"),
        ("none", "if I stop the texts would I lose my seat", "help"),
        ("none", "I don't want a robot, I'd like to speak to somebody", "talk_to_person"),
        ("none", "could anyone else use my seat, im on a course", "book_no"),
        ("none", "can my boss get hold of these texts", "help"),
        ("none", "hello, I'm an anaesthetics reg in ITU and would love to be part of it", "join"),
        ("none", "I don't agree to you keeping my data, erase it", "delete_my_data"),
        ("none", "have these stopped, I have not had one for a month", "unknown"),
        ("none", "20 min late, nursery run", "running_late"),
        ("none", "end pause please", "resume"),
        ("none", "didn't like how it was led", "feedback"),
        ("checkin_prompt", "meet you at 7", "checkin_word"),
        ("booking_offer", "im in Portugal", "book_no"),
        ("booking_offer", "not great", "unknown"),
        ("booking_offer", "kind of you to ask but i can't", "book_no"),
        ("booking_offer", "haven't seen my rota yet", "unknown"),
        ("confirm_consent", "how could I leave if I don't want it later", "help"),
        ("none", "take me off next weeks list", "book_no"),
        ("none", "take me off this list", "stop"),
        ("none", "I won't get there for the start", "running_late"),
        ("confirm_consent", "not yes", "unknown"),
        ("none", "whens it on and how do I log on", "next_session"),
        ("none", "can't be in until half past so 30 mins late", "running_late"),
        ("checkin_prompt", "was stopped from operating again", "checkin_word"),
        ("checkin_prompt", "is 10 good or bad?", "help"),
        ("booking_offer", "yes if I can swap. sorted it, so yes", "book_yes"),
    ],
)
def test_one_word_more_turns_a_text(state: str, text: str, intent: str) -> None:
    assert understand(text, state).intent == intent


def test_a_button_counts_before_its_text() -> None:
    assert understand("No", "none", payload="book_no:1234").intent == "book_no"
    assert understand("No", "booking_offer", payload="something else").intent == "book_no"


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "\ud83d", "x" * 1600, "😀" * 1600, "stop " * 400, "7 " * 800])
@pytest.mark.parametrize("state", STATES)
def test_odd_texts_have_a_meaning(text: str, state: str) -> None:
    assert understand(text, state).intent in INTENTS


@settings(max_examples=60)
@given(st.text(st.characters(), max_size=200), st.sampled_from(STATES))
def test_any_text_has_known_intents(text: str, state: str) -> None:
    got = understand(text, state)
    assert got.intents
    assert set(got.intents) <= set(INTENTS)
    assert got == understand(text, state)


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(["stop", "not", "the", "texts", "yes", "no", "7", "late", "me", "?", "."]), max_size=12)
)
def test_any_mix_of_the_listed_words_has_known_intents(words: list[str]) -> None:
    for state in STATES:
        assert set(understand(" ".join(words), state).intents) <= set(INTENTS)


def test_a_faulty_phrase_is_named() -> None:
    spelling = word_list().spelling
    with pytest.raises(PhraseError, match="no group is called <nobody>"):
        parse("tell <nobody>", "help", "has", {}, spelling)
    with pytest.raises(PhraseError, match="must begin and end"):
        parse(".. please", "help", "has", {}, spelling)


def test_words_are_read_as_phones_send_them() -> None:
    spelling = word_list().spelling
    assert read("I can’t  come", spelling).words == ("i", "cant", "come")
    assert read("What is this?", spelling).words == ("whats", "this")
    assert read("👍🏽", spelling).words == (":yes",)
