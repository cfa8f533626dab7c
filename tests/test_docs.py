"""The documentation as pages: every page, link, heading and documented name is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.sources import ROOT

LOST = "[a page](no-such-page.md)"


def build(source: Path, into: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Build the pages as the first line of docs/conf.py says, or with options beside it."""
    # What pymeasure would log of packages that are not installed is none of the documentation's.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", *options, str(source), str(into)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_it_builds_without_a_warning_and_every_procedure_is_in_it(tmp_path: Path) -> None:
    # The theme has no say in what is found, and takes a third of the time; the page below is built with it.
    done = build(ROOT / "docs", tmp_path, "-D", "html_theme=basic")
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "reference" / "procedures.html").read_text(encoding="utf-8")
    for module, name in re.findall(r'"(procedures\.\w+):(\w+)"', (ROOT / "procedures" / "listing.py").read_text()):
        assert f'id="{module}.{name}"' in reference, f"docs/reference/procedures.md does not name {module}.{name}"


def test_a_lost_link_fails(tmp_path: Path) -> None:
    pages = tmp_path / "docs"
    pages.mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", pages)
    (pages / "contents.md").write_text(f"# labctl\n\n{LOST}\n", encoding="utf-8")
    done = build(pages, tmp_path / "html")
    assert done.returncode != 0
    assert "no-such-page" in done.stderr
