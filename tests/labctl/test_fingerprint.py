"""Values of loops in words: the same in every process, other words for other values."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from labctl.fingerprint import fingerprint, shortened, words


class Nameless:
    """Has no words of its own."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (np.float64(0.1), "0.1"),
        (np.int64(3), "3"),
        (True, "True"),
        ("down", "'down'"),
        (("down", np.float64(-0.5)), "('down', -0.5)"),
        ([1, np.array([2.0, 3.0])], "[1, [2.0, 3.0]]"),
        (None, "None"),
    ],
)
def test_values_in_words(value: object, text: str) -> None:
    assert words(value) == text


def test_what_has_no_words_of_its_own_is_known_by_its_type() -> None:
    assert words(Nameless()) == words(Nameless())
    assert "0x" not in words(Nameless())


def test_any_other_loop_has_another_fingerprint() -> None:
    loops = [
        ([], "a", ["1", "2"]), ([], "b", ["1", "2"]), ([], "a", ["1", "2", "3"]), ([], "a", ["12"]),
        ([], "a", ["2", "1"]), ([("o", "1")], "a", ["1", "2"]), ([("o", "2")], "a", ["1", "2"]),
        ([("p", "1")], "a", ["1", "2"]),
    ]  # fmt: skip
    assert len({fingerprint(*loop) for loop in loops}) == len(loops)


def test_it_is_the_same_in_another_process() -> None:
    code = "from labctl.fingerprint import fingerprint; print(fingerprint([('s', '1')], 'a', ['0.1', 'x']))"
    root = Path(__file__).parents[2]
    asked = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True,
            text=True, check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]  # fmt: skip
    assert asked == [fingerprint([("s", "1")], "a", ["0.1", "x"])] * 2


def test_long_texts_are_cut() -> None:
    assert shortened("x" * 200) == "x" * 200
    assert len(shortened("x" * 201)) == 200
