"""The junction of two magnetic layers: what its equations demand, and what comes out of the shipped parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from instruments.errors import BadValue, UnknownName
from labctl.sample import load_sample
from simulators.environment import NORMAL, Direction
from simulators.physics.constants import BOLTZMANN
from simulators.physics.tunnelling import Barrier
from simulators.randomness import Streams
from simulators.samples.families import build_sample, families
from simulators.samples.junction_model import MagneticJunctionParameters
from simulators.samples.magnetic_junction import MagneticJunction
from simulators.samples.magnetic_layer import shifts
from simulators.samples.model import parameters
from simulators.samples.sample import Discharge
from tests.simulators.samples.trajectory import Trajectory

RECORD = load_sample("fimtj2026")
assert RECORD.model is not None
MODEL: dict[str, Any] = {"family": RECORD.model.family, **RECORD.model.parameters}
GEOMETRY = RECORD.model_geometry()
OERSTED = 1e-4  # T
RATE = 20 * OERSTED  # T/s
TYPICAL: dict[str, Any] = {"resistance_spread": 0.0, "leak_spread": 0.0, "polarisation_spread": 0.0}
BARE: dict[str, Any] = {**TYPICAL, "leak": 0.0, "upper_sheet_resistance": 0.0, "lower_sheet_resistance": 0.0}
"""A typical device without a leak, with electrodes of one potential each."""
READING = 1e-11  # A; 1 uV


def junction(trajectory: Trajectory, seed: int = 1, device: int = 0, **changes: Any) -> MagneticJunction:
    return MagneticJunction.from_model({**MODEL, **changes}, GEOMETRY, trajectory, Streams(seed, device))


def let_flow(sample: MagneticJunction, time: float, current: float = READING) -> None:
    sample.set_currents(time, {"top_1": current, "bottom_1": -current})


def four_wires(sample: MagneticJunction, time: float, current: float = READING) -> float:
    """Ohm that is read from a lab time on; the current has been flowing."""
    return sample.mean_difference("top_2", "bottom_2", time, time + 0.05) / current


def states(temperature: float, current: float = READING, **changes: Any) -> tuple[float, float]:
    """Ohm in 2 T, and after the lower layer alone has gone round: of net moments that are parallel, and opposite."""
    trajectory = Trajectory(temperature)
    sample = junction(trajectory, **changes)
    time = trajectory.ramp(0.0, 2.0, 1.0) + 1.0
    sample.advance(time)
    let_flow(sample, time, current)
    parallel = four_wires(sample, time, current)
    between = 800 if temperature < 30.0 else 700  # Oe: 680 switch the lower one at 2 K, 900 the other one at 48 K
    time = trajectory.ramp(trajectory.ramp(time + 1.0, 0.0, 1.0), -between * OERSTED, RATE)
    sample.advance(time)
    return parallel, four_wires(sample, time, current)


def ratio(temperature: float, **changes: Any) -> float:
    parallel, opposite = states(temperature, **changes)
    return opposite / parallel - 1.0


# ---- magnetoresistance


@pytest.mark.parametrize("temperature", [2.025, 10.025, 20.025, 35.025, 45.025])
def test_without_a_leak_it_is_julliere_s(temperature: float) -> None:
    upper = MODEL["polarisation"]["value"] + MODEL["polarisation_gain"]["value"] * math.exp(-(temperature - 2.0) / 9.0)
    nominal = upper if temperature > 27.0 else -upper  # along the net moment
    product = MODEL["lower_polarisation"]["value"] * nominal
    assert ratio(temperature, **BARE) == pytest.approx(2.0 * product / (1.0 - product), rel=1e-6)


@pytest.mark.parametrize("temperature", [10.025, 40.025])
def test_a_leak_dilutes_and_never_changes_the_sign(temperature: float) -> None:
    found = [ratio(temperature, **{**BARE, "leak": leak}) for leak in (0.0, 0.285, 1.03, 10.0, 1e3)]
    sign = math.copysign(1.0, found[0])
    sizes = [sign * each for each in found]
    assert sizes == sorted(sizes, reverse=True)
    assert 0.0 < sizes[-1] < 1e-3


def test_the_leak_is_a_conductance_beside_the_barrier() -> None:
    parallel, opposite = (1.0 / ohm for ohm in states(20.025, **BARE))
    leaky = [1.0 / ohm for ohm in states(20.025, **{**BARE, "leak": 0.285})]
    extra = 0.285 * parallel  # of the low state at 20 K
    assert leaky[0] - parallel == pytest.approx(extra, rel=1e-3)  # at 20.025 K
    assert leaky[1] - opposite == pytest.approx(extra, rel=1e-3)
    warm, warm_leaky = (1.0 / states(40.025, **{**BARE, "leak": leak})[0] for leak in (0.0, 0.285))
    assert warm_leaky - warm == pytest.approx(extra, rel=1e-3)


def test_it_changes_its_sign_at_compensation_and_with_it_which_state_a_large_field_makes() -> None:
    found = {temperature: ratio(temperature, **TYPICAL) for temperature in (10.025, 20.025, 25.025, 30.025, 40.025)}
    assert [value > 0.0 for value in found.values()] == [True, True, True, False, False]
    low, high = (states(temperature, **TYPICAL)[0] for temperature in (25.025, 30.025))
    assert high > 1.15 * low  # both with the net moments parallel


def test_the_stated_ratios_of_2_um_and_of_the_smallest_one_come_out() -> None:
    """26 % from 10 K to 20 K, -18 % from 30 K to 40 K (stated); 72 % and -22 % at 2 K and 50 K of the smallest."""
    below = [ratio(temperature, **TYPICAL) for temperature in (10.025, 15.025, 20.025)]
    above = [ratio(temperature, **TYPICAL) for temperature in (30.025, 35.025, 40.025)]
    assert float(np.mean(below)) == pytest.approx(0.26, abs=0.04)
    assert float(np.mean(above)) == pytest.approx(-0.18, abs=0.03)
    smallest = load_sample("fimtj2026-1x0.7um")
    assert smallest.model is not None
    leak = smallest.model.parameters["leak"]
    assert ratio(2.025, **{**TYPICAL, "leak": leak}) == pytest.approx(0.72, abs=0.06)
    assert ratio(50.025, **{**TYPICAL, "leak": leak}) == pytest.approx(-0.22, abs=0.03)


@pytest.mark.parametrize("name", ["fimtj2026", "fimtj2026-1x0.7um", "fimtj2026-17.5um", "fimtj2026-56um"])
def test_a_record_states_what_four_wires_read_of_a_typical_device(name: str) -> None:
    record = load_sample(name)
    assert record.model is not None
    trajectory = Trajectory(20.025)
    sample = MagneticJunction.from_model(
        {**record.model.parameters, **TYPICAL}, record.model_geometry(), trajectory, Streams(1, 0)
    )
    let_flow(sample, 0.0)
    sample.advance(1.0)
    assert four_wires(sample, 1.0) == pytest.approx(record.resistances.junction, rel=5e-3)
    time = trajectory.ramp(2.0, -0.15, 0.01) + 1.0
    sample.advance(time)
    assert four_wires(sample, time) == pytest.approx(record.resistances.junction_high, rel=5e-3)


# ---- field


def loop(temperature: float, largest: float, **changes: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Field in T and ohm on the way from a positive field to a negative one at 20 Oe/s."""
    trajectory = Trajectory(temperature)
    sample = junction(trajectory, **changes)
    time = trajectory.ramp(0.0, largest, 1.0)
    let_flow(sample, time)
    end = trajectory.ramp(time, -largest, RATE)
    times = np.arange(time, end - 0.1, 0.001 * largest / RATE)
    ohms = np.array([four_wires(sample, moment) for moment in times.tolist()])
    return np.array([trajectory.field(moment) for moment in times.tolist()]), ohms


