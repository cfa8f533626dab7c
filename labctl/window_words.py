"""What a window says where the command line names its options and commands: a place in the window that does the same.

All sentences of the library are written for the command line; here, and nowhere else, they are written anew for people
who have none. A test reads every sentence of the library; it fails where an option or a command is left in one, and
where an entry fits none any more.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

_WORD = r"""\.\.\.|[^\s;,:")]+?(?=\.?(?:[\s;,:")]|$))"""
_VALUE = rf"""(?:"[^"]*"|'[^']*'|(?:{_WORD})(?: \S{{1,6}}(?= (?:is|must|has)\b))?)"""
"""Of a limit, with its unit."""
_LAB_GONE = "end its worker, and begin another one (Station)"

TABLE: tuple[tuple[str, str], ...] = (
    # limits that are replaced
    (rf"--override ((?:\w+=)?{_VALUE})", r"\1 (Run, Limits)"),
    # parameters and series
    (r"give it with -p \w+=\.\.\.", "give it there"),
    (r"give only one of -p and --over", "give either a value or a series"),
    (r"(?<![\w-])-p (?=['\"\w])", ""),
    (r"--result (?=\S)", ""),
    (r"--date (?=\S)", ""),
    (r"measure one with --over", "measure one (Measure, Series)"),
    (r'give a list with --over \w+="\.\.\." \(in Python [^)]*\)', "give a list (Measure, Series)"),
    (r"--over (?=\S)", ""),
    (r"measure without --rehearse where", "leave out the rehearsal (Run) where"),
    # experiments
    (r"`?\blabctl run ([\w-]+)`?", r"\1"),
    (
        r"name another sample with --sample, or take another experiment \(`labctl list`\)",
        "choose another sample (Sample), or another experiment (Measure)",
    ),
    # records
    (r"name it with --sample \(`labctl list` shows the shipped ones\)", "choose one (Sample)"),
    (r"`labctl list` shows what there is", "the window's lists show what there is"),
    (r"by which --sample finds it", "by which it is found"),
    (r"which goes with --\w+", "which is chosen elsewhere"),
    (r"(?<!\S)--set (?=\S)", ""),
    (r" \(`labctl sample show \w+` names that file\)", ""),
    (r", or --electrode\)", ")"),
    # runs
    (r"carry (it|the run) on with `labctl resume`", r"carry \1 on (Queue, Again)"),
    (r" \(`labctl doctor` says how\)", ""),
    (r"`labctl analyse [^`]*` does it", "Analyse again does it (History)"),
    (r"`labctl analyse [^`]*`", "analyse it again (History)"),
    (
        r"name a folder (on a disk of this computer) with --out, and (.*), or insist with --any-folder",
        r"open the window with a folder for its runs \1, and \2",
    ),
    (r"name another folder with --out", "open the window with another folder for its runs"),
    (r"name another file with --out, or that one to replace it", "name another file"),
    (r"name another place with --out", "name another place"),
    (r"(?<!\S)--to is", "the kind of file is"),
    (r"give --to with one of", "choose one of"),
    (r"that `labctl export --to zip` packed", "that was exported as zip"),
    # simulation
    (r"to measure, leave --simulate", "to measure, open the station itself (Station, Another station)"),
    (r"rehearse from a fresh state with --simulate", "rehearse where the station is simulated"),
    (r"on the simulated (lab|twin) with --simulate", r"on the simulated \1 (Station, Another station)"),
    (r"or --station a file with", "or choose a station with"),
    (r"(?<!\S)--seed is (.*?); leave --seed out, or start another lab with `labctl simulate [^`]*`",
     r"the seed is \1; leave it out (Run, Seed)"),
    (r"the lab of .* has the (sample|station) (.*?), but the run is for (.*?); add --\w+ [^,]+, or start .*`",
     r"the simulated station has the \1 \2, and the run is for \3; choose \2, or begin a lab with \3 (Sample)"),
    (r"; start it with `--sample-seed [^`]*`", "; it goes on in a lab with that seed alone"),
    (r"start (?:it|the lab) again with `labctl simulate`(?: and keep its new line)?", _LAB_GONE),
    (r"give the file that holds the (?:whole )?line which `labctl simulate` printed", _LAB_GONE),
    (r"give the file that `labctl simulate --clock-file` made", _LAB_GONE),
    (r"start it with `labctl simulate --clock-file FILE` for one that can be changed",
     "a lab that the window has begun has one that can be changed"),
    (r"start the worker with --clock scaled for a speed", "a worker that the window has begun has a speed"),
    # worker and queue
    (r"`labctl queue list` shows them", "the list shows them (Queue)"),
    (r"\(`labctl queue abort`\)", "(Queue, Abort run)"),
    (r"start (one|it again) with `labctl worker[^`]*`", r"begin \1 (Station, Begin a worker)"),
    (r"another worker serves the queue in (.*); end it first, or name another --queue",
     r"another worker serves the queue in \1; end it first"),
    (r"name another --queue", "see that the folder can be written"),
    (r"name another one with --queue", "see that its folder can be written"),
    (r"choose another --port or --host", "see what else uses it"),
    (r" \(--carried-on\)", ""),
    (r"the queue of `labctl worker`", "the queue of a worker"),
)  # fmt: skip
"""Pattern of the command line's words -> what the window says instead; one after the other, in this order."""

_TABLE = tuple((re.compile(pattern), said) for pattern, said in TABLE)
_MARKS = ("--", "-p ", "labctl ")
"""One of these stands in each sentence that has to be written anew."""


def needs_window(text: str) -> bool:
    """Whether there may be something in a text that the window says otherwise."""
    return any(mark in text for mark in _MARKS)


def in_window(text: str) -> str:
    """Return a sentence of the library as the window says it; one that needs no command line stays as it is."""
    if needs_window(text):
        for pattern, said in _TABLE:
            text = pattern.sub(said, text)
    return text


def read_in_window(text: str) -> Any:
    """Return what a text of JSON holds, with its sentences as the window says them.

    A long queue takes twenty times as long to be gone through as to be searched for what has to be written anew.

    Raises:
        ValueError: It is no JSON.
    """
    content = json.loads(text)
    return told_in_window(content) if needs_window(text) else content


SENTENCES = frozenset({
    "about", "advice", "error", "faults", "note", "others", "remarks", "sentence", "violations", "warnings", "why",
    "wrong",
})  # fmt: skip
"""Keys of what workers and desks tell below which there are sentences."""


def told_in_window(content: Any, *, sentence: bool = False) -> Any:
    """Return what a worker or a desk tells with its sentences as the window says them, and all else as it is.

    Args:
        content: As JSON holds it.
        sentence: Whether a text in it is a sentence.
    """
    if isinstance(content, str):
        return in_window(content) if sentence else content
    if isinstance(content, dict):
        table = cast("dict[str, Any]", content)
        return {key: told_in_window(value, sentence=sentence or key in SENTENCES) for key, value in table.items()}
    if isinstance(content, list):
        return [told_in_window(each, sentence=sentence) for each in cast("list[Any]", content)]
    return content
