"""Procedures that were written for pymeasure, unchanged, on a simulated station."""

from __future__ import annotations

import json
import math
import signal
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pymeasure.experiment import Results

import labctl
from instruments.clock import ScaledClock
from instruments.errors import BadValue, UnknownName, UsageError
from labctl import figures
from labctl.adopted import Adopted, adopt
from labctl.cli.main import run_command
from labctl.procedures import load_procedure
from labctl.pytest_plugin import SimulatedRun, SimulatedStation
from tests.labctl.somebodys import HELPER_OF_IV, PYMEASURE_IV
from tests.served import in_a_thread
from tests.simulated import ask

HEAD = "from pymeasure.experiment import *\nfrom pymeasure.experiment.parameters import *\nimport time, numpy as np\n"


@pytest.fixture(autouse=True)
def _quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn, but not written: that takes longer than the runs here."""
    monkeypatch.setattr(figures, "save", lambda _, path: path.write_bytes(b"drawn"))


@pytest.fixture
def iv(tmp_path: Path) -> Path:
    """The file of somebody's procedure, and the module that it needs beside it."""
    (tmp_path / "helper_of_iv.py").write_text(HELPER_OF_IV)
    (tmp_path / "iv.py").write_text(PYMEASURE_IV)
    return tmp_path / "iv.py"


@pytest.fixture
def station(tmp_path: Path) -> SimulatedStation:
    return SimulatedStation(tmp_path / "runs")


def written(folder: Path, body: str, *, columns: str = '["A (V)", "B"]', more: str = "") -> str:
    """A file with a procedure whose execute has this body."""
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    text = f"{HEAD}class P(Procedure):\n    DATA_COLUMNS = {columns}\n{more}    def execute(self):\n{lines}\n"
    (folder / "p.py").write_text(text)
    return str(folder / "p.py")


def events(run: SimulatedRun) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.path / "events.jsonl").read_text().splitlines()]


def test_a_current_voltage_curve_in_lab_time(iv: Path, station: SimulatedStation) -> None:
    begun = time.perf_counter()
    run = station(f"{iv}:IV", max_current="100 uA", delay="600 s")
    assert time.perf_counter() - begun < 30
    assert run.status == "finished"
    rows = run.rows
    assert rows["Current (A)"].tolist() == pytest.approx([0, 25e-6, 50e-6, 75e-6, 100e-6])
    voltages: list[float] = rows["Voltage (V)"].tolist()
    swing = voltages[-1] - voltages[0]
    assert swing == pytest.approx(24.5e-6, abs=0.5e-6)  # 0.17 ohm of misalignment and 75 mohm of Hall effect
    assert rows["Time (s)"].is_monotonic_increasing
    assert 3000 < rows["Time (s)"].iloc[-1] < 3030
    assert run.result.lab_time_s == pytest.approx(rows["Time (s)"].iloc[-1], abs=1)
    assert run.current() == 0.0  # its own shutdown leaves the source on
    assert run.ask("source", ":OUTP?") == "0"
    logged = [event["text"] for event in events(run) if event["event"] == "log"]
    assert logged == ["Connecting", "Finished"]
    assert (run.path / "figure.png").exists()
    assert run.path.name == "0001-iv-cotb2025-sim"


def test_in_a_lab_of_its_own_process_it_measures_the_same(iv: Path, station: SimulatedStation, tmp_path: Path) -> None:
    """Its instruments are found at the lab's addresses, its time is the lab's, and the source ends off there."""
    with in_a_thread(tmp_path / "lab.json", seed=7) as served:
        run = labctl.run(f"{iv}:IV", lab=tmp_path / "lab.json", out=tmp_path / "runs")
        assert served.lab.wiring.source.voltage() == 0.0
        assert ask(served.lab, served.lab.devices["source"], b"OUTP?\n") == b"0\n"
    assert run.simulated
    inside = station(f"{iv}:IV", seed=7).rows
    for column in ("Current (A)", "Voltage (V)", "Time (s)"):
        assert run.data[column].tolist() == inside[column].tolist()


