"""The fixture `simulated_station`, as somebody uses it in a folder of his own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from labctl.pytest_plugin import SimulatedStation
from procedures.ahe import AnomalousHallLoop
from tests.labctl.somebodys import LABCTL_LOOP

THEIR_TESTS = """\
import pytest

from labctl.testing import assert_resumable
from mine import StepLoop


def test_the_loop(simulated_station):
    run = simulated_station(StepLoop, largest="0.1 T")
    assert run.status == "finished"
    assert run.rows["Field (T)"].tolist() == pytest.approx([0.1, 0.0, -0.1], abs=2e-3)
    assert run.value("swing") == pytest.approx(0.150, abs=0.003)
    assert run.ask("source", ":OUTP?") == "0"
    assert run.current() == 0.0
    assert (run.path / "figure.png").exists()


def test_the_file(simulated_station):
    run = simulated_station("mine.py", largest="20 mT", seed=3)
    assert run.rows.attrs["parameters"]["largest"] == 0.02


def test_it_is_refused(simulated_station):
    refused = simulated_station(StepLoop, largest="12 T", check=False)
    assert refused.status == "refused"
    with pytest.raises(Exception, match="above the limit"):
        simulated_station(StepLoop, largest="12 T")


def test_that_fails(simulated_station):
    assert simulated_station(StepLoop, largest="20 mT").value("no_such_result") == 0
"""


def test_the_fixture_in_a_folder_outside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(LABCTL_LOOP)
    (tmp_path / "test_mine.py").write_text(THEIR_TESTS)
    load = [] if _installed_as_plugin() else ["-p", "labctl.pytest_plugin"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *load, "--basetemp", tmp_path / "scratch"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed" in ended.stdout, ended.stdout
    assert "1 failed" in ended.stdout
    assert "no_such_result" in ended.stdout


def _installed_as_plugin() -> bool:
    from importlib.metadata import entry_points

    return "labctl.pytest_plugin" in {point.value for point in entry_points(group="pytest11")}


def test_loading_the_plugin_costs_nothing() -> None:
    """Every pytest in the environment loads it, whatever is tested there."""
    code = (
        "import pytest, sys; before = set(sys.modules); import labctl.pytest_plugin; "
        "print(*sorted(name for name in set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["labctl", "labctl.pytest_plugin"]


def test_a_test_can_look_behind_the_instruments(tmp_path: Path) -> None:
    run = SimulatedStation(tmp_path)(AnomalousHallLoop, maximum_field="20 mT", survey_rate="180 Oe/s")
    assert run.lab is not None
    assert run.lab.clock.now() == pytest.approx(run.result.lab_time_s, abs=5)
    assert run.ask("cryostat", "FIELD?").startswith("200,")  # Oe
    assert "KEITHLEY" in run.ask("voltmeter", "*IDN?")
    with pytest.raises(AssertionError, match="there is no microscope"):
        run.ask("microscope", "*IDN?")
    with pytest.raises(AssertionError, match="the source does not answer"):
        run.ask("source", "OUTP OFF")
    with pytest.raises(AssertionError, match="there is no result 'coercive_field'; did you mean 'coercive_field_"):
        run.value("coercive_field")
    with pytest.raises(AssertionError, match="coercive_field_up could not be given"):
        run.value("coercive_field_up")