def switching_fields(temperature: float, largest: float) -> tuple[float, float]:
    """Fields in Oe at which half of each step is done: of the lower layer, and of the ferrimagnet."""
    field, ohms = loop(temperature, largest, **TYPICAL)
    parallel, opposite = states(temperature, **TYPICAL)
    between = (ohms - parallel) / (opposite - parallel)
    inside = np.flatnonzero(between > 0.5)
    return -float(field[inside[0]]) / OERSTED, -float(field[inside[-1] + 1]) / OERSTED


@pytest.mark.parametrize(
    ("temperature", "largest", "wanted", "tolerance"),
    [
        (10.025, 0.5, 2500.0, 250.0),
        (40.025, 0.3, 1600.0, 200.0),
        (26.525, 2.0, 12000.0, 1800.0),
        (27.525, 2.0, 12000.0, 1800.0),
    ],
)
def test_the_stated_switching_fields_come_out_at_20_oe_per_s(
    temperature: float, largest: float, wanted: float, tolerance: float
) -> None:
    lower, upper = switching_fields(temperature, largest)
    assert lower == pytest.approx(600.0, abs=90.0)
    assert upper == pytest.approx(wanted, abs=tolerance)


def test_the_ferrimagnet_holds_longer_the_nearer_it_is_to_compensation() -> None:
    found = [switching_fields(temperature, 1.6)[1] for temperature in (10.025, 20.025, 25.025)]
    assert found == sorted(found)
    found = [switching_fields(temperature, 1.6)[1] for temperature in (32.025, 35.025, 40.025)]
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("degrees", [45.0, 60.0])
def test_both_layers_switch_at_one_over_the_cosine(degrees: float) -> None:
    cosine = math.cos(math.radians(degrees))

    def switched(direction: Direction, factor: float) -> list[float]:
        """Lab times in s at which n along the normal passes zero in each layer."""
        trajectory = Trajectory(20.025, direction=direction)
        sample = junction(trajectory)
        trajectory.ramp(0.0, -0.6 / factor, RATE / factor)
        times, seen = np.arange(0.0, 290.0, 1.0), []
        for moment in times.tolist():
            sample.advance(moment)
            seen.append([layer.directions(moment, moment)[1] for layer in sample.layers])
        signs = np.array(seen) > 0.0
        return [float(times[np.flatnonzero(column != column[0])[0]]) for column in signs.T]

    assert switched((math.sin(math.radians(degrees)), 0.0, cosine), cosine) == switched(NORMAL, 1.0)


