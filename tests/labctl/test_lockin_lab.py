"""A lock-in amplifier on the simulated station: the source's wave through the sample, harmonics, the reference."""

from __future__ import annotations

import cmath
import math
from dataclasses import replace

import pytest

from instruments.clock import VirtualClock
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_waves import Wave
from instruments.sr830 import Sr830
from labctl.sample import load_sample
from labctl.simulation import bench
from labctl.station import load_station
from simulators.lab import Lab
from simulators.samples.hall_bar import FerrimagnetHallBar

FREQUENCY = 133.7

RIPPLE = 2.0 / (2.0 * math.pi * FREQUENCY * 0.1) ** 4
"""Part of a harmonic that four poles of 0.1 s let through beside another one."""


class Stand:
    """The station with source and lock-in as a measurement has them."""

    def __init__(self, *, quiet: bool = True, sample: str = "cotb2025", **cables: object) -> None:
        made = bench(load_station("ppms"), load_sample(sample))
        made = replace(made, cables=replace(made.cables, **cables))  # type: ignore[arg-type]
        self.lab = Lab(made, VirtualClock(), seed=1, quiet=quiet)
        self.clock = self.lab.timeline.clock
        self.source = Keithley6221("GPIB0::12::INSTR", clock=self.clock, visa_library=self.lab.visa)
        self.lockin = Sr830("GPIB0::8::INSTR", clock=self.clock, visa_library=self.lab.visa)
        self.lockin.reference_source, self.lockin.reference_trigger = "external", "falling edge"
        self.lockin.input_config = "A-B"
        self.lockin.sensitivity, self.lockin.time_constant, self.lockin.filter_slope = 1e-2, 0.1, 24

    def start(self, amplitude: float = 2e-3, marker: float | None = 0.0, offset: float = 0.0) -> None:
        wave = Wave("sine", amplitude, FREQUENCY, offset=offset, marker_phase=marker)
        self.source.arm_wave(wave, 20.0)
        self.source.start_wave()

    def peak(self, harmonic: int = 1) -> complex:
        self.lockin.harmonic = harmonic
        self.clock.sleep(self.lockin.settling_time(1e-8))
        _ = self.lockin.lia_status
        reading = self.lockin.reading()
        assert reading.status.trouble == ""
        return reading.peak

    @property
    def bar(self) -> FerrimagnetHallBar:
        assert isinstance(self.lab.sample, FerrimagnetHallBar)
        return self.lab.sample

    def hall_resistance(self) -> float:
        """What 0.1 mA makes of voltage between the lock-in's leads, over that current, at rest."""
        stand = Stand()
        stand.source.source_compliance, stand.source.source_range = 1.0, 1e-3
        stand.source.source_current, stand.source.source_enabled = 1e-4, True
        stand.clock.sleep(1.0)
        now = stand.clock.now()
        return stand.bar.mean_difference("A", "B", now - 0.1, now) / 1e-4


def test_the_first_harmonic_is_the_hall_resistance_times_the_amplitude() -> None:
    stand = Stand()
    stand.start(1e-4)
    assert stand.peak() / 1e-4 == pytest.approx(stand.hall_resistance(), rel=1e-4)


def test_an_amplitude_that_changes_while_the_wave_runs_is_followed_without_losing_the_reference() -> None:
    stand = Stand()
    stand.start(1e-4)
    one = stand.peak()
    stand.source.write(":SOUR:WAVE:AMPL 2E-4")
    assert stand.lockin.locked
    assert stand.peak() == pytest.approx(2.0 * one, rel=1e-4)


def test_the_phase_is_counted_from_the_marker() -> None:
    seen = {}
    for marker in (0.0, 90.0, 200.0):
        stand = Stand()
        stand.start(1e-4, marker)
        seen[marker] = stand.peak()
    for marker, value in seen.items():
        turn = complex(math.cos(math.radians(marker)), math.sin(math.radians(marker)))
        assert value == pytest.approx(seen[0.0] * turn, rel=1e-4)


def test_what_comes_late_to_the_input_lags_by_its_number_times_the_phase() -> None:
    seen: list[tuple[complex, complex]] = []
    for late in (0.0, 1.0 / (360.0 * FREQUENCY)):
        stand = Stand(lockin_delay=late)
        stand.start(8e-3)
        first = stand.peak()
        stand.lockin.sensitivity = 1e-4
        seen.append((first, stand.peak(2)))
    for number, one, other in zip((1, 2), *seen, strict=True):
        assert math.degrees(cmath.phase(other / one)) == pytest.approx(-number, abs=0.02)


