"""A computer that writes numbers with a comma: the same bytes, read as the same numbers."""

from __future__ import annotations

import locale
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.simulated import QUICK, Simulate

COMMAS = ("de_DE.UTF-8", "fr_FR.UTF-8", "German_Germany.1252")


@pytest.fixture
def comma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The first setting with a comma that this system has, or can make."""
    made = tmp_path / "locales" / COMMAS[0]
    if shutil.which("localedef"):
        made.parent.mkdir()
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(made)], capture_output=True, check=False)
    before = locale.setlocale(locale.LC_ALL)
    if made.is_dir():
        monkeypatch.setenv("LOCPATH", str(made.parent))
    for name in COMMAS:
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        break
    else:
        pytest.skip("this system knows no setting with a decimal comma")
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, before)


@pytest.mark.endurance  # to make a setting takes a while
@pytest.mark.usefixtures("comma")
def test_files_do_not_depend_on_the_computers_decimal_sign(simulate: Simulate) -> None:
    assert locale.format_string("%g", 1.5) == "1,5"
    there = simulate(**QUICK)
    locale.setlocale(locale.LC_ALL, "C")
    here = simulate(**QUICK)
    assert there.outcome.status == here.outcome.status == "finished"
    for name in ("data.csv", "result.json"):
        assert (there.directory.path / name).read_bytes() == (here.directory.path / name).read_bytes()
    assert len(there.rows) == len(here.rows) > 50