def test_on_hardware_nothing_is_different_from_plain_python_but_the_guard(tmp_path: Path) -> None:
    """The instruments are reached over sockets, as real ones are: nobody tells the run that they are simulated."""
    body = (
        "import datetime, sys, pyvisa\nassert time.sleep is sys.modules['time'].sleep\n"
        "assert datetime is sys.modules['datetime'] and datetime.datetime.now().year > 2020\n"
        "from pymeasure.instruments import instrument\nassert instrument.time is time is sys.modules['time']\n"
        "s = pyvisa.ResourceManager().open_resource('{source}', read_termination='\\n', write_termination='\\n')\n"
        "s.write('SOUR:CURR:COMP 10;:SOUR:CURR 5e-5;:OUTP ON')\n"
        "self.emit('results', {{'A (V)': float(s.query('SOUR:CURR?')), 'B': s.query('OUTP?')}})\n"
        "s.write('SOUR:CURR 0.05')"
    )
    with in_a_thread(tmp_path / "lab.json", ScaledClock(1.0)) as served:
        source = json.loads((tmp_path / "lab.json").read_text())["source"]
        text = Path("data/stations/ppms.toml").read_text().replace("GPIB0::12::INSTR", source)
        (tmp_path / "station.toml").write_text(text)
        run = labctl.run(
            written(tmp_path, body.format(source=source)), station=tmp_path / "station.toml", sample="cotb2025",
            out=tmp_path / "runs", check=False, overrides={"unchecked": "contacts"},
        )  # fmt: skip
        assert served.lab.wiring.source.voltage() == 0.0
    assert (run.simulated, run.status, run.points) == (False, "refused", 1)
    assert "limit" in str(run.error)
    assert run.data["A (V)"].tolist() == [5e-5]
    assert run.data["B"].tolist() == [1]


def test_the_same_seed_gives_the_same_bytes(iv: Path, station: SimulatedStation) -> None:
    first, again = (station(str(iv), seed=7) for _ in range(2))
    data = (first.path / "data.csv").read_bytes()
    assert data == (again.path / "data.csv").read_bytes()
    assert str(iv.parent).encode() not in data
    assert data.startswith(b"#Procedure: <iv.IV>\n#Parameters:\n#\tMaximum Current: 0.1 mA\n")


def test_pymeasure_reads_what_was_recorded(iv: Path, station: SimulatedStation) -> None:
    run = station(str(iv))
    results = Results.load(str(run.path / "data.csv"))
    assert type(results.procedure).__name__ == "IV"
    assert results.parameters["max_current"].value == 0.1
    table: Any = results.data
    assert table["Voltage (V)"].tolist() == run.rows["Voltage (V)"].tolist()


def test_what_was_asked_is_kept_with_the_text_of_the_file(iv: Path, station: SimulatedStation) -> None:
    asked = json.loads((station(f"{iv}:IV", max_current=0.123456789).path / "run.json").read_text())
    assert asked["procedure"] == {"name": "iv", "class": "iv.py:IV", "file": str(iv), "source": PYMEASURE_IV}
    assert asked["parameters"]["max_current"] == {"value": 0.123456789, "text": "0.123456789 mA"}
    assert list(asked["parameters"]) == ["max_current", "points", "delay", "reverse", "mode"]


def test_an_abort_lets_it_end_by_itself_and_counts_as_aborted(iv: Path, tmp_path: Path) -> None:
    seen: list[int] = []

    def interrupt(run: Any) -> None:
        if run.points == 2 and not seen:
            seen.append(2)
            signal.raise_signal(signal.SIGINT)

    run = labctl.run(f"{iv}:IV", simulate=True, out=tmp_path / "runs", watch=interrupt, check=False)
    assert (run.status, run.exit_code, run.points) == ("aborted", 3, 2)
    assert any("Stopped by the user" in warning for warning in run.warnings)


def test_a_procedure_that_never_looks_is_ended_at_its_next_row(tmp_path: Path) -> None:
    def interrupt(run: Any) -> None:
        if run.points == 2:
            signal.raise_signal(signal.SIGINT)

    file = written(tmp_path, "while True:\n    time.sleep(1)\n    self.emit('results', {'A (V)': 1.0, 'B': 2})")
    run = labctl.run(file, simulate=True, out=tmp_path / "runs", watch=interrupt, check=False)
    assert (run.status, run.points) == ("aborted", 2)


def test_shutdown_is_called_after_an_error_and_the_line_is_named(tmp_path: Path, station: SimulatedStation) -> None:
    more = "    def shutdown(self):\n        print('shutting down', self.status)\n        1/0\n"
    run = station(written(tmp_path, "x = 1\nraise RuntimeError('no helium')", more=more), check=False)
    assert run.status == "failed"
    assert run.result.error == "RuntimeError: no helium (p.py, line 11)"
    assert "ZeroDivisionError: division by zero (p.py, line 8)" in run.result.warnings[0]


