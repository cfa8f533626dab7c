from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from instruments.errors import UsageError
from labctl import guarding, one_file
from tests.sources import ROOT


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


# ---- what comes from elsewhere


@pytest.mark.parametrize("name", sorted(guarding.NEEDED))
def test_a_file_that_hides_what_labctl_needs_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text("raise SystemExit('this must not run')\n", encoding="utf-8")
    assert said_in(tmp_path).startswith(
        f"{tmp_path / name}.py stands in the way of the package {guarding.NEEDED[name]}, which labctl needs; give it"
    )


def test_a_package_that_hides_what_labctl_needs_is_named_unless_it_is_installed_there(tmp_path: Path) -> None:
    (tmp_path / "numpy").mkdir()
    assert said_in(tmp_path) == "None\n", "a folder that is no package comes last"
    (tmp_path / "numpy" / "__init__.py").touch()
    assert f"{tmp_path / 'numpy' / '__init__.py'} stands in the way of the package numpy" in said_in(tmp_path)
    (tmp_path / "numpy-2.0.0.dist-info").mkdir()
    assert said_in(tmp_path) == "None\n"


def test_what_labctl_needs_is_what_it_asks_to_be_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    wanted = [re.split(r"[^\w-]", text)[0].lower() for text in asked]
    assert sorted(map(str.lower, guarding.NEEDED.values())) == sorted(name for name in wanted if name != "labctl")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "ahe", "--simulate", "--json"]])
def test_the_command_line_says_it_before_it_loads_anything(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "pandas.py").write_text("raise RuntimeError('my pandas')\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "labctl", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: {tmp_path / 'pandas.py'} stands in the way of the package pandas")
    assert ended.stderr.count("\n") == 1
    if "--json" in arguments:
        assert f"error: {json.loads(ended.stdout)['error']}\n" == ended.stderr
    else:
        assert ended.stdout == ""


def test_it_stands_beside_a_procedure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("raise RuntimeError('not to be run')\n", encoding="utf-8")
    (tmp_path / "scipy.py").touch()
    monkeypatch.delitem(sys.modules, "scipy", raising=False)
    with pytest.raises(
        UsageError, match=r"scipy\.py stands in the way of .*: the folder of mine\.py is searched first"
    ):
        one_file.load(str(tmp_path / "mine.py"))
