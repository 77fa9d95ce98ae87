"""The plan kept beside the list: used only when it is whole and of exactly this list."""

import os
from pathlib import Path

from companion.escalation import store
from companion.escalation.watchlist import load_watchlist

LIST = """
version: "1"
date: 2026-01-01
families:
  - {family: test, route: page, title: Test, phrases: [{id: only, say: ["SAY"], match: [x], not: [x]}]}
"""


def test_a_kept_plan_is_never_stale_and_never_needed(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(LIST.replace("SAY", "red fish"), "utf-8")
    assert load_watchlist(path).read("a red fish").found
    [kept] = (tmp_path / "__pycache__").iterdir()
    whole = kept.read_bytes()
    assert load_watchlist(path).read("a red fish").found

    path.write_text(LIST.replace("SAY", "blue fish"), "utf-8")
    os.utime(path, (0, 0))  # older than the kept plan: only what is in the file counts
    watch_list = load_watchlist(path)
    assert (watch_list.read("a red fish").found, bool(watch_list.read("a blue fish").found)) == ((), True)
    [now] = (tmp_path / "__pycache__").iterdir()
    assert now.name != kept.name

    for broken in (b"", whole, now.read_bytes()[:-9], now.read_bytes()[:-1] + b"?", b"\xff\n{}"):
        now.write_bytes(broken)
        assert load_watchlist(path).read("a blue fish").found


def test_a_folder_that_cannot_be_written_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(LIST.replace("SAY", "red fish"), "utf-8")
    (tmp_path / "__pycache__").write_text("in the way of a folder", "utf-8")
    assert load_watchlist(path).read("a red fish").found
    assert store._FOLDER == "__pycache__"  # where .gitignore and uninstalling look for it