@pytest.mark.parametrize("method", ["startup", "execute", "shutdown"])
def test_whatever_it_does_the_source_ends_safe(tmp_path: Path, station: SimulatedStation, method: str) -> None:
    open_it = (
        "from pymeasure.instruments.keithley import Keithley6221\n"
        "s = self.s = Keithley6221(12)\ns.source_current = 5e-5\ns.enable_source()"
    )
    more = f"    def startup(self):\n{''.join(f'        {line}{chr(10)}' for line in open_it.splitlines())}"
    more += "        self.emit('results', {'A (V)': 1.0})\n" + ("        raise SystemExit(1)\n" * (method == "startup"))
    more += "    def shutdown(self):\n        self.s.adapter.manager.close()\n" + (
        "        raise SystemExit(1)\n" * (method == "shutdown")
    )
    run = station(written(tmp_path, "raise SystemExit(1)" if method == "execute" else "pass", more=more), check=False)
    assert run.status == "failed"
    assert f"{method}() failed: it ended the program (sys.exit)" in str(run.result.error)
    assert run.ask("source", ":OUTP?") == "0"
    assert run.ask("source", ":SOUR:CURR?") != "5.000000E-05"
    assert run.lab is not None
    assert run.lab.wiring.source.voltage() == 0.0


def test_a_setting_beyond_the_samples_limit_does_not_leave(iv: Path, station: SimulatedStation) -> None:
    run = station(f"{iv}:IV", max_current="50 mA", check=False)
    assert run.result.exit_code == 4
    assert "limit of sample 'cotb2025'" in str(run.result.error)
    assert run.result.points == 1
    assert run.current() == 0.0


@pytest.mark.parametrize(
    ("given", "value"),
    [("0.2", 0.2), ("0.2 mA", 0.2), ("200 uA", 0.2), ("0.0002 A", 0.2), ("0.2mA", 0.2), (0.2, 0.2), ("-1e-1", -0.1)],
)
def test_a_number_is_taken_in_its_own_unit_and_in_others(iv: Path, given: object, value: float) -> None:
    assert load_procedure(str(iv))(max_current=given).values()["max_current"] == value


@pytest.mark.parametrize(
    ("name", "given", "parts"),
    [
        ("max_current", "200 mA", ["max_current is '200 mA'", "above the maximum", "to 100 mA"]),
        ("max_current", "3 K", ["max_current is '3 K'", "current"]),
        ("max_current", "much", ["max_current is 'much'"]),
        ("max_current", "nan", ["max_current is 'nan'", "finite"]),
        ("points", "1", ["points is '1'", "below the minimum", "from 2"]),
        ("points", "2.5", ["points is '2.5'", "whole number"]),
        ("points", "several", ["points is 'several'", "a number is wanted", "from 2"]),
        ("points", 2.5, ["points is 2.5", "whole number"]),
        ("reverse", "perhaps", ["reverse is 'perhaps'", "true | false"]),
        ("mode", "ac", ["mode is 'ac'", "dc | slow"]),
    ],
)
def test_pymeasures_own_checks_refuse_with_a_sentence(iv: Path, name: str, given: object, parts: list[str]) -> None:
    with pytest.raises(BadValue) as caught:
        load_procedure(str(iv))(**{name: given})
    for part in parts:
        assert part in str(caught.value)


def test_an_unknown_parameter_gets_the_nearest_one(iv: Path, station: SimulatedStation) -> None:
    with pytest.raises(UnknownName, match="did you mean max_current"):
        station(str(iv), max_curent=1)


def test_every_kind_of_parameter_comes_back_from_its_text(tmp_path: Path) -> None:
    more = (
        "    f = FloatParameter('F', default=1/3, units='arb')\n    v = VectorParameter('V', default=[1, 2.5, 1/3])\n"
        "    b = BooleanParameter('B', default=True)\n    t = Parameter('T', default='some text')\n"
        "    l = ListParameter('L', choices=[0.1, 2], default=2)\n    p = PhysicalParameter('P', default=[1, 0.1])\n"
        "    none = Parameter('Unset')\n    sample = IntegerParameter('Called like ours', default=3)\n"
        "    run = FloatParameter('Run', default=1)\n    values = FloatParameter('Values', default=1)\n"
    )
    kind = load_procedure(written(tmp_path, "pass", more=more))
    one = kind()
    assert list(one.values()) == ["f", "v", "b", "t", "l", "p", "none", "sample", "run", "values"]
    assert json.loads(json.dumps(one.values())) == one.values()
    texts = {name: parameter.show(one.values()[name]) for name, parameter in kind.declared_parameters().items()}
    assert texts["f"] == "0.3333333333333333 arb"
    assert texts["v"] == "[1.0,2.5,0.3333333333333333]"
    again = kind(**{name: text for name, text in texts.items() if text})
    assert again.values() == one.values()
    with pytest.raises(UsageError, match="needs a value for none; give it with -p none="):
        one.check()


