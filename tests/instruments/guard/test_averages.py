"""What repeated pulses, lists and waves may drive on average."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import pyvisa
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from pyvisa.resources import MessageBasedResource

from instruments.errors import LimitExceeded
from instruments.guard.averages import Mean, listed, periodic, steady, train
from instruments.guard.library import GuardedLibrary
from instruments.guard.sentences import Speaker
from instruments.guard.source import SourceGate
from instruments.guard.sourcemeter import SourceMeterGate
from tests.instruments.guard.guarded import bench, limits
from tests.instruments.guard.test_source import passes, refuses
from tests.instruments.paired import RESOURCE, Bench

SETTLED = ("*RST", "SOUR:CURR:COMP 10")
GRID = 1e-4
"""s; pieces are whole numbers of these, so that sums over a grid are exact."""


@dataclass
class Guarded:
    """Both instruments on a resistor, behind a guard with limits for the average."""

    changes: dict[str, Any]
    pair: Bench = field(default_factory=Bench)

    def __post_init__(self) -> None:
        self.pair.wire.heard.clear()
        gate = SourceGate(Speaker("the source", "source"), limits(**self.changes))
        manager: Any = pyvisa.ResourceManager(GuardedLibrary(self.pair.library, {RESOURCE: gate}))  # pyright: ignore[reportArgumentType] - annotated str, takes any library
        self.source: MessageBasedResource = manager.open_resource(RESOURCE, timeout=60_000)


def highest(flowed: list[tuple[float, float]], window: float, power: int) -> float:
    """The largest mean over any window, from sums over a grid that is finer than every piece."""
    counts = [max(1, round(seconds / GRID)) for _, seconds in flowed]
    heights = np.repeat([abs(current) ** power for current, _ in flowed], counts)
    filled = np.concatenate([[0.0], np.cumsum(heights)])
    wide = round(window / GRID)
    if wide >= len(heights):
        return float(filled[-1]) / wide
    return float(np.max(filled[wide:] - filled[:-wide])) / wide


LEVELS = st.lists(st.sampled_from([0.0, 1e-4, -4e-4, 2e-3, -5e-3, 1e-2, 2e-2]), min_size=2, max_size=6)


@given(
    middle=LEVELS, times=st.lists(st.integers(10, 400), min_size=8, max_size=8), count=st.sampled_from([1, 2, 5]),
    window=st.sampled_from([0.02, 0.1, 0.5]), power=st.sampled_from([1e-3, 5e-3, 0.02, 0.1]),
    current=st.sampled_from([5e-4, 2e-3, 8e-3]),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_a_list_never_exceeds_the_average_and_is_not_refused_for_less(
    middle: list[float], times: list[int], count: int, window: float, power: float, current: float
):
    levels = [0.0, *middle, 0.0]
    delays = [steps * GRID for steps in times[: len(levels)]]
    seconds = sum(delays) * count + 0.5
    on = Guarded({"average_power": power, "average_current": current, "average_window": window, "pulse_energy": None})
    messages = (
        *SETTLED, "SOUR:SWE:SPAC LIST", f"SOUR:SWE:COUN {count}", f"SOUR:LIST:CURR {','.join(map(repr, levels))}",
        f"SOUR:LIST:DEL {','.join(map(repr, delays))}", "SOUR:SWE:ARM", "INIT",
    )  # fmt: skip
    heard = _sent(on, messages, seconds)
    asked = [(0.0, window), *zip(levels, delays, strict=True), *list(zip(levels, delays, strict=True)) * (count - 1)]
    wanted = [highest([*asked, (0.0, window)], window, exponent) for exponent in (1, 2)]
    if heard is None:
        event("refused")
        assert wanted[0] * 10.0 > power * (1 - 1e-9) or math.sqrt(wanted[1]) > current * (1 - 1e-9)
        return
    event("driven")
    assert max(abs(level) for level, _ in heard) == max(map(abs, levels))
    assert highest(heard, window, 1) * 10.0 <= power * (1 + 1e-9)
    assert math.sqrt(highest(heard, window, 2)) <= current * (1 + 1e-9)


def _sent(on: Guarded, messages: tuple[str, ...], seconds: float) -> list[tuple[float, float]] | None:
    for message in messages:
        try:
            on.source.write(message)
        except LimitExceeded as refusal:
            if "average" not in str(refusal):  # it is refused for its peak or for how long that lasts
                assume(False)
            assert not on.pair.sample.changes or not on.pair.output
            return None
    on.pair.clock.sleep(seconds)
    on.source.query("*IDN?")
    flowed = on.pair.pieces()
    return [*flowed[:-1], (flowed[-1][0], 0.1)] if flowed and math.isinf(flowed[-1][1]) else flowed


@given(
    high=st.sampled_from([1e-3, 5e-3, 2e-2]), low=st.sampled_from([0.0, 1e-4, -4e-4]),
    width=st.integers(1, 120), interval=st.integers(5, 30), window=st.sampled_from([0.1, 0.45, 1.0]),
    power=st.sampled_from([1e-4, 1e-3, 1e-2]), count=st.sampled_from([1, 3, 8]),
)  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_pulse_delta_never_exceeds_the_average(
    high: float, low: float, width: int, interval: int, window: float, power: float, count: int
):
    on = Guarded({"average_power": power, "average_window": window})
    messages = (
        *SETTLED, f"SOUR:PDEL:HIGH {high!r};LOW {low!r}", f"SOUR:PDEL:WIDT {width * GRID!r};SDEL 1.6e-5",
        f"SOUR:PDEL:INT {interval};COUN {count}", "SOUR:PDEL:ARM",
    )  # fmt: skip
    if _sent(on, messages, 3.0) is None:
        event("refused")
        return
    on.pair.sample.changes.clear()
    heard = _sent(on, ("INIT",), count * interval / 50.0 + 1.0)
    assert heard is not None
    event("driven")
    assert max(abs(level) for level, _ in heard) == pytest.approx(high)
    assert highest(heard, window, 1) * 10.0 <= power * (1 + 1e-9)


def wave(form: str, duty: float, amplitude: float, offset: float) -> np.ndarray:
    """One period, finely."""
    phase = (np.arange(4000) + 0.5) / 4000
    shapes = {"SIN": np.sin(2 * np.pi * phase), "RAMP": 2 * phase - 1, "SQU": np.where(phase < duty, 1.0, -1.0)}
    return np.abs(offset + amplitude * shapes[form])


@given(
    form=st.sampled_from(["SIN", "RAMP", "SQU"]), duty=st.integers(0, 100), amplitude=st.floats(1e-4, 4e-3),
    offset=st.floats(-4e-3, 4e-3), periods=st.floats(0.1, 7.0), window=st.sampled_from([0.01, 0.1]),
    power=st.sampled_from([2e-3, 1e-2, 3e-2]), current=st.sampled_from([3e-4, 1e-3, 4e-3]),
)  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_a_wave_never_exceeds_the_average(
    form: str, duty: int, amplitude: float, offset: float, periods: float, window: float, power: float, current: float
):
    frequency = periods / window
    on = bench(
        current=8e-3, average_power=power, average_current=current, average_window=window, pulse_energy=None
    )  # fmt: skip
    source = on.open()
    try:
        for message in (
            *SETTLED, f"SOUR:WAVE:FUNC {form};DCYC {duty};AMPL {amplitude!r};OFFS {offset!r};FREQ {frequency!r}",
            "SOUR:WAVE:ARM",
        ):  # fmt: skip
            source.write(message)
    except LimitExceeded as refusal:
        assert "average" in str(refusal)
        event("refused")
        return
    event("armed")
    magnitudes = np.tile(wave(form, duty / 100.0, amplitude, offset), math.ceil(periods) + 2)
    wide = round(periods * 4000)
    for exponent, most in ((1, power / 10.0), (2, current**2)):
        filled = np.concatenate([[0.0], np.cumsum(magnitudes**exponent)])
        assert np.max(filled[wide:] - filled[:-wide]) / wide <= most * (1 + 2e-3)  # steps of a finite grid


class TestMeans:
    def test_each_against_its_formula(self) -> None:
        assert steady(2.0)(1.0, 2) == 4.0
        assert train(0.0, 1.0, 0.01, 0.1)(1.0, 1) == pytest.approx(0.1)
        assert train(0.0, 1.0, 0.01, 0.1, count=1)(1.0, 1) == pytest.approx(0.01)
        assert train(0.5, 1.0, 0.01, 0.1)(1.0, 1) == pytest.approx(0.55)
        assert train(0.0, 1.0, 0.01, 10.0)(0.005, 1) == 1.0
        assert periodic(0.5, 0.7, 1.0, 0.01, math.inf)(1.0, 2) == pytest.approx(0.5)
        assert periodic(0.5, 0.7, 1.0, 0.01, 0.1)(1.0, 2) == pytest.approx(0.05)
        assert listed([0.0, 1.0, 0.0], [0.1, 0.01, 0.1], 1)(1.0, 1) == pytest.approx(0.01)
        assert listed([0.0, 1.0, 0.0], [0.045, 0.01, 0.045], math.inf)(1.0, 1) == pytest.approx(0.1)

    @given(
        st.lists(st.tuples(st.floats(0, 1), st.integers(1, 30)), min_size=1, max_size=8), st.integers(1, 4),
        st.integers(1, 60), st.sampled_from([1, 2]),
    )  # fmt: skip
    @settings(deadline=None, max_examples=200)
    def test_a_list_against_a_sum_over_a_grid(
        self, pieces: list[tuple[float, int]], repeats: int, window: int, power: int
    ) -> None:
        levels, times = [level for level, _ in pieces], [steps * GRID for _, steps in pieces]
        mean: Mean = listed(levels, times, repeats)
        span = window * GRID
        whole = [(levels[0], span), *list(zip(levels, times, strict=True)) * repeats, (levels[-1], span)]
        assert mean(span, power) == pytest.approx(highest(whole, span, power), rel=1e-9, abs=1e-12)


class TestSentences:
    def test_too_many_pulses(self) -> None:
        on = bench(average_power=1e-3)
        passes(on, *SETTLED, "SOUR:PDEL:HIGH 1e-2;LOW 0;WIDT 1e-3;INT 60", "SOUR:PDEL:ARM")  # 1 ms a second
        refuses(
            on, "SOUR:PDEL:INT 5",
            r"the average power of the pulse of Pulse Delta would be 1\.2 mW \(times 10 V of compliance, over the 1 s "
            r"in which it is highest\) .* the limit of station 'bench', 1 mW.*--override average_power=",
        )  # fmt: skip
        refuses(on, "SOUR:PDEL:WIDT 11e-3", "average power")
        passes(on, "SOUR:SWE:ABOR", "SOUR:PDEL:INT 5")
        refuses(on, "SOUR:PDEL:ARM", "average power")

    def test_a_short_run_may_do_what_an_endless_one_may_not(self) -> None:
        on = bench(average_power=1e-3)
        passes(on, *SETTLED, "SOUR:PDEL:HIGH 1e-2;LOW 0;WIDT 1e-3;INT 5;COUN 10", "SOUR:PDEL:ARM")
        refuses(on, "SOUR:PDEL:COUN INF", "average power")

    def test_the_duty_of_a_square_wave(self) -> None:
        on = bench(current=1e-3, average_current=5e-4)
        passes(on, *SETTLED, "SOUR:WAVE:FUNC SQU;AMPL 5e-4;OFFS 5e-4;FREQ 1000;DCYC 20", "SOUR:WAVE:ARM")
        refuses(on, "SOUR:WAVE:DCYC 30", r"the average \(rms\) of the wave's current would be 547\.7.* uA")
        passes(on, "SOUR:WAVE:ABOR", "SOUR:WAVE:DCYC 30", "SOUR:WAVE:DUR:TIME 0.5", "SOUR:WAVE:ARM")
        refuses(on, "SOUR:WAVE:DUR:TIME INF", "average")
        refuses(on, "SOUR:WAVE:EXTR 1", "average")

    def test_a_steady_current_is_its_own_average(self) -> None:
        on = bench(average_current=1e-4, average_power=5e-4)
        passes(on, *SETTLED, "SOUR:CURR 5e-5;:OUTP 1", "SOUR:CURR 4e-5")
        refuses(on, "SOUR:CURR 6e-5", "average power of the current would be 600 uW")
        passes(on, "SOUR:CURR:COMP 1")
        refuses(on, "SOUR:CURR 1.1e-4", r"average \(rms\) of the current would be 110 uA")
        passes(on, "OUTP 0", "SOUR:CURR 1.1e-4")
        refuses(on, "OUTP 1", r"average \(rms\) of the current")
        passes(on, "SOUR:DELT:HIGH 1e-4", "SOUR:DELT:ARM", "SOUR:SWE:ABOR", "SOUR:DELT:HIGH 2e-4")
        refuses(on, "SOUR:DELT:ARM", "current of Delta")
        passes(on, "SOUR:CURR:STAR 0;STOP 1e-4", "SOUR:SWE:SPAC LIN;ARM", "SOUR:SWE:ABOR", "SOUR:CURR:STOP 2e-4")
        refuses(on, "SOUR:SWE:ARM", "sweep's current")
        passes(on, "SOUR:DCON:STAR -2e-4;STOP 2e-4")
        refuses(on, "SOUR:DCON:ARM", "Differential Conductance")

    def test_what_nobody_knows_counts_as_the_worst(self) -> None:
        on = bench(average_power=1e-3)
        passes(
            on, "SOUR:SWE:ABOR", "SOUR:CURR:COMP 10", "SOUR:LIST:COMP 10,10,10", "SOUR:SWE:SPAC LIST",
            "SOUR:LIST:CURR 0,1e-2,0", "SOUR:LIST:DEL 0.02,0.01,0.02",
        )  # fmt: skip
        refuses(on, "SOUR:SWE:ARM", "TRIGger:SOURce has not been set")
        passes(on, "TRIG:SOUR IMM")
        refuses(on, "SOUR:SWE:ARM", "the average power of the current of the list would be")
        passes(on, "SOUR:SWE:COUN 1", "SOUR:SWE:ARM")
        refuses(on, "SOUR:SWE:COUN 2", "average power")

    def test_without_a_limit_nothing_is_refused(self) -> None:
        passes(bench(), *SETTLED, "SOUR:PDEL:HIGH 1e-2;LOW 0;WIDT 1e-2;INT 5", "SOUR:PDEL:ARM", "INIT")

    def test_a_2400_counts_all_that_it_sources_as_steady(self) -> None:
        gate = SourceMeterGate(Speaker("the smu", "smu"), limits(average_current=1e-4, average_power=1e-3))
        gate.judge(b"*RST\n")
        gate.judge(b"SENS:VOLT:PROT 15\n")
        gate.judge(b"SOUR:FUNC CURR;:SOUR:CURR 1e-4\n")
        with pytest.raises(LimitExceeded, match=r"100 uA.*average_current"):
            gate.judge(b"SOUR:CURR 1.1e-4\n")
        with pytest.raises(LimitExceeded, match="average_power"):
            gate.judge(b"OUTP 1\n")
