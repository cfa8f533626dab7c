"""The driver of the 6221 behind the guard: its modes pass within the limits; what exceeds one ends with 0 A, off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from instruments.errors import LimitExceeded
from instruments.guard.library import GuardedLibrary
from instruments.guard.sentences import Speaker
from instruments.guard.source import SourceGate
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_pulses import Pulse
from instruments.keithley6221_sweeps import LinearSweep, ListSweep
from instruments.keithley6221_waves import Wave
from tests.instruments.guard.guarded import PULSE, STEADY, limits
from tests.instruments.paired import RESOURCE, Bench


class GuardedPair(Bench):
    """Both instruments, the source behind a guard of 450 uA, 22.5 mA in pulses of 0.1 s and 5 mJ, and 15 V."""

    def __init__(self) -> None:
        super().__init__()
        self.sample.resistance = 10.0
        library = self.source.adapter.manager.visalib
        gate = SourceGate(Speaker(f"the source at {RESOURCE}", "source"), limits())
        self.source: Any = Keithley6221(
            RESOURCE, clock=self.clock, visa_library=GuardedLibrary(library, {RESOURCE: gate})
        )

    @property
    def most(self) -> float:
        return max((abs(current) for _, current in self.sample.changes if current is not None), default=0.0)


WITHIN: dict[str, tuple[Callable[[Any], Any], float]] = {
    "delta": (lambda source: source.delta(STEADY, count=3, compliance=1.0), STEADY),
    "pulse delta": (lambda source: source.pulse_delta(PULSE, width=1e-3, count=3, compliance=1.0), PULSE),
    "pulse delta in a sweep": (
        lambda source: source.pulse_delta(width=1e-3, sweep=ListSweep([1e-3, -PULSE], 0.2), compliance=1.0), PULSE,
    ),
    "conductance": (
        lambda source: source.differential_conductance(-3e-4, 3e-4, 1e-4, delta=5e-5, compliance=1.0), STEADY,
    ),
    "sweep": (lambda source: source.sweep(LinearSweep(0.0, STEADY, 5e-5, 0.01), compliance=1.0), STEADY),
    "pulse": (lambda source: source.pulse(-PULSE, 0.01, compliance=1.0), PULSE),
    "short pulse": (lambda source: source.pulse(PULSE, 1e-4, compliance=1.0), PULSE),
    "pulses": (lambda source: source.pulses([Pulse(PULSE, 1e-3)] * 2, rest=1.0, compliance=1.0), PULSE),
    "wave": (lambda source: source.run_wave(Wave("sine", 4e-4, 1e3, offset=5e-5, duration=0.5), 1.0), STEADY),
    "a wave of limited duration": (lambda source: source.run_wave(Wave("sine", PULSE, 1e3, cycles=50.0), 1.0), PULSE),
    "a relayed setting": (lambda source: source.relay_write(":SENS:VOLT:NPLC 5"), 0.0),
}  # fmt: skip

BEYOND: dict[str, tuple[Callable[[Any], Any], str]] = {
    "delta": (lambda source: source.delta(5e-4, count=3, compliance=1.0), "high level of Delta would be 500 uA"),
    "delta to the low side": (
        lambda source: source.delta(1e-4, -5e-4, count=3, compliance=1.0), "low level of Delta would be 500 uA",
    ),
    "delta's compliance": (lambda source: source.delta(1e-4, count=3, compliance=20.0), "compliance would be 20 V"),
    "stream": (lambda source: next(source.delta_stream(5e-4, compliance=1.0)), "high level of Delta would be 500 uA"),
    "pulse delta": (
        lambda source: source.pulse_delta(0.03, width=1e-3, count=3, compliance=1.0), "Pulse Delta would be 30 mA",
    ),
    "pulse delta's low level": (
        lambda source: source.pulse_delta(1e-3, 5e-4, width=1e-3, count=3, compliance=1.0), "would be 500 uA",
    ),
    "pulse delta in a sweep": (
        lambda source: source.pulse_delta(width=1e-3, sweep=LinearSweep(0.01, 0.03, 0.01, 0.2), compliance=1.0),
        "end of the sweep would be 30 mA",
    ),
    "pulse delta in a list": (
        lambda source: source.pulse_delta(width=1e-3, sweep=ListSweep([0.01, 0.03], 0.2), compliance=1.0),
        "current of the list would be 30 mA",
    ),
    "conductance": (
        lambda source: source.differential_conductance(-4e-4, 4e-4, 1e-4, delta=1e-4, compliance=1.0),
        "Differential Conductance, with its modulation, .*would be 600 uA",
    ),
    "sweep": (lambda source: source.sweep(LinearSweep(0.0, 5e-4, 1e-4, 0.01), compliance=1.0), "would be 500 uA"),
    "pulse": (lambda source: source.pulse(0.03, 0.01, compliance=1.0), "current of the list would be 30 mA"),
    "a pulse that is too long": (lambda source: source.pulse(0.01, 0.2, compliance=1.0), "no pulse"),
    "a pulse's energy": (lambda source: source.pulse(0.02, 0.05, compliance=15.0), "the energy .* would be 15 mJ"),
    "short pulse": (lambda source: source.pulse(-0.03, 1e-4, compliance=1.0), "wave's amplitude would be 30 mA"),
    "wave": (lambda source: source.run_wave(Wave("sine", 4e-4, 1e3, offset=1e-4, duration=0.5), 1.0), "500 uA"),
    "a wave's offset": (lambda source: source.arm_wave(Wave("sine", 1e-4, 1.0, offset=-5e-4), 1.0), "600 uA"),
    "a relayed word that the meter does not have": (
        lambda source: source.relay_write(":SOUR:CURR 0.1"), "is not in the 2182A's command table",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WITHIN)
def test_within_the_limits_everything_passes(name: str) -> None:
    on = GuardedPair()
    call, most = WITHIN[name]
    call(on.source)
    assert on.most == pytest.approx(most, rel=2e-2)
    assert not on.output


@pytest.mark.parametrize("name", BEYOND)
def test_what_exceeds_a_limit_is_refused_and_nothing_of_it_flows(name: str) -> None:
    on = GuardedPair()
    call, sentence = BEYOND[name]
    with pytest.raises(LimitExceeded, match=sentence):
        call(on.source)
    assert on.most == 0.0
    assert not on.output
    if not name.startswith("a relayed"):
        assert [":SOUR:CLE" in message for message in on.wire.heard[-2:]] == [True, False]