def test_a_parameter_called_like_something_of_ours_is_set_all_the_same(
    tmp_path: Path, station: SimulatedStation
) -> None:
    more = "    sample = IntegerParameter('S', default=3)\n    check = FloatParameter('C', default=1)\n"
    file = written(tmp_path, "self.emit('results', {'A (V)': self.sample, 'B': self.check})", more=more)
    run = labctl.run(file, simulate=True, out=tmp_path / "runs", parameters={"sample": 5, "check": 2.5})
    assert run.data[["A (V)", "B"]].iloc[0].tolist() == [5, 2.5]


def test_rows_are_completed_and_what_does_not_fit_is_said(tmp_path: Path, station: SimulatedStation) -> None:
    body = (
        "from pymeasure.units import ureg\n"
        "for v in (np.float32(0.5), np.int64(2), '5 mV', 3 * ureg.mV, 3 * ureg.s, 'zero', None, np.array([1.5])):\n"
        "    self.emit('results', {'A (V)': v})\n"
        "self.emit('results', {'B': 'text', 'C': 1})\nself.emit('results', {'B': 'words', 'C': 2})\n"
        "self.emit('batch results', {'A (V)': [1, 2], 'B': ['and', 'more']})\n"
        "self.emit('progress', 50)\nself.emit('status', 1)\nself.emit('of mine', object())\nassert self.is_last()"
    )
    run = station(written(tmp_path, body))
    values: list[float] = run.rows["A (V)"].tolist()
    assert values[:4] == [0.5, 2.0, 0.005, 0.003]
    assert [math.isnan(value) for value in values[4:7]] == [True, True, True]
    assert values[7] == 1.5
    assert values[-2:] == [1.0, 2.0]
    assert run.rows["B"].tolist()[8:] == ["text", "words", "and", "more"]
    said = "\n".join(run.result.warnings)
    assert said.count("'C', which is not among DATA_COLUMNS") == 1
    assert "'zero' for 'A (V)'" in said
    assert "second" in said


def test_a_column_called_compliance_is_theirs(tmp_path: Path, station: SimulatedStation) -> None:
    body = "for i in range(3):\n    self.emit('results', {'Compliance': 10.0})"
    assert station(written(tmp_path, body, columns='["Compliance"]')).result.points == 3


