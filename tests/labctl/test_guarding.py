from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from labctl import guarding


def said_in(folder: Path) -> str:
    """What the check says when Python is started in a folder."""
    code = "from labctl import guarding; print(guarding.in_the_way())"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_our_own_packages_are_recognised(tmp_path: Path) -> None:
    assert guarding.in_the_way() is None
    assert said_in(tmp_path) == "None\n"


def test_a_file_of_that_name_in_the_working_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "procedures.py").write_text("raise SystemExit('this must not run')\n", encoding="utf-8")
    sentence = said_in(tmp_path)
    assert sentence.startswith(f"another package stands in the way: 'procedures' is imported from {tmp_path}")
    assert "environment of its own" in sentence
    assert len(sentence.splitlines()) == 1


@pytest.mark.parametrize("source", ["__version__ = '1'\n", "\N{MICRO SIGN}".encode("latin-1")])
def test_a_package_of_that_name_is_named(tmp_path: Path, source: str | bytes) -> None:
    package = tmp_path / "instruments"
    package.mkdir()
    (package / "__init__.py").write_bytes(source if isinstance(source, bytes) else source.encode())
    assert f"'instruments' is imported from {package / '__init__.py'}" in said_in(tmp_path)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "PACKAGES", ("no_such_package_at_all",))
    assert guarding.in_the_way() == (
        "labctl's package 'no_such_package_at_all' is missing; install labctl again, in an environment of its own"
    )


def test_the_owner_of_a_foreign_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "PACKAGES", ("pytest",))
    sentence = guarding.in_the_way()
    assert sentence is not None
    assert sentence.startswith("the package pytest stands in the way: 'pytest' is imported from")
