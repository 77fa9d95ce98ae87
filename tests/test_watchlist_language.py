"""The phrase language and the files it is written in: what works, and what is said when something is wrong."""

from pathlib import Path

import pytest

from companion.escalation.watchlist import PhraseError, WatchList, load_watchlist

LIST = """
version: "1"
date: 2026-01-01
fillers: just really
spelling:
  do not: dont
  want to: wanna
classes:
  wish: (want to | need to)
families:
  - family: test
    route: page
    title: Test
    phrases:
      - id: only
        say: {say!r}
        match: []
        not: []
"""


def load(folder: Path, say: str) -> WatchList:
    path = folder / "list.yaml"
    path.write_text(LIST.format(say=[say]).replace("match: []", "match: [x]").replace("not: []", "not: [x]"), "utf-8")
    return load_watchlist(path)


@pytest.mark.parametrize(
    ("say", "yes", "no"),
    [
        ("i <wish> go", ["I wanna go", "i just need to really go"], ["i need go", "you want to stay"]),
        ("i [do not] know", ["i dont know", "i know"], ["i do know"]),
        ("~stop it", ["stop it", "stopping it", "stopped it", "stops it"], ["stopper it"]),
        ("cut ..2 myself", ["cut myself", "cut a b myself"], ["cut a b c myself", "cut it. myself"]),
        ("^ bye $", ["bye", "hello. bye!", "just bye"], ["bye bye", "and bye now"]),
        ("cut .. myself", ["cut a b c d e f myself"], ["cut it. myself"]),
        ("cut ...2 myself", ["cut. it myself"], ["cut. it b myself"]),
        ("cut ... myself", ["cut it. a b c. myself"], ["myself cut"]),
        ("blood &2 (arm | my leg)", ["blood on my arm", "my leg a blood"], ["blood a b c arm", "blood. arm"]),
        ("blood & arm", ["arm a b c d blood"], ["arm. blood"]),
        ("(cat | big dog) food", ["cat food", "big dog food"], ["dog food"]),
    ],
)
def test_language(tmp_path: Path, say: str, yes: list[str], no: list[str]) -> None:
    watch_list = load(tmp_path, say)
    assert [text for text in yes if not watch_list.read(text).found] == []
    assert [text for text in no if watch_list.read(text).found] == []


@pytest.mark.parametrize(
    ("say", "complaint"),
    [
        ("i <nothing> go", "no class is called <nothing>"),
        ("(cat | dog", "not closed"),
        ("cat )", "never opened"),
        ("a ..99 b", "a gap is 1 to"),
        ("[maybe]", "could match anything"),
        ("cat | | dog", "alternative is empty"),
        ("what?!", "cannot read"),
        ("& cat", "something before and after"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, say: str, complaint: str) -> None:
    with pytest.raises(PhraseError, match=complaint):
        load(tmp_path, say)


def test_a_folder_without_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhraseError, match=r"words\.yaml"):
        load_watchlist(tmp_path)


def test_a_family_may_have_further_files_and_a_part_of_none_is_refused(tmp_path: Path) -> None:
    phrase = "phrases: [{id: %s, say: [%s], match: [%s], not: [x]}]"
    (tmp_path / "words.yaml").write_text("version: '1'\ndate: 2026-11-27\n", "utf-8")
    (tmp_path / "one.yaml").write_text(f"family: one\nroute: page\ntitle: 1\n{phrase % ('a', 'cat', 'cat')}", "utf-8")
    (tmp_path / "more.yaml").write_text(f"part_of: one\n{phrase % ('b', 'dog', 'dog')}\n", "utf-8")
    verdict = load_watchlist(tmp_path).read("a dog")
    assert (verdict.route, verdict.families) == ("page", ("one",))
    (tmp_path / "more.yaml").write_text(f"part_of: two\n{phrase % ('b', 'dog', 'dog')}\n", "utf-8")
    with pytest.raises(PhraseError, match="does not have: two"):
        load_watchlist(tmp_path)
    (tmp_path / "more.yaml").write_text(f"part_of: one\nroute: page\n{phrase % ('b', 'dog', 'dog')}\n", "utf-8")
    with pytest.raises(PhraseError, match="route belongs in the family's own file"):
        load_watchlist(tmp_path)


def test_the_default_list_is_kept_and_has_a_version() -> None:
    assert load_watchlist() is load_watchlist()
    assert load_watchlist().version
