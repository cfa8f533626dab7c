"""Names of the drivers in runs: a wrong one ends the run, and labctl's own code has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.cli.main import run_command
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.pytest_plugin import SimulatedStation
from labctl.reversal import COLUMNS

RAW = """\
from labctl import Procedure


class Raw(Procedure):
    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = ("Voltage (V)",)

    def execute(self):
        self.{setting} = 0.001
        self.record(**{{"Voltage (V)": self.voltmeter.voltage}})
"""


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("source.current", "did you mean source_current?"),
        ("voltmeter.nplc", "did you mean voltage_nplc?"),
        ("voltmeter.ch_1.voltage_rnge", "did you mean voltage_range?"),
        ("cryostat.field", "call set_field(...)"),
    ],
)
def test_a_wrong_name_ends_the_run_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str, hint: str
) -> None:
    (tmp_path / "raw.py").write_text(RAW.format(setting=setting))
    assert run_command(["run", str(tmp_path / "raw.py"), "--simulate", "--out", str(tmp_path / "runs")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert hint in said
    assert said.endswith("(raw.py, line 9)\n")


class Filtered(Procedure):
    """Reads with the source's filter left on by somebody before."""

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = (*COLUMNS, "Filter")
    probe = Probe()

    def startup(self) -> None:
        self.source.source_filter_enabled = True
        super().startup()

    def execute(self) -> None:
        self.record(**self.read(), Filter=int(self.source.source_filter_enabled))


def test_the_probe_turns_the_sources_filter_off(simulated_station: SimulatedStation) -> None:
    assert simulated_station(Filtered).rows["Filter"].tolist() == [0]