def test_in_a_field_in_the_plane_the_layers_lean_and_the_ratio_is_gone() -> None:
    trajectory = Trajectory(35.025, direction=(1.0, 0.0, 0.0))
    sample = junction(trajectory, **TYPICAL)
    let_flow(sample, 0.0)
    sample.advance(1.0)
    upright = four_wires(sample, 1.0)
    time = trajectory.ramp(2.0, 4.0, 1.0) + 1.0  # beyond both anisotropy fields: both along it, as in 2 T along z
    sample.advance(time)
    assert four_wires(sample, time) == pytest.approx(upright, rel=1e-6)
    between = trajectory.ramp(time + 1.0, 1.0, 1.0) + 1.0  # the lower one lies in the plane, the other's sine is 1/3
    sample.advance(between)
    cosine = 1.0 / 3.0  # of what the one leans, all of it in the plane, with what the other does
    one, other = states(35.025, **TYPICAL)
    wanted = 2.0 / (1.0 / one + 1.0 / other + cosine * (1.0 / one - 1.0 / other))
    assert four_wires(sample, between) == pytest.approx(wanted, rel=1e-5)


# ---- writing by temperature in a field

WARMING = 2.0 / 60.0  # K/s


def bits(field: float, *temperatures: float) -> list[float]:
    """0 (low) to 1 (high) at 20 K in a field in T that saturated there, then at each temperature by 2 K/min.

    Each is told by the low and the high state at that temperature.
    """
    trajectory = Trajectory(20.025)
    sample = junction(trajectory, **TYPICAL)
    time = trajectory.ramp(trajectory.ramp(0.0, 2.0, 0.02), field, 0.02)
    let_flow(sample, time)
    found: list[float] = []
    for temperature in (20.0, *temperatures):
        way = temperature + 0.025 - trajectory.sample_temperature(time)
        if abs(way) > 1e-6:
            time = trajectory.command(time, (abs(way) / WARMING, math.copysign(WARMING, way), 0.0))
        sample.advance(time)
        low, high = (1.0 / ohm for ohm in sorted(states(temperature + 0.025, **TYPICAL)))
        found.append((low - 1.0 / four_wires(sample, time)) / (low - high))
        time += 1.0
    return found


