"""What tests of all folders share."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from labctl import figures, paths
from tests.pictures import once_of_each
from tests.simulated import Simulate, capture_labs

gc.disable()  # until all tests are collected


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the processes of `-n auto`: one more than processors, since tests also wait for programs and windows."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """What is collected stays to the end, thousands of tests: no search for garbage need look through it again."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """What holds on this computer lies elsewhere for the tests and all programs that they start."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.STATE, str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def coarse_pictures(request: pytest.FixtureRequest) -> Generator[None]:
    """Figures are drawn with all that is in them, but on fewer dots, and of each make one: few are looked at.

    Together with the long forms each is drawn.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "DPI", 50)
        if request.config.option.markexpr == "not endurance":
            patch.setattr(figures, "save", once_of_each(figures.save))
        yield


@pytest.fixture(scope="session", autouse=True)
def disk_not_waited_for(request: pytest.FixtureRequest) -> Generator[None]:
    """Files are written, but not seen onto the disk, which takes 2 ms each time: no test switches the computer off.

    Together with the long forms the disk is waited for.
    """
    with pytest.MonkeyPatch.context() as patch:
        if request.config.option.markexpr == "not endurance":
            patch.setattr(os, "fsync", _is_open)
        yield


def _is_open(file: int) -> None:
    """Fail as `os.fsync` does where a file is closed."""
    os.fstat(file)


@pytest.fixture
def simulate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulate:
    """Carry procedures out on simulated stations; the runs lie below `tmp_path / "runs"`."""
    return Simulate(tmp_path / "runs", capture_labs(monkeypatch))
