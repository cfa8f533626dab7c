"""`labctl doctor`: what is there, what is wrong, and what to do."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from instruments.errors import UsageError
from labctl.cli import output

MARKS = {"ok": "ok", "warning": "warning", "fault": "FAULT"}
COLOURS = {"ok": typer.colors.GREEN, "warning": typer.colors.YELLOW, "fault": typer.colors.RED}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the doctor was asked to look at.

    Attributes:
        station: Name or file of a station; "" for none.
        simulate: Whether its simulated twin is meant.
        lab: File with the addresses of a simulated lab that runs elsewhere.
        look_only: Whether nothing may be set.
        sample: Name or file of a sample record; "" for none.
        out: Folder that holds the runs.
    """

    station: str
    simulate: bool
    lab: Path | None
    look_only: bool
    sample: str
    out: Path

    def check(self) -> None:
        """Refuse what means nothing without a station.

        Raises:
            UsageError: An option wants a station, or two contradict each other.
        """
        given = {"--simulate": self.simulate, "--lab": self.lab is not None, "--look-only": self.look_only}
        option = next((name for name, there in given.items() if there), "")
        if option and not self.station:
            raise UsageError(f"{option} is about a station; name it with --station, e.g. --station ppms")
        if self.simulate and self.lab is not None:
            raise UsageError("--simulate makes a lab and --lab asks one that runs already; give one of them")


def doctor(asked: Asked, *, json: bool) -> None:
    """Print what was looked at, and at the end what is wrong; exit with 2 if something is.

    Raises:
        UsageError: An option wants a station, or two contradict each other.
    """
    from labctl.checkup import Finding, examine

    asked.check()
    found: list[Finding] = []
    findings = examine(
        asked.station, simulate=asked.simulate, sample=asked.sample, out=asked.out, lab=asked.lab, look=asked.look_only
    )
    for finding in findings:
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
    if not sys.stdout.isatty():
        output.line(lead + (f"{what}; {do}" if do else what))
        return
    width = max(60, shutil.get_terminal_size((80, 24)).columns)
    margin = " " * len(lead)
    lines = textwrap.wrap(lead + what, width, subsequent_indent=margin, break_on_hyphens=False)
    if do:
        lines += textwrap.wrap(
            do, width, initial_indent=f"{margin}-> ", subsequent_indent=f"{margin}   ", break_on_hyphens=False
        )
    output.line(typer.style(lines[0][:8], fg=COLOURS[state]) + lines[0][8:])
    for line in lines[1:]:
        output.line(line)
