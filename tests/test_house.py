"""The repository as a stranger finds it: texts that need nothing else, links and commands that work."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.sources import ROOT, project_files

LARGEST_FILE = 1_000_000  # bytes

HOSTS = ("pypi", "pythonhosted", "npmjs", "debian", "ubuntu")
ELSEWHERE = {
    # Written in pieces, so that this file passes its own test.
    "a folder that is not in the repository": re.compile(r"(?<![\w.-])shared" + r"/|/work" + r"/|/root" + r"/"),
    "a text that is not in the repository": re.compile(r"\bDESI" + r"GN(?:\.md| §)|(?i:\breference " + r"pages?\b)"),
    "a discussion that is not in the repository": re.compile(r"(?i)\b(?:issues?|tickets?) ?#?" + r"\d+\b"),
    "a package registry's address": re.compile(r"(?i)\b(?:" + "|".join(HOSTS) + r")\.(?:org|com|net)\b"),
}
NUMBER_SIGN = re.compile(r"(?<![\w(&/`])#\d+\b")
CODE = re.compile(r"^( *)(```+)([^\n]*)\n(.*?)^\1\2", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
ENVIRONMENT = re.compile(r"^(?:\./)?\.venv[/\\](?:bin|Scripts)[/\\]")

MARKDOWN = [path for path in project_files() if path.suffix == ".md"]


def name(path: Path) -> str:
    """Path in the repository, as test id and in messages."""
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    """Content of a text file; nothing for a file that is none."""
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8")


def prose(markdown: str) -> str:
    """Markdown without its code."""
    return INLINE_CODE.sub("", CODE.sub("", markdown))


def anchors(markdown: str) -> set[str]:
    """The names that GitHub gives to the headings."""
    found: set[str] = set()
    for heading in HEADING.findall(CODE.sub("", markdown)):
        words = LINK.sub(lambda link: link[0][link[0].index("[") + 1 : link[0].index("]")], heading)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        number = 0
        while (unique := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(unique)
    return found


def commands(markdown: str) -> list[list[str]]:
    """The words of every command that a text shows, without prompt and without the environment's folder.

    Every line of a block marked sh or powershell is one; in a block marked console those after a prompt are.
    """
    lines = [
        (language.strip(), line.strip())
        for _, _, language, block in CODE.findall(markdown)
        for line in block.splitlines()
        if line.strip() and not line.strip().startswith("#")
    ]
    shown = [line for language, line in lines if language in {"sh", "powershell"}]
    shown += [line[2:] for language, line in lines if language == "console" and line.startswith("$ ")]
    return [shlex.split(ENVIRONMENT.sub("", line)) for line in shown]


def test_no_file_is_large() -> None:
    assert [name(path) for path in project_files() if path.stat().st_size > LARGEST_FILE] == []


def test_no_text_needs_something_that_is_elsewhere() -> None:
    found = [
        f"{name(path)}:{number} names {what}: {match[0]}"
        for path in project_files()
        for number, line in enumerate(read(path).splitlines(), 1)
        for what, pattern in ELSEWHERE.items()
        if (match := pattern.search(line))
    ]
    found += [f"{name(path)} names {match}" for path in MARKDOWN for match in NUMBER_SIGN.findall(prose(read(path)))]
    assert found == []


@pytest.mark.parametrize("path", MARKDOWN, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    lost: list[str] = []
    for target in LINK.findall(prose(read(path))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        destination = (path.parent / file).resolve() if file else path
        if not destination.exists() or (anchor and anchor not in anchors(read(destination))):
            lost.append(target)
    assert lost == []


GROUPS = {"queue", "sample"}
"""Commands that consist of commands."""


@cache
def help_text(*words: str) -> str:
    """What `labctl ... --help` prints; fails when there is no such command."""
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    shown = subprocess.run(
        [sys.executable, "-m", "labctl", *words, "--help"], capture_output=True, text=True, env=environment, check=False
    )
    assert shown.returncode == 0, f"labctl {' '.join(words)}: {shown.stderr}"
    return shown.stdout


def mistakes(command: list[str]) -> list[str]:
    """What is wrong with a command that a text tells people to type; only our own programs are looked at."""
    program, *words = command
    if program.startswith("script/"):
        known = (ROOT / program).is_file() and os.access(ROOT / program, os.X_OK)
        return [] if known else [f"there is no program {program}"]
    if program != "labctl" or not words or words[0].startswith("-"):
        return []
    options = {word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)}
    named = words[: 2 if words[0] in GROUPS else 1]
    known_options = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", help_text(*named)))
    return [f"labctl {' '.join(named)} has no {option}" for option in sorted(options - known_options)]


@pytest.mark.parametrize("path", MARKDOWN, ids=name)
def test_commands_in_texts_exist(path: Path) -> None:
    assert [sentence for command in commands(read(path)) for sentence in mistakes(command)] == []


def test_readme_shows_its_two_commands() -> None:
    programs = [command[0] for command in commands(read(ROOT / "README.md"))]
    assert {"script/run", "script/test", "labctl"} <= set(programs)


def test_readers_of_texts_see_what_is_there() -> None:
    sample = (
        "# One *two* `three`\n## A [link](b.md)\n# One two three\n"
        '![p](p.png "t") [q](q.md#r) `[no](no.md)`\n'
        "```console\n$ script/run --seed 1\nprinted\n```\n```sh\n.venv/bin/labctl run ahe\n# why\n```\n"
    )
    assert anchors(sample) == {"one-two-three", "a-link", "one-two-three-1"}
    assert LINK.findall(prose(sample)) == ["b.md", "p.png", "q.md#r"]
    assert commands(sample) == [["labctl", "run", "ahe"], ["script/run", "--seed", "1"]]
    assert NUMBER_SIGN.findall(prose("see #12, not `#15` or [x](#3)")) == ["#12"]
    assert mistakes(["script/nothing"]) == ["there is no program script/nothing"]


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("a folder that is not in the repository", "as " + "shared" + "/notes says"),
        ("a text that is not in the repository", "see DESI" + "GN.md"),
        ("a discussion that is not in the repository", "closes issue" + " 7"),
        ("a package registry's address", "https://pypi" + ".org/simple"),
    ],
)
def test_a_text_that_needs_something_else_is_found(what: str, sentence: str) -> None:
    assert ELSEWHERE[what].search(sentence)
    assert not any(pattern.search("a shared library, by design") for pattern in ELSEWHERE.values())


@pytest.mark.parametrize("program", ["script/run", "script/test", ".ci/run"])
def test_scripts_can_be_started(program: str) -> None:
    path = ROOT / program
    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0