CYCLE = (40.0, 20.0, 10.0, 20.0)


def test_0_3_t_writes_at_40_k_and_resets_at_10_k_again_and_again() -> None:
    found = bits(0.3, *CYCLE, *CYCLE)
    assert found == pytest.approx([0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0], abs=0.03)


def kept_on_the_way_down(field: float) -> float:
    """Part of the layer that has not reversed in a field in T from compensation down to 20 K, by its barriers alone."""
    law = parameters(MODEL, MagneticJunctionParameters).layers()[1]
    barriers = law.barrier * (1.0 + law.spread * norm.ppf((np.arange(100) + 0.5) / 100))[:, None]
    temperatures = np.arange(20.025, 27.0, 0.01)
    kept: list[float] = []
    for shift in shifts(law.compensation_spread, law.count):
        drives = np.array([abs(law.moment(at - shift)) * field for at in temperatures])
        energies = barriers / (drives * BOLTZMANN * (temperatures + law.athermal_temperature))
        hazard = law.attempt_rate * np.exp(-energies).sum(axis=1) * 0.01 / WARMING
        kept.append(float(np.exp(-hazard).mean()))
    return float(np.mean(kept))


@pytest.mark.parametrize("field", [0.35, 0.38, 0.42])
def test_beyond_0_35_t_the_way_back_loses_what_its_barriers_do_not_hold(field: float) -> None:
    kept = kept_on_the_way_down(field)
    assert 0.3 < kept < 0.99
    drawn = 4.0 * math.sqrt(kept * (1.0 - kept) / MODEL["hysterons"]["value"])
    assert bits(field, *CYCLE) == pytest.approx([0.0, 1.0, kept, 0.0, 0.0], abs=drawn)


def test_0_2_t_writes_and_does_not_reset() -> None:
    assert bits(0.2, *CYCLE, *CYCLE) == pytest.approx([0.0] + 8 * [1.0], abs=0.1)


def test_0_13_t_does_not_write() -> None:
    assert bits(0.13, *CYCLE) == pytest.approx([0.0] * 5, abs=0.1)


def test_in_0_5_t_what_is_written_is_lost_at_20_k() -> None:
    found = bits(0.5, *CYCLE)
    assert found == pytest.approx([0.0, 1.0, 0.0, 0.0, 0.0], abs=0.1)


# ---- bias


def voltages(sample: MagneticJunction, currents: list[float], time: float = 0.0) -> list[float]:
    """V between the contacts beyond the junction for each current in A."""
    steps = [{"top_1": current, "bottom_1": -current} for current in currents]
    return sample.step_differences("top_2", "bottom_2", steps, time, time).tolist()


def current_at(voltage: float, temperature: float, state: int, leak: float, barrier: Barrier) -> float:
    """A at a voltage in V, worked out by itself; the state is that of the cosine of both n, fresh -1 below 27 K."""
    cold, own = (barrier.conductance() * GEOMETRY["area"] * barrier.thermal_factor(at) for at in (20.0, temperature))
    spin, reference = (
        MODEL["polarisation"]["value"] + MODEL["polarisation_gain"]["value"] * math.exp(-(at - 2.0) / 9.0)
        for at in (temperature, 20.0)
    )
    fading = 1.0 + (voltage / MODEL["half_bias"]["value"]) ** 2
    beside = leak * (1.0 + reference) * cold
    return barrier.reduced_current(voltage) * (own * (1.0 - state * spin / fading) + beside)


