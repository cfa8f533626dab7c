"""Units from the names of columns, as people write them."""

from __future__ import annotations

import pytest

from labctl.elsewhere.headings import OHM_METRE, heading_of, is_unit


@pytest.mark.parametrize(
    ("name", "base", "factor", "si"),
    [
        ("Field (Oe)", "field", 1e-4, "T"),
        ("Field [T]", "field", 1.0, "T"),
        ("Field{kG}", "field", 0.1, "T"),
        ("mu0H (mT)", "mu0h", 1e-3, "T"),
        ("H_Oe", "h", 1e-4, "T"),
        ("H_kOe", "h", 0.1, "T"),
        ("B/T", "b", 1.0, "T"),
        ("Magnetic Field (Oe)", "magnetic field", 1e-4, "T"),
        ("Field (Oersted)", "field", 1e-4, "T"),
        ("Field in Gauss", "field", 1e-4, "T"),
        ("H (A/m)", "h", 1.0, "A/m"),
        ("H (kA/m)", "h", 1e3, "A/m"),
        ("Rxy (Ohm)", "rxy", 1.0, "ohm"),
        ("R_xy[mOhm]", "r xy", 1e-3, "ohm"),
        ("Rxy (m\u2126)", "rxy", 1e-3, "ohm"),
        ("Rxy (\u03bc\u03a9)", "rxy", 1e-6, "ohm"),
        ("Resistance Ohm", "resistance", 1.0, "ohm"),
        ("Bridge 1 Resistance (Ohms)", "bridge 1 resistance", 1.0, "ohm"),
        ("Voltage (uV)", "voltage", 1e-6, "V"),
        ("V_xy (nV)", "v xy", 1e-9, "V"),
        ("rho_xy (uOhm cm)", "rho xy", 1e-8, OHM_METRE),
        ("Bridge 1 Resistivity (Ohm-m)", "bridge 1 resistivity", 1.0, OHM_METRE),
        ("Time Stamp (sec)", "time stamp", 1.0, "s"),
        ("Time (min)", "time", 60.0, "s"),
        ("Temperature (K)", "temperature", 1.0, "K"),
    ],
)
def test_units_are_taken_from_names(name: str, base: str, factor: float, si: str) -> None:
    heading = heading_of(name)
    assert heading.base == base
    assert heading.unit is not None
    assert heading.unit.factor == pytest.approx(factor, rel=1e-12)
    assert heading.unit.si == si


@pytest.mark.parametrize("name", ["Field", "Rxy", "R", "hall", "Comment", "x", "column 3", "", "Branch"])
def test_a_name_without_a_unit_has_none(name: str) -> None:
    assert heading_of(name).unit is None


@pytest.mark.parametrize("name", ["Volume (acres)", "Field (bananas)", "Signal (a.u.)"])
def test_a_unit_that_is_not_known_is_kept_but_converts_nothing(name: str) -> None:
    unit = heading_of(name).unit
    assert unit is not None
    assert unit.factor is None


def test_a_line_of_units_is_told_from_one_of_names() -> None:
    assert all(map(is_unit, ["Oe", "(Ohm)", "[T]", "mT", "emu", "K"]))
    assert not any(map(is_unit, ["Field", "Rxy", "Temperature", "12"]))
