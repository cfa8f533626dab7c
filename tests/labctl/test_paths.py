from __future__ import annotations

from pathlib import Path

import pytest

import labctl
from instruments.errors import UsageError
from labctl import paths


def test_a_checkout_has_its_data_beside_the_packages() -> None:
    assert labctl.__file__ is not None
    assert paths.data_folder() == Path(labctl.__file__).resolve().parent.parent / "data"


def test_a_wheel_has_its_data_inside(tmp_path: Path) -> None:
    package = tmp_path / "labctl"
    (package / "_data" / "stations").mkdir(parents=True)
    (tmp_path / "data" / "stations").mkdir(parents=True)  # somebody else's, beside an installed package
    assert paths.data_folder(package) == package / "_data"


def test_missing_data_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="install labctl again"):
        paths.data_folder(tmp_path / "labctl")


def test_names_are_those_of_the_files() -> None:
    assert list(paths.station_files()) == ["dynacool", "ppms", "versalab"]
    assert paths.sample_files()["cotb2025"].name == "cotb2025.toml"
    assert all(path.is_file() for path in (*paths.station_files().values(), *paths.sample_files().values()))
