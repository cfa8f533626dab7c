"""Files that a command is given or told to write, and that are something else than they should be: exit code 2."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from labctl.cli.main import run_command
from labctl.paths import sample_files, station_files
from tests.labctl.elsewhere.files import FILM, rows

NO_PIPES = pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes have no path there")


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command that is wrongly used says, in one line."""
    code = run_command([*map(str, words)])
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    return said.err


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    path = tmp_path / "loop.csv"
    path.write_text("Field (Oe),Rxy (Ohm)\n" + rows())
    return path


def test_a_figure_that_cannot_be_written_is_wrong_usage(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (loop.parent / "folder.png").mkdir()
    (loop.parent / "file").write_text("")
    for name, words in (
        ("folder.png", "is there already and is no file"),
        ("nowhere/loop.png", "there is no folder"),
        ("file/loop.png", "there is no folder"),
        ("x" * 300 + ".png", "File name too long"),
    ):
        assert words in refused(capsys, "analyse", loop, "--as", "ahe", "--out", loop.parent / name)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder in which nobody, not even root, may write")
def test_a_figure_in_a_folder_that_takes_none_is_wrong_usage(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "analyse", loop, "--as", "ahe", "--out", "/proc/x.png")
    assert "'/proc/x.png' cannot be written" in said
    assert "name a place where you may write" in said


def test_a_figure_that_was_there_stays_if_the_analysis_fails(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = loop.parent / "loop.png"
    figure.write_bytes(b"what was drawn before")
    refused(capsys, "analyse", loop, "--as", "ahe", "--rows", "900:", "--out", figure)
    assert figure.read_bytes() == b"what was drawn before"
    refused(capsys, "analyse", loop, "--as", "ahe", "--rows", "900:", "--out", loop.parent / "new.png")
    assert not (loop.parent / "new.png").exists()


@NO_PIPES
def test_devices_and_pipes_are_refused_at_once(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = loop.parent / "pipe.png"
    os.mkfifo(pipe)
    for path in ("/dev/zero", pipe):
        assert "is no file but a device" in refused(capsys, "analyse", path, "--as", "ahe")
        assert "is no run" in refused(capsys, "analyse", path)
        for option in ("--station", "--sample"):
            said = refused(capsys, "run", "ahe", "--simulate", option, path)
            assert "cannot be read: it is no file but a device" in said
    assert "is no file" in refused(capsys, "analyse", loop, "--as", "ahe", "--out", pipe)


def test_a_sample_record_is_no_station_and_the_other_way_round(capsys: pytest.CaptureFixture[str]) -> None:
    sample, station = sample_files()["cotb2025"], station_files()["ppms"]
    said = refused(capsys, "run", "ahe", "--simulate", "--station", sample)
    assert f"{sample} is a sample record, which goes with --sample; a station file is wanted here, e.g. ppms" in said
    said = refused(capsys, "run", "ahe", "--simulate", "--sample", station)
    assert f"{station} is a station file, which goes with --station; a sample record is wanted here" in said


def test_a_file_with_a_mistake_is_no_file_of_another_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(station_files()["ppms"].read_text(encoding="utf-8").replace("[limits]", "[limts]"))
    assert "unknown key limts" in refused(capsys, "run", "ahe", "--simulate", "--station", path)
    path.write_text("schema = 1\nname = 'mine'\n")
    assert "instruments is missing" in refused(capsys, "run", "ahe", "--simulate", "--station", path)


def test_a_loop_behind_a_branch_that_began_on_its_way_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "loop.csv"
    path.write_text("Field (Oe),Rxy (Ohm)\n" + "".join((rows() + rows()).splitlines(keepends=True)[34:]))
    assert run_command(["analyse", str(path), "--as", "ahe", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["results"]
    note = said["saturated"]["note"]
    assert "what was read before the loop, between -490 mT and 160 mT, is no loop over the whole field" in note
    assert "what was read after the loop, between -500 mT and 500 mT" in note
    for name, value in (("coercive_field_up", FILM.coercive), ("anomalous_hall_resistance", FILM.amplitude)):
        assert abs(said[name]["value"] - value) < 4 * said[name]["uncertainty"]
