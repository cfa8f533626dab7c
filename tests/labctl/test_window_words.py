"""No sentence that a window can show names an option or a command: every sentence of the library is read here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from labctl.window_words import TABLE, in_window, told_in_window

ROOT = Path(__file__).parents[2]
LIBRARY = ("labctl", "instruments", "procedures")
NOT_SEEN = (
    "labctl/cli", "labctl/__main__.py", "labctl/api.py", "labctl/dialogue", "labctl/elsewhere", "labctl/checkup",
    "labctl/supervision", "labctl/reproduction", "labctl/junction_sizes.py", "labctl/window_words.py",
)  # fmt: skip
"""Whose sentences only a terminal or Python shows."""
ON_PURPOSE = (
    "labctl/gui/main.py", "labctl/service/own_lab.py",  # start processes of labctl
    "labctl/gui/queue_rows.py", "labctl/gui/queue_actions.py",  # "Copy command" is for terminals
    "labctl/desk/checks.py",  # looks for the option in a sentence
)  # fmt: skip
"""Where an option stands that is no part of a sentence, or is meant as one."""
COMMAND = re.compile(
    r"(?<![\w-])--[a-z]|`labctl |\blabctl (?:run|resume|analyse|simulate|queue|worker|list)\b|(?<!\S)-p "
)
FILLED = {
    "labctl/remote.py": {"option": "--seed", "kind": "sample"},
    "labctl/catalogue_filters.py": {"option": "--result"},
    "labctl/service/client.py": {"option": "--station 7"},
    "labctl/records.py": {"option": "--station"},
}  # fmt: skip
"""File -> what stands for a value in its sentences where that is an option; 7 for all others."""

LAB = (
    "the lab of /q/lab.json has the sample 'a', but the run is for 'b'; add --sample a, or start another lab with "
    "`labctl simulate --sample 'b'`"
)

LAB_IN_WINDOW = (
    "the simulated station has the sample 'a', and the run is for 'b'; choose 'a', or begin a lab with 'b' (Sample)"
)


def _text(node: ast.expr, filled: Mapping[str, str]) -> str | None:
    """Return the text of an expression, its values filled in; None of what is no text."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, filled) or "7" for part in parts)
        case ast.FormattedValue(value=value):
            return filled.get(ast.unparse(value), "7")
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = _text(left, filled), _text(right, filled)
            return None if one is None or other is None else one + other
        case _:
            return None


def _texts(source: str, filled: Mapping[str, str]) -> Iterator[str]:
    """Yield the texts of a file that are no docstrings, each as a whole."""
    tree = ast.parse(source)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and id(node) not in inner and (text := _text(node, filled)) is not None:
            inner |= {id(each) for each in ast.walk(node)}
            yield text


def _is_sentence(text: str) -> bool:
    """Whether it is more than a word with which a program is started."""
    return len(text.split()) > 2 and not re.match(r"--\w+=", text)


@cache
def sentences() -> tuple[tuple[str, str], ...]:
    """Return the library's texts that name an option or a command, each with its file."""
    found: list[tuple[str, str]] = []
    for folder in LIBRARY:
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            if not name.startswith((*NOT_SEEN, *ON_PURPOSE)):
                source = file.read_text(encoding="utf-8")
                if "--" in source or "labctl " in source or "-p " in source:
                    texts = _texts(source, FILLED.get(name, {}))
                    found += [(name, text) for text in texts if _is_sentence(text) and COMMAND.search(text)]
    return tuple(found)


def test_no_option_and_no_command_is_left_in_a_sentence() -> None:
    left = [f"{name}: {in_window(text)}" for name, text in sentences() if COMMAND.search(in_window(text))]
    assert not left, "\n".join(left)
    assert len(sentences()) > 60  # they were found


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in TABLE])
def test_every_entry_fits_a_sentence_of_the_library(pattern: str) -> None:
    assert any(re.search(pattern, text) for _, text in sentences()), f"{pattern} fits none any more: delete it"


def test_a_sentence_is_written_anew_only_once() -> None:
    assert [text for _, text in sentences() if in_window(in_window(text)) != in_window(text)] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "'x' is a Hall bar; name another sample with --sample, or take another experiment (`labctl list`)",
            "'x' is a Hall bar; choose another sample (Sample), or another experiment (Measure)",
        ),
        (
            LAB,
            LAB_IN_WINDOW,
        ),
        ("look at sample and leads (labctl run contact-check)", "look at sample and leads (contact-check)"),
        ("it changed; run labctl run contact-check", "it changed; run contact-check"),
        (
            'permit it with --override resistance_change="12 %"',
            'permit it with resistance_change="12 %" (Run, Limits)',
        ),
        (
            "--override current=120 mA is beyond what the source gives",
            "current=120 mA (Run, Limits) is beyond what the source gives",
        ),
        ("permit it with --override unguarded=smu.", "permit it with unguarded=smu (Run, Limits)."),
        ("the lab has ended -- nothing was sent", "the lab has ended -- nothing was sent"),
    ],
)
def test_what_the_window_says_instead(text: str, said: str) -> None:
    assert in_window(text) == said


def test_what_a_worker_tells_keeps_all_but_its_sentences() -> None:
    asked = {"procedure": "ahe", "notes": "as labctl run ahe"}
    told = {"items": [{"asked": asked, "error": "end it: `labctl queue abort`", "run": None}], "why": ""}
    told["items"][0]["error"] = "carry it on with `labctl resume`"  # type: ignore[index]
    said = told_in_window(told)
    assert said == {"items": [{"asked": asked, "error": "carry it on (Queue, Again)", "run": None}], "why": ""}
