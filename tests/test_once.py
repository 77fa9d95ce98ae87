"""What is dear to make is made by one thread, however many ask for it at one moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from companion.once import once


def test_eight_threads_that_ask_at_one_moment_get_what_one_of_them_made() -> None:
    together, made = Barrier(8), []

    @once
    def dear(name: str) -> object:
        made.append(name)
        return object()

    def ask() -> object:
        together.wait(10)
        return dear("words")

    with ThreadPoolExecutor(8) as threads:
        found = {id(each.result()) for each in [threads.submit(ask) for _ in range(8)]}

    assert made == ["words"]
    assert len(found) == 1
    assert dear("others") is not dear("words")


def test_an_error_is_told_and_not_kept() -> None:
    answers = iter((ValueError("the file is half written"), None))

    @once
    def dear() -> str:
        if problem := next(answers):
            raise problem
        return "whole"

    with pytest.raises(ValueError, match="half written"):
        dear()
    assert dear() == "whole"