@pytest.mark.parametrize(("temperature", "state"), [(10.025, -1), (40.025, 1)])
@pytest.mark.parametrize("leak", [0.0, 0.285])
def test_its_voltage_is_the_inverse_of_its_current_and_grows_with_it(
    temperature: float, state: int, leak: float
) -> None:
    changes: dict[str, Any] = {**BARE, "leak": leak}
    sample = junction(Trajectory(temperature), **changes)
    wanted = np.linspace(-0.5, 0.5, 201)
    currents = [current_at(voltage, temperature, state, leak, Barrier(0.42, 0.10, 2.3e-9)) for voltage in wanted]
    found = voltages(sample, currents)
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-15)
    assert np.all(np.diff(found) > 0.0)
    assert np.all(np.diff(currents) > 0.0)


def test_without_a_current_it_has_what_small_currents_find() -> None:
    sample = junction(Trajectory(10.025), leak=5.0)
    at_rest, small = (sample.resistance_at("top_1", "bottom_1", current, 0.0) for current in (0.0, 1e-13))
    assert at_rest == pytest.approx(small, rel=1e-6)


def test_of_an_even_barrier_the_voltage_is_odd_and_of_an_uneven_one_more_flows_at_minus() -> None:
    currents = [1e-9, 1e-7, 1e-6, 1e-5]
    changes: dict[str, Any] = {**BARE, "barrier_asymmetry": 0.0}
    even = junction(Trajectory(40.025), **changes)
    there, back = voltages(even, currents), voltages(even, [-current for current in currents])
    assert there == pytest.approx([-voltage for voltage in back], rel=1e-12)
    uneven = junction(Trajectory(40.025), **BARE)
    there, back = voltages(uneven, currents), voltages(uneven, [-current for current in currents])
    assert all(one > -other for one, other in zip(there, back, strict=True))
    assert voltages(uneven, [0.0]) == [0.0]


def test_the_ratio_falls_with_bias_to_half_of_the_polarisation_at_the_half_bias() -> None:
    """At one voltage the currents of the states differ by 2 P/(1 + (V/V_h)^2) of their mean."""
    temperature, barrier = 15.025, Barrier(0.42, 0.10, 2.3e-9)
    fresh = junction(Trajectory(temperature), **BARE)
    product = 1.0 - 2.0 / (ratio(temperature, **BARE) + 2.0)  # (R_high - R_low)/(R_high + R_low)
    for voltage, share in ((1e-3, 1.0), (0.15, 0.8), (-0.3, 0.5), (0.3, 0.5)):
        trajectory = Trajectory(temperature)
        turned = junction(trajectory, **BARE)
        time = trajectory.ramp(0.0, -0.1, 0.1) + 10.0
        turned.advance(time)
        mean = 0.5 * (
            current_at(voltage, temperature, -1, 0.0, barrier) + current_at(voltage, temperature, 1, 0.0, barrier)
        )
        low, high = (mean * (1.0 + sign * product * share) for sign in (1.0, -1.0))
        assert voltages(fresh, [low]) == pytest.approx([voltage], rel=1e-4)
        assert voltages(turned, [high], time) == pytest.approx([voltage], rel=1e-4)


# ---- asking, seeds, devices


def test_looking_often_changes_no_reading() -> None:
    def final(looks: int) -> float:
        trajectory = Trajectory(20.0)
        sample = junction(trajectory)
        let_flow(sample, 0.0)
        time = trajectory.command(0.0, (130.0, 0.02, -0.0019), (60.0, 0.1, 0.0), (40.0, 0.0, 0.002))
        for moment in np.linspace(0.0, time, looks + 1)[1:].tolist():
            four_wires(sample, moment - 0.05)
            sample.breaks(moment)
        return four_wires(sample, time - 1.0)

    assert len({final(looks) for looks in (0, 1, 20, 500)}) == 1


