"""What other values are divided by is what somebody can have meant, or is refused with value, limit and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from instruments.errors import BadValue, UsageError
from labctl.elsewhere.adoption import Adopted, adopt
from labctl.elsewhere.quantities import HALL_LOOP_COLUMNS
from tests.labctl.elsewhere.files import HALL, rows


def table(path: Path, names: str, more: str = "") -> Path:
    file = path / "loop.csv"
    file.write_text(f"{names}\n" + rows().replace("\n", f"{more}\n"))
    return file


def adopted(path: Path, *columns: str, rows_: str | None = None) -> Adopted:
    return adopt(path, "ahe", HALL_LOOP_COLUMNS, [], columns, rows_)


@pytest.mark.parametrize(
    ("names", "said", "words"),
    [
        ("rho_xy (uOhm cm)", "thickness=10", "as a value it has no unit; write one, e.g. --column thickness=5nm"),
        ("rho_xy (uOhm cm)", "thickness=5e-9", "as a value it has no unit"),
        ("rho_xy (uOhm cm)", "thickness=-5 nm", "is -5 nm, but must be at least 100 pm and at most 1 mm; write e.g."),
        ("rho_xy (uOhm cm)", "thickness=0 nm", "is 0 m, but must be at least 100 pm"),
        ("rho_xy (uOhm cm)", "thickness=5 mm", "is 5 mm, but must be at least 100 pm and at most 1 mm"),
        ("rho_xy (uOhm cm)", "thickness=inf nm", "because it is not finite"),
        ("rho_xy (uOhm cm)", "thickness=5 V", "5 V is not a length"),
        ("Vxy (uV)", "current=100", "as a value it has no unit; write one, e.g. --column current=100uA"),
        ("Vxy (uV)", "current=0 A", "is 0 A, but must be above zero and at most 10 A in either direction"),
        ("Vxy (uV)", "current=-11 A", "is -11 A, but must be above zero and at most 10 A in either direction"),
        ("Vxy (uV)", "current=nanA", "because it is not finite"),
        ("Rxy (Ohm)", "temperature=-4 K", "is -4 K, but must be above zero and at most 2000 K"),
    ],
)
def test_a_value_that_nobody_can_have_meant_is_refused(tmp_path: Path, names: str, said: str, words: str) -> None:
    with pytest.raises(BadValue, match=re.escape(words)) as refused:
        adopted(table(tmp_path, f"Field (Oe),{names}"), said)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("said", "factor"), [("current=-100uA", -1e-2), ("current=100u", 1e-2)])
def test_a_current_may_be_negative_and_its_sign_is_said(tmp_path: Path, said: str, factor: float) -> None:
    got = adopted(table(tmp_path, "Field (Oe),Vxy (uV)"), said)
    np.testing.assert_allclose(got.data["Hall resistance (ohm)"], HALL * factor, rtol=1e-6)
    assert ("is negative" in "; ".join(got.notes)) == (factor < 0)


def test_a_temperature_needs_no_unit(tmp_path: Path) -> None:
    data = adopted(table(tmp_path, "Field (Oe),Rxy (Ohm)"), "temperature=300").data
    assert set(data["Temperature (K)"]) == {300.0}


@pytest.mark.parametrize(
    ("names", "value", "words"),
    [
        ("Vxy (uV),Current (A)", "100", "column 'Current (A)': the current through the film is 100 A, but must be"),
        ("Vxy (uV),Current (A)", "0", "column 'Current (A)' is 0 in all rows, so nothing can be divided by it"),
        ("rho_xy (uOhm cm),d (m)", "5", "the thickness of the film is 5 m, but must be at least 100 pm"),
        ("rho_xy (uOhm cm),d (nm)", "-5", "the thickness of the film is -5 nm, but must be"),
    ],
)
def test_a_column_that_others_are_divided_by_is_looked_at(tmp_path: Path, names: str, value: str, words: str) -> None:
    said = ("thickness=3",) if "rho" in names else ()
    with pytest.raises(BadValue, match=re.escape(words)):
        adopted(table(tmp_path, f"Field (Oe),{names}", f",{value}"), *said)


def test_a_few_zeros_of_a_current_cost_only_their_rows(tmp_path: Path) -> None:
    path = table(tmp_path, "Field (Oe),Vxy (V),Current (mA)", ",2")
    lines = path.read_text().splitlines()
    lines[50] = lines[50][:-1] + "0"
    path.write_text("\n".join(lines) + "\n")
    hall = adopted(path).data["Hall resistance (ohm)"].to_numpy(dtype=float)
    assert np.flatnonzero(~np.isfinite(hall)).tolist() == [49]


def test_alternating_currents_are_said_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "loop.csv"
    lines = [f"{line},{-1 if place % 2 else 1}" for place, line in enumerate(rows().splitlines())]
    path.write_text("Field (Oe),Vxy (V),Current (mA)\n" + "\n".join(lines) + "\n")
    assert f"is negative in {len(HALL) // 2} of {len(HALL)} rows" in "; ".join(adopted(path).notes)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Field (T)", "reaches 5000 T, more than 50 T: the unit of the column is probably another one"),
        ("Field (nT)", "reaches only 5 uT, less than 50 uT"),
        ("Field (Oe)", None),
        ("Field (mOe)", None),
    ],
)
def test_a_field_that_no_magnet_makes_is_said_and_not_refused(tmp_path: Path, name: str, words: str | None) -> None:
    got = adopted(table(tmp_path, f"{name},Rxy (Ohm)"))
    assert words is None or words in "; ".join(got.notes)
    assert bool(got.notes) == (words is not None)


def test_a_single_wild_field_says_nothing_of_the_unit(tmp_path: Path) -> None:
    path = table(tmp_path, "Field (Oe),Rxy (Ohm)")
    lines = path.read_text().splitlines()
    lines[50] = "9e9," + lines[50].split(",")[1]
    path.write_text("\n".join(lines) + "\n")
    assert adopted(path).notes == []


def test_a_range_of_rows_that_ends_behind_the_table_is_said(tmp_path: Path) -> None:
    path = table(tmp_path, "Field (Oe),Rxy (Ohm)")
    got = adopted(path, rows_="2:4000")
    assert len(got.data) == len(HALL) - 1
    assert f"--rows ends at 4000, but {path} has {len(HALL)} rows; 2 to {len(HALL)} were taken" in got.notes
    assert adopted(path, rows_=f"1:{len(HALL)}").notes == []
    assert adopted(path, rows_="5:").notes == []


@pytest.mark.parametrize(
    ("names", "said", "words"),
    [
        ("rho_xy (uOhm cm)", (), "is a resistivity, which must be divided by the thickness of the film; give it as a"),
        ("rho_xy (Ohm m)", ("hall=2",), "--column thickness=5nm, or as a column"),
        ("Gxy (S)", (), "the Hall resistance (a resistance, a voltage or a resistivity)"),
        ("Gxy (S)", ("hall=Gxy (S)",), "is a conductance, but hall must be a resistance, a voltage or a resistivity"),
        ("sigma_xy (S/cm)", ("hall=2",), "which is a conductivity, but hall must be"),
    ],
)
def test_what_is_no_resistance_is_called_by_its_name(
    tmp_path: Path, names: str, said: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(words)) as refused:
        adopted(table(tmp_path, f"Field (Oe),{names}"), *said)
    assert "kilogram" not in str(refused.value)