def test_warming_makes_a_third_harmonic_of_the_resistance_and_with_an_offset_a_second() -> None:
    """V = R0 I (1 + k I^2), with k the warming by the square of the current times the temperature coefficient."""
    amplitude, offset = 8e-3, 1e-3
    model = load_sample("cotb2025").model
    assert model is not None
    values = {name: entry["value"] if isinstance(entry, dict) else entry for name, entry in model.parameters.items()}
    for shift in (0.0, offset):
        stand = Stand(lockin=("I+", "I-"))
        stand.lockin.sensitivity = 1.0
        stand.lockin.reserve = "normal"
        stand.start(amplitude if not shift else amplitude - offset, offset=shift)
        alternating = amplitude - shift
        stand.clock.sleep(100.0)
        third = _fine(stand, 3, 0.5)
        per_square = values["resistance"] * values["resistance_temperature_coefficient"] * values["thermal_resistance"]
        assert third == pytest.approx(-per_square * alternating**3 / 4.0, rel=1e-3)
        second = _fine(stand, 2, 0.5)
        # 3 k I0 (A sin)^2 = 3 k I0 A^2 (1 - cos 2wt)/2
        assert second == pytest.approx(
            -1.5j * per_square * shift * alternating**2, rel=1e-3, abs=RIPPLE * amplitude * values["resistance"]
        )


def _fine(stand: Stand, harmonic: int, level: float) -> complex:
    stand.lockin.sensitivity = level
    return stand.peak(harmonic)


def test_without_a_field_the_second_harmonic_of_the_hall_voltage_is_the_thermoelectric_one() -> None:
    amplitude = 8e-3
    stand = Stand()
    stand.start(amplitude)
    first = stand.peak()
    stand.lockin.sensitivity = 1e-4
    second = stand.peak(2)
    assert second.imag == pytest.approx(-0.5 * 0.1 * amplitude**2, rel=1e-2)  # by the record's thermal_hall_voltage
    assert abs(second.real) < RIPPLE * abs(first)


def test_an_input_alone_sees_what_both_have_in_common() -> None:
    stand = Stand()
    stand.start(1e-4)
    both = stand.peak()
    stand.lockin.input_config = "A"
    stand.lockin.sensitivity = 0.5
    assert abs(stand.peak()) > 50.0 * abs(both)


def test_an_open_lead_shows_noise_alone() -> None:
    stand = Stand(quiet=False, lockin=("A", "open"))
    stand.lockin.sensitivity = 1e-6
    stand.start(1e-4)
    stand.clock.sleep(5.0)
    assert 1e-9 < stand.lockin.reading().magnitude < 5e-6


@pytest.mark.parametrize("cable", [None, 4])
def test_without_the_cable_or_on_another_line_the_reference_does_not_lock(cable: int | None) -> None:
    stand = Stand(lockin_reference=cable)
    stand.start()
    stand.clock.sleep(1.0)
    assert not stand.lockin.locked
    assert stand.lockin.frequency == 0.0


def test_the_reference_is_there_as_long_as_the_wave_runs() -> None:
    stand = Stand()
    assert not stand.lockin.locked
    stand.start()
    assert not stand.lockin.locked, "it needs its time"
    stand.clock.sleep(0.1)
    assert stand.lockin.locked
    assert stand.lockin.frequency == FREQUENCY
    stand.source.stop_wave()
    assert not stand.lockin.locked


def test_a_wave_without_marker_is_none_to_the_lock_in() -> None:
    stand = Stand()
    stand.start(marker=None)
    stand.clock.sleep(1.0)
    assert not stand.lockin.locked


def test_a_field_that_sweeps_is_averaged_by_the_filter_and_not_by_who_looks() -> None:
    seldom, often = Stand(), Stand()
    for stand in (seldom, often):
        stand.start(1e-4)
        stand.peak()
        stand.lab.cryostat.set_field(1.0, 0.018, stand.lab.cryostat.field_setting.approach)
    for _ in range(100):
        often.clock.sleep(0.08)
        often.lockin.reading()
    seldom.clock.sleep(often.clock.now() - seldom.clock.now())
    assert seldom.lockin.reading().peak == often.lockin.reading().peak


def test_hours_of_a_wave_that_nobody_looks_at_are_lived_through() -> None:
    stand = Stand()
    stand.start(1e-4)
    before = stand.peak()
    stand.clock.sleep(600.0)
    assert stand.lockin.reading().peak == pytest.approx(before, rel=1e-4)
