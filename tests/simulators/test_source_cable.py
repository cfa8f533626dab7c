"""The source's cable: what it takes of the current with its shield at low, and what the guard gives back."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from labctl.sample import load_sample
from labctl.simulation import build_lab
from simulators.cables import Cables, EmfSettings, TriaxialCable
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.source_output import GUARD_ERROR
from simulators.lab import Lab
from simulators.randomness import Streams
from simulators.source_cable import Passage, SourceCable, smoothed
from simulators.timeline import Timeline
from simulators.wiring import Wiring
from tests.clinic import station_like
from tests.simulators.test_wiring import FILM, LEADS, Resistor

BETWEEN = FILM + 50.0  # ohm from high to low
MACHINE = 'machine = "ppms_9t"'
LOW = 'low = "I-" }\nvolt'
THROUGH = (LOW, 'low = "I-", triax_to_sample = true }\nvolt')

steps_of_a_cycle = st.lists(st.tuples(st.floats(1e-6, 1.0), st.floats(-0.1, 0.1)), min_size=1, max_size=6)


def wired(cable: TriaxialCable) -> tuple[VirtualClock, Wiring]:
    clock = VirtualClock()
    cables = Cables(source=("I+", "I-"), voltmeter={1: ("A", "B")}, triax=cable)
    return clock, Wiring(Timeline(clock), Resistor(), LEADS, cables, Streams(1, 0), EmfSettings(0.0, 0.0, 0.0))


def read(clock: VirtualClock, wiring: Wiring, aperture: float) -> float:
    clock.sleep(aperture)
    return wiring.meter.mean_voltage(1, clock.now() - aperture, clock.now())


# ---- physics


@given(leakage=st.floats(1e3, 1e15), capacitance=st.floats(0.0, 1e-6), resistance=st.floats(0.1, 1e12))
def test_leakage_and_sample_are_in_parallel(leakage: float, capacitance: float, resistance: float) -> None:
    passage = SourceCable(TriaxialCable(capacitance, leakage)).passage(resistance)
    leaks = passage.of(1.0) * resistance / leakage
    assert passage.of(1.0) + leaks == pytest.approx(1.0, rel=1e-12)
    parallel = 1.0 / (1.0 / leakage + 1.0 / resistance)
    assert passage.settling == pytest.approx(parallel * capacitance, rel=1e-9)


def test_a_guard_that_goes_through_leaves_its_own_error() -> None:
    cable = SourceCable(TriaxialCable(1e-9, 1e12, through=True))
    cable.guard = lambda: 1e-3
    assert cable.passage(1e6) == Passage(1.0, 1e-15, 0.0)
    cable.guard = lambda: None
    assert cable.passage(1e6).settling == pytest.approx(1e-3, rel=1e-5)


def test_a_guard_that_ends_before_the_sample_is_of_no_use() -> None:
    cable = SourceCable(TriaxialCable(1e-9, 1e12))
    unguarded = cable.passage(1e6)
    cable.guard = lambda: 0.0
    assert cable.passage(1e6) == unguarded


@settings(deadline=None, max_examples=100)
@given(steps=steps_of_a_cycle, settling=st.floats(1e-4, 10.0))
def test_a_low_pass_keeps_the_mean_and_smooths(steps: list[tuple[float, float]], settling: float) -> None:
    period = sum(duration for duration, _ in steps)
    found = smoothed(steps, settling)
    mean = sum(duration * current for duration, current in steps) / period
    assert sum(duration * current for duration, current in found) / period == pytest.approx(mean, abs=1e-12)
    levels = [current for _, current in steps]
    assert all(min(levels) - 1e-12 <= current <= max(levels) + 1e-12 for _, current in found)


def test_a_low_pass_against_its_differential_equation() -> None:
    """dx/dt = (u - x)/tau, integrated in steps of a thousandth of tau until nothing of the beginning is left."""
    steps, settling = [(2e-3, 1.0), (1e-3, -0.5), (3e-3, 0.25)], 1.5e-3
    level, step, means = 0.0, 1.5e-6, [0.0] * len(steps)
    for _ in range(8):
        for place, (duration, current) in enumerate(steps):
            total, count = 0.0, round(duration / step)
            for _ in range(count):
                middle = level + (current - level) * 0.5 * step / settling
                level += (current - middle) * step / settling
                total += middle
            means[place] = total / count
    assert [current for _, current in smoothed(steps, settling)] == pytest.approx(means, rel=1e-3)


def test_limits_of_the_low_pass() -> None:
    square = [(1e-3, 1.0), (1e-3, -1.0)]
    assert [current for _, current in smoothed(square, 1e-9)] == pytest.approx([1.0, -1.0], abs=1e-5)
    assert [current for _, current in smoothed(square, 1e3)] == pytest.approx([0.0, 0.0], abs=1e-6)


# ---- at the sample


def test_the_cable_charges_before_the_sample_has_its_current() -> None:
    """The mean over the first t of 1 - exp(-t/tau), tau = R C of film and leads."""
    clock, wiring = wired(TriaxialCable(capacitance=1e-6))
    tau, aperture = BETWEEN * 1e-6, 1e-3
    wiring.source.drive(1e-4, 10.0)
    filled = 1.0 - tau / aperture * -math.expm1(-aperture / tau)
    assert read(clock, wiring, aperture) == pytest.approx(1e-4 * FILM * filled, rel=1e-9)
    assert read(clock, wiring, aperture) == pytest.approx(1e-4 * FILM, rel=0.1)
    clock.sleep(1.0)
    assert read(clock, wiring, aperture) == pytest.approx(1e-4 * FILM, rel=1e-12)


@pytest.mark.parametrize("current", [1e-4, -1e-4])
def test_what_leaks_does_not_reach_the_sample_and_compliance_is_of_what_does(current: float) -> None:
    clock, wiring = wired(TriaxialCable(leakage=BETWEEN))  # as much leaks as gets there
    wiring.source.drive(current, 10.0)
    assert read(clock, wiring, 0.02) == pytest.approx(0.5 * current * FILM, rel=1e-12)
    wiring.source.drive(current, 0.75e-4 * BETWEEN)
    assert not wiring.source.in_compliance()
    wiring.source.drive(current, 0.45e-4 * BETWEEN)
    assert wiring.source.in_compliance()
    assert abs(read(clock, wiring, 0.02)) == pytest.approx(0.45e-4 * FILM, rel=1e-12)


def test_a_fast_wave_comes_through_a_bad_cable_as_little() -> None:
    tau = BETWEEN * 1e-6
    heard: list[float] = []
    for cable in (TriaxialCable(), TriaxialCable(capacitance=1e-6)):
        clock, wiring = wired(cable)
        wiring.source.drive_cycle([(tau, 1e-4), (tau, -1e-4)], 10.0)
        heard.append(read(clock, wiring, tau))
    assert heard[0] == pytest.approx(1e-4 * FILM)
    assert heard[1] / heard[0] == pytest.approx(1.0 - 2.0 * math.tanh(0.5), rel=1e-9)  # a square wave behind R C


# ---- in a lab


def lab_with(folder: Path, *lines: str, through: bool, quiet: bool = True) -> Lab:
    changes = [(MACHINE, "\n".join((MACHINE, *lines)))] + ([THROUGH] if through else [])
    station = station_like("ppms", *changes, folder=folder)
    return build_lab(station, load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=0, quiet=quiet)


def through_the_bar(lab: Lab, shield: str) -> float:
    """A in the sample of 10 uA commanded."""
    source = lab.devices["source"]
    assert isinstance(source, Keithley6221)
    source.write(f":OUTP:ISH {shield};:SOUR:CURR 1e-5;:OUTP 1\n".encode())
    lab.clock.sleep(1.0)
    return lab.wiring.circuit.latest.source


@pytest.mark.parametrize(
    ("shield", "through", "guarded"),
    [("OLOW", True, False), ("GUAR", True, True), ("GUAR", False, False), ("OLOW", False, False)],
)
def test_the_inner_shield_decides_what_reaches_the_sample(
    shield: str, through: bool, guarded: bool, tmp_path: Path
) -> None:
    lab = lab_with(tmp_path, 'cable_leakage = "1 Mohm"', through=through)
    flows = through_the_bar(lab, shield)
    resistance = lab.wiring.source.voltage() / flows
    assert flows == pytest.approx(1e-5 if guarded else 1e-5 * 1e6 / (1e6 + resistance), rel=1e-9)
    assert guarded or flows < 0.9999e-5


def test_changing_the_shield_with_the_output_on_changes_the_current(tmp_path: Path) -> None:
    lab = lab_with(tmp_path, 'cable_leakage = "1 Mohm"', through=True)
    assert through_the_bar(lab, "OLOW") < 0.9999e-5
    lab.devices["source"].write(b":OUTP:ISH GUAR\n")
    assert lab.wiring.circuit.latest.source == pytest.approx(1e-5, rel=1e-12)


def test_a_guard_is_as_exact_as_specified(tmp_path: Path) -> None:
    lab = lab_with(tmp_path, 'cable_leakage = "1 Gohm"', 'calibration = "specified"', through=True)
    source = lab.devices["source"]
    assert isinstance(source, Keithley6221)
    error = source.calibration.guard
    assert 0.0 < abs(error) <= GUARD_ERROR
    leaks = source.true_current(1e-5, 4) - through_the_bar(lab, "GUAR")
    assert leaks == pytest.approx(error / 1e9, rel=1e-6)


def test_without_a_word_in_the_station_file_the_shield_changes_nothing(tmp_path: Path) -> None:
    lab = lab_with(tmp_path, through=True)
    assert lab.wiring.source.cable.ideal
    assert through_the_bar(lab, "OLOW") == through_the_bar(lab, "GUAR") == 1e-5


@pytest.mark.parametrize(
    ("commands", "through", "hum"),
    [
        ("", False, 0.0),
        (":OUTP:LTE 1", False, 3e-6),
        (":OUTP:ISH GUAR", False, 4e-6),
        (":OUTP:ISH GUAR", True, 0.0),
        (":OUTP:ISH GUAR;LTE 1", False, 7e-6),
        (":OUTP:ISH GUAR;LTE 1;:*RST", False, 0.0),
    ],
)
def test_hum_comes_with_a_second_earth_and_without_a_shield(
    commands: str, through: bool, hum: float, tmp_path: Path
) -> None:
    lab = lab_with(tmp_path, 'earth_loop_hum = "3 uV"', 'unshielded_hum = "4 uV"', through=through, quiet=False)
    lab.devices["source"].write(f"{commands}\n".encode())
    meter = lab.devices["voltmeter"]
    assert isinstance(meter, Keithley2182A)
    further = meter.input.further_hum
    assert (further() if further else 0.0) == pytest.approx(hum)
