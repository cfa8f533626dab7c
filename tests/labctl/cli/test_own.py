"""Procedures, packages and instruments of somebody else, through the command line: right ones and wrong ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labctl import discovery, figures
from labctl.checkup import installation as checkup
from labctl.cli.main import run_command
from labctl.opening_instruments import why_closed
from labctl.sample import load_sample
from tests.labctl.somebodys import HELPER_OF_IV, LABCTL_LOOP, PYMEASURE_IV

PACKAGE = '''\
from labctl import Procedure


class TheirLoop(Procedure):
    """A loop of theirs.

    With a second paragraph.
    """

    DATA_COLUMNS = ("Number",)

    def execute(self):
        for number in self.track("number", range(3)):
            self.record(Number=float(number))
'''


class Cli:
    """The command line, and what it has printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.error = ""

    def __call__(self, *words: object) -> int:
        code = run_command([str(word) for word in words])
        captured = self._capsys.readouterr()
        self.out, self.error = captured.out, captured.err
        return code

    def sentence(self) -> str:
        """The one sentence on stderr, without a traceback."""
        assert "Traceback" not in self.out + self.error
        lines = self.error.splitlines()
        assert [line.partition(": ")[0] for line in lines] == ["error"], self.error
        return lines[0]

    def json(self) -> dict[str, Any]:
        assert self.out.count("\n") == 1
        return json.loads(self.out)


