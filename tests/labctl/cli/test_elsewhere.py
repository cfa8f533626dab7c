"""`labctl analyse FILE --as ahe`: results of other people's files, or one sentence and exit code 2."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from labctl.cli.main import run_command
from tests.labctl.elsewhere.files import FILM, multivu, rows

COLUMNS = ("--column", "field=Field (Oe)", "--column", "hall=Rxy (Ohm)")


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    path = tmp_path / "loop.csv"
    path.write_text("Field (Oe),Rxy (Ohm)\n" + rows())
    return path


def analysed(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = run_command(["analyse", *map(str, words)])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return code, said.out, said.err


def test_a_csv_file_gives_results_and_nothing_is_written(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(loop.parent.iterdir())
    code, out, error = analysed(capsys, loop, "--as", "ahe", *COLUMNS)
    assert code == 0, error
    assert "field: column 1 'Field (Oe)', in Oe" in out
    assert "coercive field up" in out
    assert list(loop.parent.iterdir()) == before


@pytest.mark.parametrize("short", [True, False])
def test_a_multivu_file_is_right_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], *, short: bool) -> None:
    path = tmp_path / "loop.dat"
    path.write_bytes(multivu(short=short).encode())
    code, out, _ = analysed(capsys, path, "--as", "ahe", "--json")
    assert code == 0
    said = json.loads(out)
    assert out.count("\n") == 1
    assert said["columns"]["hall"] == "hall: column 7 'Bridge 1 Resistance (Ohms)', in Ohms"
    truth = {"coercive_field_up": FILM.coercive, "coercive_field_down": -FILM.coercive,
             "anomalous_hall_resistance": FILM.amplitude}  # fmt: skip
    for name, value in truth.items():
        result = said["results"][name]
        assert abs(result["value"] - value) < 4 * result["uncertainty"], name


def test_a_figure_is_drawn_where_it_is_wanted(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = loop.parent / "loop.svg"
    code, out, _ = analysed(capsys, loop, "--as", "ahe", *COLUMNS, "--out", figure)
    assert code == 0
    assert f"figure: {figure}" in out
    assert "Field H (Oe)" in figure.read_text()


def test_a_file_of_another_kind_is_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(tmp_path / "loop.xlsx", "w") as archive:
        archive.writestr("sheet.xml", "<a/>")
    contents: dict[str, tuple[bytes, str]] = {
        "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(50), "picture"),
        "empty.csv": (b"", "empty"),
        "run.json": (b'{"a": [1, 2]}', "no table of numbers"),
        "rt.csv": (b"Temperature (K),R (Ohm)\n" + b"".join(b"%d,1.5\n" % kelvin for kelvin in range(50)), "--column"),
        "moments.dat": (multivu().replace("Bridge 1 Resistance (Ohms)", "Moment (emu)").encode(), "Hall resistance"),
        "word.doc": (b"\xd0\xcf\x11\xe0" + bytes(50), "Office"),
    }
    for name, (content, words) in contents.items():
        (tmp_path / name).write_bytes(content)
        code, out, error = analysed(capsys, tmp_path / name, "--as", "ahe")
        assert (code, out) == (2, ""), name
        assert words in error, name
        assert error.count("\n") == 1, name
    for path, words in ((tmp_path / "loop.xlsx", "Excel"), (tmp_path / "nowhere.csv", "does not exist")):
        code, _, error = analysed(capsys, path, "--as", "ahe")
        assert code == 2
        assert words in error


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--as", "ahe", "--column", "field=Feld"), "it has 'Field (Oe)', 'Rxy (Ohm)'"),
        (("--as", "ahe", "--out", "loop.xyz"), "is no name of a figure"),
        (("--as", "ahe", "--rows", "x"), "is no range of rows"),
        (("--as", "ahhe"), "ahhe"),
        ((), "to analyse a table of another origin say as what"),
    ],
)
def test_a_wrong_word_is_one_sentence_and_exit_code_2(
    loop: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    code, out, error = analysed(capsys, loop, *words)
    assert (code, out) == (2, "")
    assert sentence in error
    assert error.count("\n") == 1


def test_a_loop_that_says_nothing_says_why_and_is_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "half.csv"
    path.write_text("Field (Oe),Rxy (Ohm)\n" + "".join(rows().splitlines(keepends=True)[:101]))
    code, out, _ = analysed(capsys, path, "--as", "ahe", "--out", tmp_path / "half.png")
    assert code == 0
    assert "a falling and a rising one" in " ".join(out.split())


def test_the_table_of_a_run_is_analysed_like_any_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data.csv"
    table = FILM.table(3, recorded=True)
    path.write_text("# labctl\n" + table.to_csv(index=False))
    code, out, error = analysed(capsys, path, "--as", "ahe", "--json")
    assert code == 0, error
    assert json.loads(out)["results"]["coercive_field_up"]["value"] == pytest.approx(FILM.coercive, abs=2e-3)