def test_metadata_is_kept(tmp_path: Path, station: SimulatedStation) -> None:
    more = "    begun = Metadata('Begun', fget=time.time)\n    who = Metadata('Who', default='LW')\n"
    run = station(written(tmp_path, "time.sleep(5)", more=more))
    kept = {event["name"]: event["value"] for event in events(run) if event["event"] == "metadata"}
    assert kept == {"Begun": "946684800.0", "Who": "LW"}


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ('["A (V)", "Block"]', "P has a column 'Block', which every run of labctl adds"),
        ('["A (volts_of_mine)"]', "P cannot be made: .*volts_of_mine"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    tmp_path: Path, station: SimulatedStation, columns: str, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        station(written(tmp_path, "pass", columns=columns))


def test_an_instrument_that_the_station_lacks_is_named_with_those_that_it_has(
    tmp_path: Path, station: SimulatedStation
) -> None:
    run = station(written(tmp_path, "import pyvisa\npyvisa.ResourceManager('@ivi').open_resource('GPIB0::3::INSTR')"),
                  check=False)  # fmt: skip
    assert run.result.exit_code == 2
    assert "opens GPIB0::3::INSTR, but the simulated station has no instrument there" in str(run.result.error)
    assert "source at GPIB0::12::INSTR" in str(run.result.error)


def test_an_instrument_that_does_not_answer_is_a_fault(tmp_path: Path, station: SimulatedStation) -> None:
    body = "import pyvisa\ni = pyvisa.ResourceManager().open_resource('GPIB::12')\ni.query('SOUR:CURR 0')"
    run = station(written(tmp_path, body), check=False)
    assert run.result.exit_code == 5
    assert "(p.py, line 9)" in str(run.result.error)
    assert run.result.lab_time_s >= 2.0


def test_the_resource_manager_lists_and_shows_the_station(tmp_path: Path, station: SimulatedStation) -> None:
    more = "    def __init__(self, **k):\n        import pyvisa\n        self.rm = pyvisa.ResourceManager()\n"
    more += "        super().__init__(**k)\n"
    body = (
        "import pyvisa\nassert pyvisa.ResourceManager('@py') is pyvisa.ResourceManager()\n"
        "assert 'GPIB0::12::INSTR' in pyvisa.ResourceManager().list_resources()\n"
        "with pyvisa.ResourceManager().open_resource('GPIB0::15::INSTR') as p:\n    p.query('TEMP?')\n"
        "self.emit('results', {})"
    )
    assert station(written(tmp_path, body, more=more)).result.points == 1


def test_a_run_is_analysed_and_drawn_again(iv: Path, station: SimulatedStation) -> None:
    from labctl.cli.main import run_command

    run = station(str(iv))
    (run.path / "figure.png").unlink()
    assert run_command(["plot", str(run.path)]) == 0
    assert (run.path / "figure.png").exists()
    assert run_command(["analyse", str(run.path)]) == 0


def test_what_is_ours_already_is_not_adopted() -> None:
    kind = labctl.Procedure
    assert adopt(kind) is kind
    assert not issubclass(kind, Adopted)


def test_a_series_of_a_foreign_procedure(iv: Path, tmp_path: Path) -> None:
    result = labctl.run(
        f"{iv}:IV", simulate=True, out=tmp_path / "runs", seed=1, over={"max_current": "0.1:0.2:0.1 mA"}
    )
    assert [child.points for child in result.children] == [5, 5]
    rows: pd.DataFrame = result.data
    assert sorted(set(rows["max_current (mA)"].tolist())) == [0.1, 0.2]
    assert rows["Time (s)"].is_monotonic_increasing


# ---- an instrument that is not what the procedure takes it for


def test_what_an_instrument_refused_and_nobody_read_is_told_at_the_end(
    tmp_path: Path, station: SimulatedStation
) -> None:
    more = (
        "    def startup(self):\n"
        "        import pyvisa\n"
        '        self.source = pyvisa.ResourceManager().open_resource("GPIB0::12::INSTR")\n'
        '        self.source.write(":SENS:FUNC?")\n'
        '        self.source.write(":SOUR:DEL 1e9")\n'
    )
    body = "self.source.write(':SENS:FUNC?')\nself.emit('results', {'A (V)': 1.0, 'B': 2.0})"
    run = station(written(tmp_path, body, more=more))
    (warning,) = [warning for warning in run.result.warnings if "error queue" in warning]
    assert warning.startswith("the source refused what it was sent, and the procedure did not look: at the end")
    assert 'held -113, "Undefined header" (2 times); -222, "Parameter data out of range"; is it' in warning
    assert "is it the instrument that the procedure takes it for?" in warning
    assert any(event["event"] == "warning" and event["text"] == warning for event in events(run))


def test_a_meter_that_was_triggered_while_it_measured_anyway_is_no_warning(iv: Path, station: SimulatedStation) -> None:
    assert station(str(iv)).result.warnings == ()


def test_a_shutdown_that_an_instrument_does_not_answer_is_a_fault(tmp_path: Path, station: SimulatedStation) -> None:
    more = (
        "    def startup(self):\n"
        "        import pyvisa\n"
        '        self.source = pyvisa.ResourceManager().open_resource("GPIB0::12::INSTR")\n'
        "    def shutdown(self):\n"
        '        self.source.query(":NO:SUCH:HEADER?")\n'
    )
    run = station(written(tmp_path, "self.emit('results', {'A (V)': 1.0, 'B': 2.0})", more=more), check=False)
    assert (run.status, run.result.exit_code, run.result.points) == ("fault", 5, 1)
    assert "the procedure's shutdown failed: VisaIOError" in str(run.result.error)


def test_a_shutdown_that_misses_what_startup_did_not_come_to_make_is_not_told(
    tmp_path: Path, station: SimulatedStation
) -> None:
    more = (
        "    def startup(self):\n"
        "        import pyvisa\n"
        '        self.source = pyvisa.ResourceManager().open_resource("GPIB0::13::INSTR")\n'
        "    def shutdown(self):\n"
        "        self.source.close()\n"
    )
    run = station(written(tmp_path, "pass", more=more), check=False)
    assert run.result.exit_code == 2
    assert "the procedure opens GPIB0::13::INSTR" in str(run.result.error)
    assert run.result.warnings == ()
    assert any("has no attribute 'source'" in event.get("text", "") for event in events(run))


def test_a_series_of_one_shows_its_values_in_their_own_unit(
    iv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", str(iv), "--simulate", "--over", "max_current=0.1,0.2 mA", "--out", str(tmp_path / "runs")]
    assert run_command([*words, "-p", "delay=0.1"]) == 0
    out = capsys.readouterr().out
    assert "\n0.1 mA " in out
    assert "\n0.2 mA " in out
    assert "delay=0.1 is taken for 0.1 s\n" in out
    assert "run 2 of 2, 5 points in this run" in out
