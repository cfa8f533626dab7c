"""`labctl doctor`: what is there, what is wrong, and what to do."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path

import typer

from instruments.errors import UsageError
from labctl.cli import output

MARKS = {"ok": "ok", "warning": "warning", "fault": "FAULT"}
COLOURS = {"ok": typer.colors.GREEN, "warning": typer.colors.YELLOW, "fault": typer.colors.RED}


def doctor(*, station: str, simulate: bool, sample: str, out: Path, json: bool) -> None:
    """Print what was looked at, and at the end what is wrong; exit with 2 if something is.

    Raises:
        UsageError: `--simulate` without a station.
    """
    from labctl.checkup import Finding, examine

    if simulate and not station:
        raise UsageError("--simulate says which twin to ask; name its station with --station, e.g. --station ppms")
    found: list[Finding] = []
    for finding in examine(station, simulate=simulate, sample=sample, out=out):
        found.append(finding)
        if not json and finding.state == "ok" and not _is_version(finding.what):
            _show(finding.subject, finding.state, finding.what, finding.do)
    faults = sum(finding.state == "fault" for finding in found)
    warnings = sum(finding.state == "warning" for finding in found)
    if json:
        output.print_json({
            "findings": [asdict(finding) for finding in found], "faults": faults, "warnings": warnings,
        })  # fmt: skip
    else:
        fit = [finding for finding in found if finding.state == "ok" and _is_version(finding.what)]
        _show("versions", "ok", ", ".join(f"{finding.subject} {finding.what}" for finding in fit), "")
        output.line()
        for state in ("warning", "fault"):
            for finding in found:
                if finding.state == state:
                    _show(finding.subject, finding.state, finding.what, finding.do)
        output.line(_verdict(faults, warnings))
    raise typer.Exit(UsageError.exit_code if faults else 0)


def _is_version(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\w+)+", text) is not None


def _verdict(faults: int, warnings: int) -> str:
    said = [f"{count} {word}{'s' * (count > 1)}" for count, word in ((faults, "fault"), (warnings, "warning")) if count]
    return " and ".join(said) if said else "everything is well"


def _show(subject: str, state: str, what: str, do: str) -> None:
    """Print a finding; on a terminal coloured and wrapped, elsewhere one line."""
    lead = f"{MARKS[state]:8}{subject:20} "
    text = f"{what}; {do}" if do else what
    if not sys.stdout.isatty():
        output.line(lead + text)
        return
    width = max(60, shutil.get_terminal_size((80, 24)).columns)
    lines = textwrap.wrap(lead + text, width, subsequent_indent=" " * len(lead), break_on_hyphens=False)
    output.line(typer.style(lines[0][:8], fg=COLOURS[state]) + lines[0][8:])
    for line in lines[1:]:
        output.line(line)
