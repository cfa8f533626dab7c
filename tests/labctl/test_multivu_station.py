"""Stations whose cryostat is reached through MultiVu: in the run's process, and in a lab of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from instruments.clock import ScaledClock
from instruments.errors import InstrumentError, LimitExceeded, NoReply, UsageError
from instruments.multivu import MultiVu
from labctl.cli.main import run_command
from labctl.remote import read_addresses
from labctl.sample import load_sample
from labctl.session import open_session
from labctl.station import load_station
from labctl.surroundings import LabStart
from tests.served import in_a_thread

QUICK = ["-p", "maximum_field=20mT", "-p", "survey_rate=180Oe/s"]


def run(out: Path, *words: object) -> Path:
    """Measure a small loop; the run's folder."""
    arguments = ["run", "ahe", "--station", "versalab", *words, "--out", out, *QUICK]
    assert run_command([str(word) for word in arguments]) == 0
    (data,) = out.glob("*/*/data.csv")
    return data.parent


def test_a_run_gives_the_same_bytes_in_a_lab_of_its_own_process(tmp_path: Path) -> None:
    here = run(tmp_path / "here", "--simulate", "--seed", 5)
    with in_a_thread(tmp_path / "lab.json", station="versalab", seed=5) as served:
        there = run(tmp_path / "there", "--lab", served.file)
        assert served.lab.cryostat.revision > 0
    assert (here / "data.csv").read_bytes() == (there / "data.csv").read_bytes()
    identity = json.loads((there / "run.json").read_text())["instruments"]["cryostat"]
    assert "QUANTUM DESIGN,VERSALAB,MultiPyVu" in json.dumps(identity)


def test_a_lab_says_where_its_multivu_is_and_a_ppms_has_both_doors(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "ppms.json"):
        line = json.loads((tmp_path / "ppms.json").read_text())["cryostat"]
        assert line["multivu"].startswith("127.0.0.1:")
        assert line["visa"].startswith("TCPIP::127.0.0.1::")
        addresses = read_addresses(tmp_path / "ppms.json")
        assert addresses.for_drivers({"cryostat": "ppms6000"}).resource("cryostat") == line["visa"]
        assert addresses.for_drivers({"cryostat": "multivu"}).resource("cryostat") == line["multivu"]
    with in_a_thread(tmp_path / "versalab.json", ScaledClock(100.0), station="versalab"):
        addresses = read_addresses(tmp_path / "versalab.json")
        with pytest.raises(UsageError, match="has no cryostat"):
            addresses.for_drivers({"cryostat": "ppms6000"}).resource("cryostat")


@pytest.mark.parametrize("place", ["somewhere", 5, "host:0", ["127.0.0.1:5"]])
def test_a_line_with_a_wrong_address_is_refused(tmp_path: Path, place: object) -> None:
    file = tmp_path / "lab.json"
    line = dict.fromkeys(("source", "voltmeter", "smu", "lockin", "clock"))
    file.write_text(json.dumps({**line, "cryostat": {"multivu": place, "visa": None}}))
    with pytest.raises(UsageError, match=r"has cryostat\.multivu = "):
        read_addresses(file)


def test_the_limits_of_the_station_stand_in_front_of_multivu() -> None:
    station, sample = load_station("dynacool"), load_sample("cotb2025")
    limited = station.model_copy(update={"limits": station.limits.model_copy(update={"field": 1.0})})
    with open_session(limited, sample, ["cryostat"], simulate=True, start=LabStart(1)) as session:
        cryostat = session.instruments["cryostat"]
        assert isinstance(cryostat, MultiVu)
        assert session.lab is not None
        before = session.lab.cryostat.revision
        with pytest.raises(LimitExceeded, match=r"the cryostat at 127\.0\.0\.1:27183: the field would be"):
            cryostat.set_field(1.5, 0.01)
        assert session.lab.cryostat.revision == before
        assert cryostat.set_field(0.5, 0.01).field == 0.5
        assert session.make_safe() == []
    overrides = {"unguarded.cryostat": 1.0}
    with open_session(limited, sample, ["cryostat"], simulate=True, start=LabStart(1), overrides=overrides) as session:
        cryostat = session.instruments["cryostat"]
        assert isinstance(cryostat, MultiVu)
        assert cryostat.set_field(1.5, 0.01).field == 1.5
        with pytest.raises(InstrumentError, match="is outside -90000 to 90000 Oe"):
            cryostat.set_field(10.0, 0.01)


def test_nobody_at_the_address_is_a_fault_in_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = Path("data/stations/versalab.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace("127.0.0.1:27183", "127.0.0.1:9"))
    station = load_station(tmp_path / "mine.toml")
    with (
        pytest.raises(NoReply, match=r"nobody listens at 127\.0\.0\.1:9 \(.*\): is MultiVu running"),
        open_session(station, load_sample("cotb2025"), ["cryostat"], simulate=False, start=LabStart(1)),
    ):
        pass
    assert run_command(["doctor", "--station", "versalab", "--simulate"]) == 0
    assert "QUANTUM DESIGN,VERSALAB" in capsys.readouterr().out
