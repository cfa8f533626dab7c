"""From a file to the columns of an analysis: the right ones in SI units, or one sentence with what there is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from instruments.errors import BadValue, LabError, UnknownName, UsageError
from labctl.elsewhere.adoption import Adopted, adopt
from labctl.elsewhere.quantities import HALL_LOOP_COLUMNS
from tests.labctl.elsewhere.files import FIELD, HALL, multivu, rows

MU0 = 1.2566370614359173e-6


def adopted(path: Path, *columns: str, rows_: str | None = None) -> Adopted:
    return adopt(path, "ahe", HALL_LOOP_COLUMNS, [], columns, rows_)


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    path = tmp_path / "loop.csv"
    path.write_text("Field (Oe),Rxy (Ohm)\n" + rows())
    return path


def test_named_columns_come_in_si_units(loop: Path) -> None:
    got = adopted(loop, "field=Field (Oe)", "hall=Rxy (Ohm)")
    np.testing.assert_allclose(got.data["Field (T)"], FIELD * 1e-4, atol=1e-8)
    np.testing.assert_allclose(got.data["Hall resistance (ohm)"], HALL, rtol=1e-6)
    assert got.taken["field"] == "field: column 1 'Field (Oe)', in Oe"


@pytest.mark.parametrize(
    "said",
    [
        (),
        ("field=field (oe)",),
        ("field=Field", "hall=Rxy"),
        ("field=1:Oe", "hall=2:ohm"),
        ("field=Field (Oe):Oe", "hall=Rxy (Ohm):Ohm"),
    ],
)
def test_columns_are_found_by_name_without_unit_by_number_and_without_a_word(loop: Path, said: tuple[str, ...]) -> None:
    got = adopted(loop, *said)
    np.testing.assert_allclose(got.data["Field (T)"], FIELD * 1e-4, atol=1e-8)
    np.testing.assert_allclose(got.data["Hall resistance (ohm)"], HALL, rtol=1e-6)


@pytest.mark.parametrize(
    ("names", "factors", "said"),
    [
        ("H (A/m),Rxy (Ohm)", (MU0, 1.0), ()),
        ("mu0H (mT),R_xy[mOhm]", (1e-3, 1e-3), ()),
        ("B/T,Hall Resistance Ohm", (1.0, 1.0), ()),
        ("H_Oe,R_xy (kOhm)", (1e-4, 1e3), ()),
        ("Field (Oe),Vxy (uV)", (1e-4, 1e-6 / 1e-4), ("current=100uA",)),
        ("Field (Oe),rho_xy (uOhm cm)", (1e-4, 1e-8 / 5e-9), ("thickness=5nm",)),
        ("Magnetic Field (Oe),Bridge 1 Resistance (Ohms)", (1e-4, 1.0), ()),
        ("Field,Rxy", (1e-4, 1e-3), ("field=Field:Oe", "hall=Rxy:mohm")),
    ],
)
def test_units_are_converted(tmp_path: Path, names: str, factors: tuple[float, float], said: tuple[str, ...]) -> None:
    path = tmp_path / "loop.csv"
    path.write_text(names + "\n" + rows())
    data = adopted(path, *said).data
    np.testing.assert_allclose(data["Field (T)"], FIELD * factors[0], atol=1e-4 * factors[0])
    np.testing.assert_allclose(data["Hall resistance (ohm)"], HALL * factors[1], rtol=1e-6)


def test_a_current_may_stand_in_a_column(tmp_path: Path) -> None:
    path = tmp_path / "loop.csv"
    lines = [f"{line},{2 if place % 2 else 1}" for place, line in enumerate(rows().splitlines())]
    path.write_text("Field (Oe),V_xy (V),Current (mA)\n" + "\n".join(lines) + "\n")
    got = adopted(path)
    divided = HALL / (1e-3 * np.where(np.arange(len(HALL)) % 2, 2, 1))
    np.testing.assert_allclose(got.data["Hall resistance (ohm)"], divided, rtol=1e-6)
    assert "divided by current" in got.taken["hall"]


@pytest.mark.parametrize(
    ("error", "names", "said", "words"),
    [
        (UnknownName, "Field (Oe),Rxy (Ohm)", ("field=Fild (Oe)",), "nearest are 'Field (Oe)', 'Rxy (Ohm)'; it has 'F"),
        (UnknownName, "Field (Oe),Rxy (Ohm)", ("feild=Field (Oe)",), "did you mean field?"),
        (UnknownName, "Field (Oe),Rxy (Ohm)", ("field=7",), "it has 'Field (Oe)', 'Rxy (Ohm)'"),
        (UnknownName, "Field (Oe),Field (Oe)", ("field=Field (Oe)",), "give the number of one, 1, 2"),
        (BadValue, "Field (Oe),Rxy (Ohm)", ("field",), "is not name=COLUMN"),
        (BadValue, "Field (Oe),Rxy (Ohm)", ("field=1:Oe", "field=2:Oe"), "was given twice"),
        (BadValue, "Field,Rxy", ("field=Field",), 'add it behind a colon, e.g. --column field="Field:Oe"'),
        (BadValue, "Field (Oe),Rxy (Ohm)", ("field=Rxy (Ohm)",), "is in Ohm, which is a resistance, but field must be"),
        (BadValue, "Field (Oe),Moment (emu)", ("hall=Moment (emu)",), "which is a magnetic moment, but hall must be"),
        (BadValue, "Field (Oe),Rxy (Ohm)", ("hall=Rxy:bananas",), "nothing that labctl converts"),
        (
            UsageError,
            "Field (Oe),Vxy (uV)",
            (),
            "which must be divided by the current through the film; give it as a v",
        ),
        (UsageError, "Temperature (K),R (Ohm)", (), "no column is by its name and unit the magnetic field"),
        (UsageError, "Field (Oe),Temperature (K)", (), "no column is by its name and unit the Hall resistance"),
        (UsageError, "x,y", (), "it has 'x', 'y'"),
    ],
)
def test_what_does_not_fit_is_one_sentence_with_what_there_is(
    tmp_path: Path, error: type[LabError], names: str, said: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "loop.csv"
    path.write_text(names + "\n" + rows())
    with pytest.raises(error, match=re.escape(words)) as refused:
        adopted(path, *said)
    assert "\n" not in str(refused.value)


def test_several_columns_that_fit_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "loop.dat"
    path.write_text(multivu())
    got = adopted(path)  # the second bridge measured nothing
    assert got.taken["hall"] == "hall: column 7 'Bridge 1 Resistance (Ohms)', in Ohms"
    path = tmp_path / "loop.csv"
    path.write_text("Field (Oe),R1 (Ohm),R2 (Ohm)\n" + rows().replace("\n", ",1.5\n"))
    with pytest.raises(UsageError, match=re.escape("'R1 (Ohm)', 'R2 (Ohm)' may each be the Hall resistance")):
        adopted(path)


def test_rows_count_from_one_and_both_ends(loop: Path) -> None:
    assert len(adopted(loop, rows_="3:7").data) == 5
    assert len(adopted(loop, rows_="3:").data) == len(FIELD) - 2
    for text, words in (("7:3", "no range of rows"), ("a", "no range of rows"), ("0:3", "no range of rows")):
        with pytest.raises(BadValue, match=words):
            adopted(loop, rows_=text)
    with pytest.raises(UsageError, match="none of them in the range"):
        adopted(loop, rows_="900:")


def test_loops_at_several_temperatures_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "loop.csv"
    lines = [f"{line},{kelvin}" for kelvin in (300.01, 290.0) for line in rows().splitlines()]
    path.write_text("Field (Oe),Rxy (Ohm),T (K)\n" + "\n".join(lines) + "\n")
    count = len(FIELD)
    with pytest.raises(UsageError, match=f"1:{count} at 300 K, {count + 1}:{2 * count} at 290 K"):
        adopted(path)
    assert len(adopted(path, rows_=f"1:{count}").data) == count


def test_a_time_that_is_none_is_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "loop.csv"
    for times, words in ((np.zeros(len(FIELD)), "does not change"), (-np.arange(len(FIELD)), "runs backwards")):
        lines = [f"{line},{time}" for line, time in zip(rows().splitlines(), times, strict=True)]
        path.write_text("Field (Oe),Rxy (Ohm),Time (s)\n" + "\n".join(lines) + "\n")
        got = adopted(path)
        assert "Time (s)" not in got.data.columns
        assert words in "; ".join(got.notes)