def test_the_mean_over_a_window_is_that_of_the_layers_over_it() -> None:
    """Both halves of a window in which a layer turns: the conductances' mean, so that means of states are told."""
    trajectory = Trajectory(20.025)
    sample = junction(trajectory, **BARE)
    trajectory.ramp(0.0, -0.1, RATE)
    let_flow(sample, 0.0)
    sample.advance(32.0)
    parts = [1.0 / sample.mean_difference("top_2", "bottom_2", at, at + 2.0) for at in (28.0, 30.0)]
    whole = 1.0 / sample.mean_difference("top_2", "bottom_2", 28.0, 32.0)
    assert whole == pytest.approx(float(np.mean(parts)), rel=1e-9)
    assert parts[0] != pytest.approx(parts[1], rel=1e-3)


def written(seed: int, device: int) -> bytes:
    trajectory = Trajectory(20.025)
    sample = junction(trajectory, seed, device)
    let_flow(sample, 0.0)
    time = trajectory.ramp(0.0, -0.43, 0.01)
    sample.advance(time)
    for layer in sample.layers:
        layer.advance(time)
    return np.array([four_wires(sample, time - 1.0), *sample.layers[0].directions(time, time)]).tobytes()


def test_same_seeds_give_the_same_bytes_and_others_others() -> None:
    assert written(1, 0) == written(1, 0)
    assert len({written(1, 0), written(2, 0), written(1, 1)}) == 3


def test_devices_differ_by_what_the_record_says() -> None:
    found = [junction(Trajectory(300.0), device=device) for device in range(150)]
    ohms = np.array([sample.resistance_at("top_1", "bottom_1", 0.0, 0.0) for sample in found])
    assert float(np.std(np.log(ohms))) == pytest.approx(0.05, rel=0.3)  # and a tenth of a leak of a fifth
    again = [junction(Trajectory(300.0), seed=2, device=device) for device in range(3)]
    assert [sample.resistance_at("top_1", "bottom_1", 0.0, 0.0) for sample in again] == ohms[:3].tolist()
    wide = {**TYPICAL, "leak": 0.0}
    spread = [ratio(10.025, **{**wide, "polarisation_spread": 0.03, "device": device}) for device in range(12)]
    assert 0.005 < float(np.std(spread)) / float(np.mean(spread)) < 0.08


# ---- end, and what is refused


def test_broken_it_is_a_short_that_knows_nothing_of_its_layers() -> None:
    trajectory = Trajectory(20.025)
    sample = junction(trajectory, **BARE)
    sample.discharge("top_1", "bottom_1", Discharge(1.0, 10.0, 1e-9, 50.0))
    assert sample.broken == 1.0
    let_flow(sample, 2.0)
    before = four_wires(sample, 2.0)
    sample.advance(trajectory.ramp(3.0, -0.2, 0.01))
    assert 10.0 < before < 1000.0
    assert four_wires(sample, 30.0) == pytest.approx(before, rel=1e-12)


def test_impossible_parameters_are_refused() -> None:
    def checked(**changes: Any) -> tuple[str, ...]:
        return MagneticJunction.check_model({**MODEL, **changes}, GEOMETRY, (1.9, 400.0))

    assert checked() == ("top_1", "top_2", "bottom_1", "bottom_2")
    with pytest.raises(BadValue, match=r"is 1\.1\d* at 1\.9 K, but has to be below 1, .* a smaller polarisation_gain"):
        checked(polarisation_gain=0.97)
    with pytest.raises(BadValue, match="takes either compensation_temperature or transition_metal_moment"):
        checked(transition_metal_moment=1.7)
    with pytest.raises(UnknownName, match="perhaps 'lower_moment' is meant"):
        checked(lower_momentum=1.0)
    with pytest.raises(BadValue, match="leak"):
        checked(leak=-0.1)


def test_the_family_is_found_by_its_name() -> None:
    sample = build_sample("magnetic_junction", MODEL, GEOMETRY, Trajectory(300.0), Streams(0, 0))
    assert isinstance(sample, MagneticJunction)
    assert "magnetic_junction" in families()
