"""How the claims on switching plasticity of [Co/Gd]6 multilayers follow from finished runs: films and current loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from labctl.reproduction import cogd2022_device as device
from labctl.reproduction.cogd2022_plan import (
    CHOSEN,
    COMMON,
    COMMON_LOOPS,
    DEVICE_LOOPS,
    FIELD_LOOPS,
    FIELDS,
    HALF_LOOPS,
    HARMONIC_RUNS,
    THICKNESSES,
    current_loop,
    field_loop,
    plan,
)
from labctl.reproduction.measured import (
    MILLI,
    OERSTED,
    Curve,
    Measure,
    Measured,
    Point,
    in_order,
    set_to,
    sign_of,
    significance,
    width_of_channel,
)
from labctl.reproduction.planned import Evidence, Runs
from labctl.reproduction.tilting_field import ALONG, LOOP

__all__ = ["CHOSEN", "MEASURES", "plan"]

OXIDE = "AlOx (nm)"
IN_PLANE = "in-plane field (Oe)"
RANGE, RATIO = "current range (mA)", "switching ratio"
FIELD_LOOP_NAMES = tuple(field_loop(thickness) for thickness in THICKNESSES)
NUMBERS = tuple(float(thickness) for thickness in THICKNESSES)
STEPS = "pulses in steps of 0.5 mA, each loop {}"
THREE, OFTENER = "three times", "three times, or ten where the first nucleus decides"


def _curve(
    runs: Runs, names: Sequence[str], places: Sequence[float], across: str, upwards: str,
    of: Callable[[Evidence], tuple[float, float]],
) -> Curve:  # fmt: skip
    points = [Point(place, *of(runs[name])) for name, place in zip(names, places, strict=True)]
    return Curve(across, upwards, points)


def _range(run: Evidence) -> tuple[float, float]:
    """Current range from 5 % to 95 % of a branch, mA."""
    value, error = run.number("current_window")
    return MILLI * value, MILLI * error


def _ratio(run: Evidence) -> tuple[float, float]:
    return run.number("switching_ratio")


def _with(measured: Measured, note: str) -> Measured:
    return Measured(measured.value, measured.uncertainty, f"{measured.why}; {note}", measured.also, measured.curve)


# ---- Hall loops


def _signs(runs: Runs) -> Measured:
    amplitudes = {name: runs[name].number("anomalous_hall_resistance") for name in FIELD_LOOP_NAMES}
    sure = min(abs(significance(*amplitude)) for amplitude in amplitudes.values())
    signs = {name: runs[name].number("polarity")[0] for name in FIELD_LOOP_NAMES}
    alike = len(set(signs.values())) == 1
    kept = min(runs[name].number("remanence_ratio")[0] for name in FIELD_LOOP_NAMES)
    why = (
        f"R_xy rises with the field where it is positive; {len(signs)} loops "
        f"{'have the same sign' if alike else 'have different signs'}"
    )
    found = sign_of(signs[FIELD_LOOP_NAMES[0]] if alike else 0.0, sure if alike else 0.0, why)
    return Measured(found.value, found.uncertainty, why, {"smallest ratio of remanence to saturation": kept})


def _relative_width(run: Evidence) -> tuple[float, float]:
    """10-90 % width of the switching over the coercive field."""
    width, error = run.number("switching_width_10_90")
    up, down = run.number("coercive_field_up"), run.number("coercive_field_down")
    half, other = 0.5 * (up[0] - down[0]), 0.5 * math.hypot(up[1], down[1])
    return width / half, width / half * math.hypot(error / width, other / half)


def _gradual(runs: Runs) -> Measured:
    curve = _curve(runs, FIELD_LOOP_NAMES, NUMBERS, OXIDE, "10-90 % width over coercive field", _relative_width)
    ends = Curve(curve.across, curve.upwards, (curve.points[0], curve.points[-1]))
    found = in_order(ends, "of the coercive field")
    note = "the width without oxide is sharper than the spacing of the readings, which bounds it from above"
    return Measured(found.value, found.uncertainty, f"{found.why}; {note}", {}, curve)


# ---- settings


def _read_current(runs: Runs) -> Measured:
    currents = runs[COMMON_LOOPS[0]].column("Current 1 (A)")
    why = "magnitude of the current in every reading, as the source was set; both signs are read"
    return set_to(np.abs(currents), MILLI, why)


def _pulse_width(runs: Runs) -> Measured:
    why = "width of every pulse in the source's list, which times it by itself"
    return set_to(runs[COMMON_LOOPS[0]].column("Pulse width (s)", LOOP), MILLI, why)


def _common_field(runs: Runs) -> Measured:
    values = np.concatenate([runs[name].column(ALONG, LOOP) for name in COMMON_LOOPS])
    return set_to(values, OERSTED, "read back during the loops of all thicknesses; the magnet may hold 20 Oe besides")


def _device_field(runs: Runs) -> Measured:
    first = runs[DEVICE_LOOPS].column(ALONG, LOOP, turn=1)
    return set_to(first, OERSTED, "read back during the loops; the magnet may hold 20 Oe besides")


# ---- current loops


def _torque(runs: Runs) -> Measured:
    run = runs[HARMONIC_RUNS[0]]
    value, error = (OERSTED * number for number in run.number("damping_like_efficiency"))
    bare = OERSTED * run.number("damping_like_field_uncorrected")[0]
    field = OERSTED * run.number("damping_like_field")[0]
    why = (
        "film without oxide, as in the paper; over the whole cross-section of metal; corrected for the planar Hall "
        f"effect, heat and a field of half of H_k, without which it would be {100 * (bare / field - 1):+.0f} %"
    )
    return Measured(value, error, why)


def _stiffness(runs: Runs) -> Measured:
    def of(run: Evidence) -> tuple[float, float]:
        value, error = run.number("anisotropy_field")
        return OERSTED * value, OERSTED * error

    found = in_order(_curve(runs, HARMONIC_RUNS, NUMBERS, OXIDE, "anisotropy field (Oe)", of), "Oe", rising=False)
    return _with(found, "from the first harmonic against the field along the current")


def _ratio_over_field(runs: Runs) -> Measured:
    curve = _curve(runs, FIELD_LOOPS, [10.0 * field for field in FIELDS], IN_PLANE, RATIO, _ratio)
    return _with(in_order(curve, "", rising=False), "the paper's fields are in its figure only")


def _range_over_field(runs: Runs) -> Measured:
    curve = _curve(runs, FIELD_LOOPS, [10.0 * field for field in FIELDS], IN_PLANE, RANGE, _range)
    return _with(in_order(curve, "mA", ratio="largest over smallest field"), STEPS.format(OFTENER))


def _range_over_oxide(runs: Runs) -> Measured:
    curve = _curve(runs, COMMON_LOOPS, NUMBERS, OXIDE, RANGE, _range)
    return _with(in_order(curve, "mA", ratio="2 nm over 0 nm"), STEPS.format(OFTENER))


def _ratio_over_oxide(runs: Runs) -> Measured:
    return in_order(_curve(runs, COMMON_LOOPS, NUMBERS, OXIDE, RATIO, _ratio), "", rising=False)


def _fields_at_half(runs: Runs) -> str:
    fields = ", ".join(f"{OERSTED * runs[name].setting('in_plane_field'):.0f}" for name in HALF_LOOPS)
    return f"in {fields} Oe, half of the anisotropy field of the first harmonic"


def _ratio_at_half(runs: Runs) -> Measured:
    curve = _curve(runs, HALF_LOOPS, NUMBERS, OXIDE, RATIO, _ratio)
    largest, smallest = (choose(curve.points, key=lambda p: p.value) for choose in (max, min))
    why = f"from {smallest.value:.4f} to {largest.value:.4f}; {_fields_at_half(runs)}"
    error = math.hypot(largest.uncertainty, smallest.uncertainty)
    return Measured(largest.value - smallest.value, error, why, {}, curve)


def _range_at_half(runs: Runs) -> Measured:
    curve = _curve(runs, HALF_LOOPS, NUMBERS, OXIDE, RANGE, _range)
    return _with(in_order(curve, "mA"), f"{_fields_at_half(runs)}; {STEPS.format(THREE)}")


def _from_two_to_many(runs: Runs) -> Measured:
    one, other = runs[COMMON_LOOPS[0]], runs[COMMON_LOOPS[-1]]
    value, error = _range(one)
    thick = _range(other)
    counted = " and ".join(f"{run.number('levels')[0]:.0f}" for run in (one, other))
    why = (
        f"in {10 * COMMON} Oe; {thick[0]:.2f} ± {thick[1]:.2f} mA under 2 nm; {counted} states along a branch come "
        "back from loop to loop, saturated ones included"
    )
    curve = _curve(runs, COMMON_LOOPS, NUMBERS, OXIDE, RANGE, _range)
    return Measured(value, error, why, {"current range under 2 nm": thick[0]}, curve)


def _senses(runs: Runs) -> Measured:
    run = runs[DEVICE_LOOPS]
    product, _ = run.number("sense_product")
    sure = significance(*run.number("hall_swing_current"))
    why = "the state that a positive current leaves, in -500 Oe and in 500 Oe; three loops in each, all alike"
    return sign_of(product, sure, why)


MEASURES: Mapping[str, Measure] = {
    "cogd2022-01": Measure(FIELD_LOOP_NAMES, _signs),
    "cogd2022-02": Measure(FIELD_LOOP_NAMES, _gradual),
    "cogd2022-03": Measure(COMMON_LOOPS[:1], _read_current),
    "cogd2022-04": Measure(COMMON_LOOPS[:1], _pulse_width),
    "cogd2022-05": Measure(HARMONIC_RUNS[:1], _torque),
    "cogd2022-06": Measure(HARMONIC_RUNS, _stiffness),
    "cogd2022-07": Measure(FIELD_LOOPS, _ratio_over_field),
    "cogd2022-08": Measure(FIELD_LOOPS, _range_over_field),
    "cogd2022-09": Measure(COMMON_LOOPS, _range_over_oxide),
    "cogd2022-10": Measure(COMMON_LOOPS, _ratio_over_oxide),
    "cogd2022-11": Measure(HALF_LOOPS, _ratio_at_half),
    "cogd2022-12": Measure(HALF_LOOPS, _range_at_half),
    "cogd2022-13": Measure(COMMON_LOOPS, _from_two_to_many),
    "cogd2022-14": Measure(COMMON_LOOPS, _common_field),
    "cogd2022-15": Measure((DEVICE_LOOPS,), _device_field),
    "cogd2022-34": Measure(
        (current_loop("2", COMMON),), lambda runs: width_of_channel(runs[current_loop("2", COMMON)])
    ),
    "cogd2022-35": Measure((DEVICE_LOOPS,), _senses),
    **device.MEASURES,
}
