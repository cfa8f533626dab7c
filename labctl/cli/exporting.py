"""`labctl export`: a run in a file of another form."""

from __future__ import annotations

from pathlib import Path

from labctl.cli import output


def export(run: Path, *, to: str, out: Path | None, json: bool) -> None:
    """Write the file and say which."""
    from labctl.api import folder_of
    from labctl.export.writing import export as write
    from labctl.export.writing import form_of

    form = form_of(to, out)
    folder = run if run.exists() else folder_of(str(run), Path("runs"))
    target, warnings = write(folder, form, out)
    if json:
        said = {"run": str(folder), "to": form, "file": str(target), "bytes": target.stat().st_size}
        output.print_json({**said, "warnings": warnings, "error": None})
    else:
        output.line(f"file: {target}")
    for warning in warnings:
        output.complain(f"warning: {warning}")