@pytest.fixture
def labctl(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture(autouse=True)
def _quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn, but not written: that takes longer than the runs here."""
    monkeypatch.setattr(figures, "save", lambda _, path: path.write_bytes(b"drawn"))


# ---- a procedure in a file


def test_a_file_is_run_described_analysed_and_plotted(tmp_path: Path, labctl: Cli) -> None:
    (tmp_path / "mine.py").write_text(LABCTL_LOOP)
    name = f"{tmp_path / 'mine.py'}:StepLoop"
    assert labctl("describe", name) == 0
    assert "Hall resistance at a few fields" in labctl.out
    assert "largest" in labctl.out
    assert labctl("run", name, "--simulate", "--seed", 1, "--out", tmp_path, "-p", "largest=20 mT", "--json") == 0
    run = Path(labctl.json()["run"])
    assert run.name == "0001-step-loop-cotb2025-sim"
    assert labctl.json()["points"] == 3
    assert str(tmp_path) not in (run / "data.csv").read_text()
    assert (run / "data.csv").read_text().startswith("#Procedure: <mine.StepLoop>\n")
    asked = json.loads((run / "run.json").read_text())["procedure"]
    assert asked == {
        "name": "step-loop", "class": "mine.py:StepLoop", "file": str(tmp_path / "mine.py"), "source": LABCTL_LOOP,
    }  # fmt: skip
    assert labctl("analyse", run, "--json") == 0
    assert labctl.json()["results"]["swing"]["unit"] == "ohm"
    assert labctl("plot", run, "--out", tmp_path / "x.svg") == 0
    (tmp_path / "mine.py").write_text(LABCTL_LOOP + "\n# changed\n")
    assert labctl("analyse", run) == 0
    assert "mine.py has changed since this run" in labctl.error
    (tmp_path / "mine.py").unlink()
    assert labctl("analyse", run) == 2
    assert "is gone; put the file there again" in labctl.sentence()


@pytest.mark.parametrize("command", ["run", "describe"])
@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("def f(:\n", "mine.py, line 1: "),
        ("import no_such_package\n", "there is no module 'no_such_package'"),
        ("1/0\n", "mine.py, line 1: ZeroDivisionError: division by zero"),
        ("x = 1\n", "has no procedure"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_code_2(
    tmp_path: Path, labctl: Cli, command: str, text: str, part: str
) -> None:
    (tmp_path / "mine.py").write_text(text)
    more = ["--simulate", "--out", tmp_path / "runs"] if command == "run" else []
    assert labctl(command, tmp_path / "mine.py", *more) == 2
    assert part in labctl.sentence()
    assert labctl(command, tmp_path / "mine.py", *more, "--json") == 2
    assert part in labctl.json()["error"]
    assert not (tmp_path / "runs").exists()


def test_a_file_that_is_not_there_is_one_sentence_and_code_2(tmp_path: Path, labctl: Cli) -> None:
    assert labctl("run", tmp_path / "mine.py:X", "--simulate") == 2
    assert "does not exist" in labctl.sentence()


def test_a_role_that_the_station_lacks_is_named_for_a_procedure_from_a_file(tmp_path: Path, labctl: Cli) -> None:
    (tmp_path / "mine.py").write_text(LABCTL_LOOP.replace('"cryostat")', '"cryostat", "lockin")'))
    way = ("--station", "versalab", "--simulate", "--out", tmp_path / "runs")
    assert labctl("run", tmp_path / "mine.py", *way) == 2
    assert "has no lockin, which step-loop needs" in labctl.sentence()


def test_an_error_of_its_own_is_one_sentence_with_its_line_and_code_1(tmp_path: Path, labctl: Cli) -> None:
    (tmp_path / "mine.py").write_text(LABCTL_LOOP.replace("self.record(", "1 / 0; self.record("))
    assert labctl("run", tmp_path / "mine.py", "--simulate", "--out", tmp_path / "runs") == 1
    assert "error: ZeroDivisionError: division by zero (mine.py, line" in labctl.sentence()


def test_a_pymeasure_procedure_is_described_and_run(tmp_path: Path, labctl: Cli) -> None:
    (tmp_path / "iv.py").write_text(PYMEASURE_IV)
    (tmp_path / "helper_of_iv.py").write_text(HELPER_OF_IV)
    assert labctl("describe", tmp_path / "iv.py") == 0
    assert "Needs: what it opens itself" in labctl.out
    assert "from -100 mA to 100 mA" in labctl.out
    words = ["--simulate", "--out", tmp_path, "--seed", 1]
    assert labctl("run", f"{tmp_path / 'iv.py'}:IV", *words, "-p", "max_current=50 uA", "--json") == 0
    assert labctl.json()["points"] == 5
    assert labctl("run", f"{tmp_path / 'iv.py'}:IV", *words, "-p", "max_current=200 mA") == 2
    assert "max_current is '200 mA', which does not fit: FloatParameter value is above the maximum" in labctl.sentence()


# ---- packages


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder where packages are installed."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    discovery._announced.cache_clear()
    yield folder
    discovery._announced.cache_clear()
    for name in [name for name in sys.modules if name.startswith("theirs_")]:
        del sys.modules[name]


def install(site: Path, package: str, listing: str, files: dict[str, str] | None = None) -> None:
    """What pip leaves of a package that announces procedures."""
    folder = site / package
    folder.mkdir()
    for name, text in {"__init__.py": "", "listing.py": listing, **(files or {})}.items():
        (folder / name).write_text(text)
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[labctl.procedures]\n{package} = {package}.listing:PROCEDURES\n")


def test_a_package_stands_beside_ours_on_equal_terms(site: Path, tmp_path: Path, labctl: Cli) -> None:
    listing = 'PROCEDURES = {"their-loop": ("theirs_one.loops:TheirLoop", "A loop of theirs")}\n'
    install(site, "theirs_one", listing, {"loops.py": PACKAGE})
    assert labctl("list") == 0
    assert "their-loop" in labctl.out
    assert "A loop of theirs" in labctl.out
    assert labctl.error == ""
    assert "theirs_one.loops" not in sys.modules
    assert labctl("describe", "their-loop") == 0
    assert "With a second paragraph." in labctl.out
    assert labctl("run", "their-loop", "--simulate", "--out", tmp_path, "--json") == 0
    run = Path(labctl.json()["run"])
    assert run.name == "0001-their-loop-cotb2025-sim"
    assert json.loads((run / "run.json").read_text())["procedure"] == {
        "name": "their-loop", "class": "theirs_one.loops:TheirLoop",
    }  # fmt: skip
    assert labctl("analyse", run, "--json") == 0
    assert labctl("run", "their-lop", "--simulate") == 2
    assert "did you mean 'their-loop'?" in labctl.sentence()


def test_a_pymeasure_procedure_of_a_package_is_adopted(site: Path, tmp_path: Path, labctl: Cli) -> None:
    listing = 'PROCEDURES = {"their-iv": ("theirs_iv.iv:IV", "An IV curve")}\n'
    text = PYMEASURE_IV.replace("from helper_of_iv", "from .helper_of_iv")
    install(site, "theirs_iv", listing, {"iv.py": text, "helper_of_iv.py": HELPER_OF_IV})
    assert labctl("run", "their-iv", "--simulate", "--out", tmp_path, "--json") == 0
    assert labctl.json()["points"] == 5
    assert labctl.json()["lab_time_s"] > 4


@pytest.mark.parametrize(
    "listing",
    ["import no_such_module\n", "def f(:\n", "1/0\n", "PROCEDURES = ['their-loop']\n", "PROCEDURES = {'a': 'b'}\n"],
)
def test_a_broken_package_is_reported_and_hides_nobody(site: Path, labctl: Cli, listing: str, tmp_path: Path) -> None:
    install(site, "theirs_bad", listing)
    install(site, "theirs_good", 'PROCEDURES = {"good": ("theirs_good.loops:TheirLoop", "x")}\n', {"loops.py": PACKAGE})
    assert labctl("list") == 0
    assert "good" in labctl.out
    assert "ahe" in labctl.out
    assert "warning: what theirs-bad announces at theirs_bad.listing:PROCEDURES cannot be read" in labctl.error
    assert labctl.error.count("\n") == 1
    assert labctl("run", "good", "--simulate", "--out", tmp_path, "--json") == 0
    assert labctl("doctor", "--json") == 2
    assert any("theirs-bad" in finding["what"] for finding in labctl.json()["findings"] if finding["state"] == "fault")


def test_a_class_that_cannot_be_loaded_is_one_sentence(site: Path, labctl: Cli) -> None:
    install(site, "theirs_gone", 'PROCEDURES = {"gone": ("theirs_gone.loops:Loop", "x")}\n', {"loops.py": "1/0\n"})
    assert labctl("run", "gone", "--simulate") == 2
    assert "the procedure 'gone' of theirs-gone is not available" in labctl.sentence()
    assert "ZeroDivisionError" in labctl.sentence()
    install(site, "theirs_none", 'PROCEDURES = {"none": ("theirs_none.listing:PROCEDURES", "x")}\n')
    discovery._announced.cache_clear()
    assert labctl("run", "none", "--simulate") == 2
    assert "'none' stands for" in labctl.sentence()


def test_a_name_that_two_packages_offer_is_refused_and_listed(site: Path, labctl: Cli) -> None:
    for package in ("theirs_a", "theirs_b"):
        install(site, package, f'PROCEDURES = {{"twin": ("{package}.loops:TheirLoop", "x")}}\n', {"loops.py": PACKAGE})
    assert labctl("run", "twin", "--simulate") == 2
    sentence = labctl.sentence()
    assert "the procedure 'twin' is offered by theirs-" in sentence
    assert "uninstall all but one of them" in sentence
    assert labctl("list") == 0
    assert "'twin' is offered by" in labctl.error


# ---- what stands in the way


@pytest.mark.parametrize("command", ["run ahe --simulate", "list", "doctor", "--help"])
def test_another_package_in_the_place_of_ours_is_one_sentence(tmp_path: Path, command: str) -> None:
    """As InstrumentKit does, which is imported as `instruments`, too."""
    foreign = tmp_path / "instruments"
    foreign.mkdir()
    (foreign / "__init__.py").write_text("raise SystemExit('this must not run')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "labctl", *command.split()],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: another package stands in the way: 'instruments' is imported from ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["analyse", "plot"])
@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0\0", b"%PDF-1.7\n", b"a,b\n1,2\n", b"", "Zeit;Feld\n1,5;2\n".encode("utf-16")]
)
def test_a_data_file_of_another_kind_is_one_sentence_and_code_2(
    tmp_path: Path, labctl: Cli, command: str, content: bytes
) -> None:
    (tmp_path / "measured.dat").write_bytes(content)
    assert labctl(command, tmp_path / "measured.dat") == 2
    assert "measured.dat" in labctl.sentence()


# ---- the doctor


def test_the_doctor_finds_everything_well_with_a_simulated_station(tmp_path: Path, labctl: Cli) -> None:
    assert labctl("doctor", "--station", "ppms", "--simulate", "--out", tmp_path / "runs", "--json") == 0
    said = labctl.json()
    assert set(said) == {"findings", "faults", "warnings"}
    assert said["faults"] == 0
    findings = {finding["subject"]: finding for finding in said["findings"]}
    assert all(finding["do"] for finding in said["findings"] if finding["state"] != "ok")
    assert "MODEL 6221" in findings["ppms source"]["what"]
    assert "MODEL 2182A" in findings["ppms voltmeter"]["what"]
    assert findings["pandas"]["state"] == "ok"
    assert "versalab" in findings["stations"]["what"]
    assert not (tmp_path / "runs").exists()


def test_the_doctor_says_what_to_do(tmp_path: Path, labctl: Cli) -> None:
    (tmp_path / "station.toml").write_text(Path("data/stations/ppms.toml").read_text().replace('"@py"', '"@nobody"'))
    (tmp_path / "file").write_text("")
    words = ["--station", tmp_path / "station.toml", "--sample", tmp_path / "none.toml", "--out", tmp_path / "file"]
    assert labctl("doctor", *words) == 2
    lines = {line[8:28].strip(): line for line in labctl.out.splitlines() if line.startswith("FAULT")}
    assert "runs" in lines
    assert "name another folder with --out" in lines["runs"]
    assert any("none.toml" in line for line in lines.values())
    assert any("'@nobody' cannot be opened" in line for line in lines.values())
    assert "faults" in labctl.out.splitlines()[-1]
    assert labctl("doctor", "--simulate") == 2
    assert "--station" in labctl.sentence()


def test_the_doctor_asks_a_station_that_is_not_there(tmp_path: Path, labctl: Cli) -> None:
    text = Path("data/stations/ppms.toml").read_text().replace("GPIB0::12::INSTR", "TCPIP::127.0.0.1::9::SOCKET")
    (tmp_path / "station.toml").write_text(text)
    assert labctl("doctor", "--station", tmp_path / "station.toml") == 2
    (line,) = [line for line in labctl.out.splitlines() if " source (" in line]
    assert line.startswith("FAULT")
    assert "TCPIP::127.0.0.1::9::SOCKET" in line


def test_the_doctor_says_what_matters_last_and_the_same_thing_once(tmp_path: Path, labctl: Cli) -> None:
    text = Path("data/stations/ppms.toml").read_text()
    for number, address in enumerate(("GPIB0::12::INSTR", "GPIB0::7::INSTR", "GPIB0::15::INSTR"), 1):
        assert address in text
        text = text.replace(address, f"TCPIP::127.0.0.1::{number}::SOCKET")
    (tmp_path / "station.toml").write_text(text.replace('"@py"', '"@nobody"'))
    assert labctl("doctor", "--station", tmp_path / "station.toml", "--out", tmp_path) == 2
    lines = labctl.out.splitlines()
    assert [line[:5] for line in lines[-2:]] == ["FAULT", "1 fau"]
    assert all(f"{role} (" in lines[-2] for role in ("source", "voltmeter", "cryostat"))
    assert len([line for line in lines if line.startswith("ok ")]) < 21
    (versions,) = [line for line in lines if "versions" in line]
    assert "Python 3." in versions
    assert "pymeasure 0.16." in versions


def test_the_doctor_says_of_a_name_that_there_is_none(labctl: Cli) -> None:
    assert labctl("doctor", "--station", "nope") == 2
    faults = [line for line in labctl.out.splitlines() if line.startswith("FAULT")]
    assert len(faults) == 1
    assert "station nope" in faults[0]
    assert "mend the file" not in faults[0]


def test_a_station_that_cannot_be_used_yet_is_said_to_be_one(
    labctl: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = discovery.drivers
    monkeypatch.setattr(
        discovery, "drivers", lambda: {name: entry for name, entry in real().items() if name != "ppms6000"}
    )
    assert labctl("list") == 0
    (line,) = [line for line in labctl.out.splitlines() if line.strip().startswith("ppms ")]
    assert "not to be used yet: its cryostat needs the driver 'ppms6000', which is not there" in line
    assert labctl("doctor", "--out", tmp_path) == 0
    assert "not to be used yet" in labctl.out
    assert labctl("doctor", "--station", "ppms", "--simulate", "--out", tmp_path) == 2
    (fault,) = [line for line in labctl.out.splitlines() if line.startswith("FAULT")]
    assert "its cryostat needs the driver 'ppms6000', which is not there; use another station" in fault


def test_the_doctor_says_how_to_get_pytest(labctl: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "find_spec", lambda _: None)
    (finding,) = [finding for finding in checkup.environment() if finding.subject == "pytest"]
    assert finding.state == "ok"
    assert finding.do == f"{sys.executable} -m pip install pytest"


def test_a_gpib_card_without_a_driver_is_one_sentence_and_a_fault(
    tmp_path: Path, labctl: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Please install linux-gpib (Linux) or gpib-ctypes (Windows, Linux) to use this resource type. Note that."
    assert why_closed(ValueError(said), "GPIB0::12::INSTR").count(".") == 0
    assert why_closed(ValueError("a\nb"), "TCPIP::x::1::SOCKET") == "a b"

    def closed(*_: object, **__: object) -> None:
        raise ValueError(said)

    monkeypatch.setattr("pyvisa.ResourceManager.open_resource", closed)
    words = ("run", "ahe", "--sample", "cotb2025", "--out", tmp_path / "runs")
    assert labctl(*words) == 4
    assert "its journal has no contact check since it was mounted; run contact-check" in labctl.sentence()
    assert labctl(*words, "--override", "unchecked=contacts") == 5
    assert "cannot open source at GPIB0::12::INSTR: pyvisa-py finds no driver for a GPIB card" in labctl.sentence()


# ---- words that are nearly right


def test_words_that_are_nearly_right(tmp_path: Path, labctl: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(LABCTL_LOOP)
    monkeypatch.chdir(tmp_path)
    assert labctl("run", "mine", "--simulate") == 2
    assert labctl.sentence() == "error: there is no procedure 'mine'; did you mean the file mine.py?"
    assert labctl("run", "mine:StepLoop", "--simulate") == 2
    assert "did you mean the file mine.py:StepLoop?" in labctl.sentence()
    assert labctl("run") == 2
    assert "missing argument 'P', the experiment, e.g. ahe or mine.py; `labctl list`" in labctl.sentence()


def test_a_run_is_drawn_and_analysed_by_its_number(
    tmp_path: Path, labctl: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(LABCTL_LOOP)
    monkeypatch.chdir(tmp_path)
    assert labctl("run", "mine.py", "--simulate", "-p", "largest=20 mT") == 0
    assert labctl("plot", "1") == 0
    assert "0001-step-loop" in labctl.out
    assert labctl("analyse", "1") == 0
    assert labctl("plot", "2") == 2
    assert "no run has the number 2 below runs" in labctl.sentence()


def test_the_doctor_knows_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    real = checkup.importlib.metadata.version
    monkeypatch.setattr(
        checkup.importlib.metadata, "version", lambda name: "0.15.1" if name == "pymeasure" else real(name)
    )
    findings = {finding.subject: finding for finding in checkup.environment()}
    assert findings["pymeasure"].state == "fault"
    assert findings["pymeasure"].what == "0.15.1, but labctl needs ==0.16.*"
    assert findings["pymeasure"].do == "pip install 'pymeasure==0.16.*'"

    def gone(name: str) -> str:
        raise checkup.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(
        checkup.importlib.metadata, "version", lambda name: gone(name) if name == "rich" else real(name)
    )
    assert {finding.subject: finding.state for finding in checkup.environment()}["rich"] == "fault"


@pytest.mark.parametrize(("free", "state"), [(5e9, "ok"), (5e8, "warning"), (1e6, "fault")])
def test_the_doctor_looks_at_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    class Usage:
        def __init__(self) -> None:
            self.free = free

    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda _: Usage())
    assert checkup.folder(tmp_path / "not" / "there" / "yet").state == state


def test_the_shipped_sample_with_which_the_doctor_asks_is_there() -> None:
    assert load_sample("cotb2025").name == "cotb2025"
