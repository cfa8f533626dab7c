"""Slips in a class of one's own: each is one sentence before anything is sent, with code 2 and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.cli.main import run_command

WRITTEN = """\
from labctl import Probe, Procedure, Quantity
from labctl.reversal import COLUMNS


class Loop(Procedure):
    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = (*COLUMNS,)
    field = Quantity("20 mT", "Field")
    probe = Probe()

    def demands(self):
        return {"field": self.field}

    def execute(self):
        for reading in self.steps(fields=[self.field], rate=0.01):
            self.record(**reading)
"""


def refused(folder: Path, capsys: pytest.CaptureFixture[str], text: str, code: int = 2) -> str:
    """Run a file that must not run, and return the one sentence."""
    (folder / "loop.py").write_text(text)
    assert run_command(["run", str(folder / "loop.py"), "--simulate", "--out", str(folder / "runs")]) == code
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert not (folder / "runs").exists()
    return said.err


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        (
            "def execute",
            "def exceute",
            "loop.py, line 14: it has no execute(), so there is nothing to run; is exceute mea",
        ),
        (
            "    def execute",
            "    def measure",
            "loop.py, Loop: it has no execute(), so there is nothing to run; write def",
        ),
        (
            "DATA_COLUMNS",
            "DATA_COLUMN",
            "loop.py, Loop: its DATA_COLUMNS is empty; is DATA_COLUMN meant for DATA_COLUMNS",
        ),
        (
            "(*COLUMNS,)",
            '("Field")',
            "loop.py, Loop: DATA_COLUMNS is the text 'Field', but must be a list; write DATA_C",
        ),
        (
            '"cryostat")',
            '"cryostta")',
            "loop.py, Loop: 'cryostta' is not a role; did you mean 'cryostat'? roles are so",
        ),
        (
            '("source", "voltmeter", "cryostat")',
            '("source")',
            "roles is the text 'source', but must be a list; write role",
        ),
        ('roles = ("source", "voltmeter", "cryostat")', "", 'does not ask for; write roles = ("source", "voltmeter")'),
        (
            '{"field"',
            '{"feild"',
            "loop.py, line 11: demands() names 'feild', but no limit is called so; did you mean 'fi",
        ),
        (
            "self.field}",
            "None}",
            "loop.py, line 11: demands() gives None for 'field', but must give a finite number in T",
        ),
        (
            '"20 mT"',
            "0.02",
            "loop.py, line 8: the default of this Quantity is 0.02, without a unit; write a text with it",
        ),
        (
            '"20 mT"',
            '"20"',
            "loop.py, line 8: the default of this Quantity, '20', has no unit; write it behind the numb",
        ),
    ],
)
def test_a_slip_is_refused_with_what_is_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], right: str, wrong: str, sentence: str
) -> None:
    assert right in WRITTEN
    assert sentence in refused(tmp_path, capsys, WRITTEN.replace(right, wrong, 1))


def test_what_demands_raises_is_said_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(tmp_path, capsys, WRITTEN.replace("self.field}", "self.feild}"), code=1)
    assert (
        said == "error: demands() failed: AttributeError: 'Loop' object has no attribute 'feild' (loop.py, line 12)\n"
    )


def test_a_class_that_is_lost_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(tmp_path, capsys, WRITTEN + "\n\nclass Loop(Procedure):\n    pass\n")
    assert "loop.py, line 19: a second class Loop takes the place of the one in line 5; give one of them" in said


def test_a_station_whose_driver_is_not_there_is_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path("data/stations/ppms.toml").read_text().replace("ppms6000", "another")
    (tmp_path / "station.toml").write_text(text)
    words = ["run", "ahe", "--simulate", "--station", str(tmp_path / "station.toml"), "--out", str(tmp_path / "runs")]
    assert run_command(words) == 2
    assert "cannot be used here, because of its cryostat: there is no driver 'another'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("(**reading)", "(**reading, Foo=1)", "record() was given 'Foo', which is not among the columns of data.csv"),
        ("(*COLUMNS,)", '(*COLUMNS, "Branch")', "record() was given no value for the column 'Branch'"),
        ("self.record(", "self.source.source_current = 0.01; self.record(", "the current would be 10 mA"),
    ],
)
def test_what_labctl_says_of_a_line_of_theirs_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], right: str, wrong: str, sentence: str
) -> None:
    (tmp_path / "loop.py").write_text(WRITTEN.replace(right, wrong, 1))
    code = run_command(["run", str(tmp_path / "loop.py"), "--simulate", "--out", str(tmp_path / "runs")])
    said = capsys.readouterr().err
    assert code == (4 if "current" in sentence else 2)
    assert sentence in said
    assert said.endswith("(loop.py, line 16)\n")


def test_an_instrument_that_was_not_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "loop.py").write_text(WRITTEN.replace(', "cryostat")', ")"))
    assert run_command(["run", str(tmp_path / "loop.py"), "--simulate", "--out", str(tmp_path / "runs")]) == 2
    said = capsys.readouterr().err
    assert "it uses the cryostat, which it did not ask for: add 'cryostat' to its roles" in said
    assert 'roles = ("source", "voltmeter", "cryostat") (loop.py, line 15)' in said


def test_a_run_without_a_row_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "loop.py").write_text(WRITTEN.replace("self.record(**reading)", "pass"))
    assert run_command(["run", str(tmp_path / "loop.py"), "--simulate", "--out", str(tmp_path / "runs")]) == 0
    assert (
        "warning: no row was recorded: execute() came to its end without calling self.record" in capsys.readouterr().err
    )


def test_a_probe_current_without_its_unit_is_refused_by_the_current_not_by_kilovolts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["run", "ahe", "--simulate", "--out", str(tmp_path), "-p"]
    for given in ("80", "800"):  # 800 A would also be beyond the voltmeter
        assert run_command([*asked, f"probe_current={given}"]) == 4
        said = capsys.readouterr().err
        assert said.startswith(f"error: the probe current would be {given} A, above the limit of sample 'cotb2025'")
        assert "the source gives 105 mA at most" in said
        assert "--override" not in said
    assert run_command([*asked, "probe_current=80"]) == 4
    assert capsys.readouterr().err.rstrip().endswith("or was the unit left out, as in 80 uA?")
    assert run_command([*asked, "probe_current=80 A"]) == 4
    assert capsys.readouterr().err.rstrip().endswith("; choose a value within the limit")
    over = ["run", "ahe", "--simulate", "--out", str(tmp_path), "--over"]
    assert run_command([*over, "probe_current=80, 90"]) == 4
    assert capsys.readouterr().err.rstrip().endswith("or was the unit left out, as in 80 uA?")
