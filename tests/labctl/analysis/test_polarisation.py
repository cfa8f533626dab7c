"""Nominal polarisations against the equation, its limits, and the two numbers of a published junction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import BadValue
from labctl.analysis.polarisation import julliere_tmr, nominal_polarisation
from labctl.analysis.result import THIS_LOOP, Result, missing


def tmr(value: float, error: float | None = 0.01) -> Result:
    return Result(value, error, "1", THIS_LOOP, None if error is not None else "not told")


@pytest.mark.parametrize(("value", "polarisation"), [(0.72, -0.265), (-0.22, 0.124)])
def test_a_half_metal_of_minus_one_gives_the_published_polarisations(value: float, polarisation: float) -> None:
    found = nominal_polarisation(tmr(value), -1.0)
    assert found.value == pytest.approx(polarisation, abs=5e-4)
    assert "if P_1 = -1" in (found.note or "")
    assert "per 0.1" in (found.note or "")


@given(st.floats(-0.95, 0.95), st.floats(0.05, 0.95), st.sampled_from([-1.0, 1.0]))
def test_it_undoes_the_model(second: float, size: float, sign: float) -> None:
    found = nominal_polarisation(tmr(julliere_tmr(sign * size, second)), sign * size)
    assert found.value == pytest.approx(second, abs=1e-9)


@given(st.floats(-0.5, 1.0), st.floats(0.7, 1.0))
def test_the_uncertainty_is_that_of_the_tmr(value: float, assumed: float) -> None:
    found, more = (nominal_polarisation(tmr(at), assumed) for at in (value, value + 1e-6))
    assert found.value is not None
    assert more.value is not None
    assert found.uncertainty == pytest.approx(0.01 * (more.value - found.value) / 1e-6, rel=1e-3)


def test_the_note_says_what_a_smaller_assumption_would_give() -> None:
    found, other = (nominal_polarisation(tmr(0.72), assumed) for assumed in (-1.0, -0.9))
    assert found.value is not None
    assert other.value is not None
    assert f"{other.value - found.value:+.2g} per 0.1" in (found.note or "")


def test_no_polarisation_without_a_tmr_or_beyond_one() -> None:
    assert "flat" in (nominal_polarisation(missing("1", "flat"), -1.0).why or "")
    assert "outside" in (nominal_polarisation(tmr(5.0), 0.3).why or "")
    assert nominal_polarisation(tmr(-1.0), 1.0).value is None
    assert nominal_polarisation(tmr(0.3, None), 1.0).uncertainty is None
    for wrong in (0.0, 26.5):
        with pytest.raises(BadValue):
            nominal_polarisation(tmr(0.3), wrong)
