"""The resolution of the simulated 2400: of what it sources, and of what it measures."""

import math

import pytest

from tests.simulators.devices.smu_bench import Bench

DIGITS = 2e6  # 6 1/2 of them, from zero to the range's name


def _whole(number: float, step: float) -> bool:
    return abs(number / step - round(number / step)) < 1e-6


@pytest.mark.parametrize("name", [0.2, 2.0, 20.0, 200.0])
@pytest.mark.parametrize(("nplc", "coarser"), [(10, 1), (1, 1), (0.1, 10), (0.01, 100)])
def test_a_voltage_comes_in_steps_of_its_range_and_speed(name: float, nplc: float, coarser: float) -> None:
    """One range's 6 1/2 digits for a line cycle and more, and ten times coarser for each tenth of it."""
    bench = Bench(name * math.pi / 7 / 1e-3)
    bench.write(f"SOUR:FUNC CURR;:SENS:VOLT:PROT 210;:SENS:VOLT:RANG {name};:SENS:FUNC 'VOLT';:SENS:VOLT:NPLC {nplc}")
    bench.write("SOUR:CURR 1e-3;:OUTP 1;:FORM:ELEM VOLT")
    (volts,) = bench.numbers("READ?")
    step = name / DIGITS * coarser
    assert _whole(volts, max(step, 10.0 ** (math.floor(math.log10(volts)) - 6)))
    assert volts == pytest.approx(name * math.pi / 7, abs=0.51 * step + 5e-7 * name)
    assert volts == pytest.approx(round(volts / step) * step, rel=1e-6)


def test_the_same_voltage_is_coarser_on_a_larger_range() -> None:
    seen = []
    for full in (0.2, 2, 20, 200):
        bench = Bench(123.4567)
        bench.write(f"SOUR:FUNC CURR;:SENS:VOLT:PROT 210;:SENS:VOLT:RANG {full};:SENS:FUNC 'VOLT';:SOUR:CURR 1e-3")
        bench.write("OUTP 1;:FORM:ELEM VOLT")
        seen += bench.numbers("READ?")
    assert seen == pytest.approx([0.1234567, 0.123457, 0.12346, 0.1235], abs=1e-9)


def test_currents_have_steps_too_and_none_is_read_below_one() -> None:
    bench = Bench(1e9)
    bench.write("SOUR:VOLT 1;:SENS:CURR:PROT 1e-3;:SENS:CURR:RANG 1e-3;:OUTP 1;:FORM:ELEM CURR")
    assert bench.numbers("READ?") == [1e-9]  # two steps of 0.5 nA
    bench.load.resistance = 1e10
    assert bench.numbers("READ?") == [0.0]


def test_a_converter_without_steps_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(1e10)
    monkeypatch.setattr(type(bench.device), "steps", None)
    bench.write("SOUR:VOLT 1;:SENS:CURR:PROT 1e-3;:SENS:CURR:RANG 1e-3;:OUTP 1;:FORM:ELEM CURR")
    assert bench.numbers("READ?") == [1e-10]


@pytest.mark.parametrize(
    ("quantity", "full", "step"),
    [
        ("VOLT", 0.2, 5e-6), ("VOLT", 2, 50e-6), ("VOLT", 20, 500e-6), ("VOLT", 200, 5e-3),
        ("CURR", 1e-6, 50e-12), ("CURR", 1e-5, 500e-12), ("CURR", 1e-4, 5e-9), ("CURR", 1e-3, 50e-9),
        ("CURR", 1e-2, 500e-9), ("CURR", 0.1, 5e-6), ("CURR", 1, 50e-6),
    ],
)  # fmt: skip
def test_what_is_set_is_rounded_to_the_steps_of_the_source(quantity: str, full: float, step: float) -> None:
    """Appendix A: 5 uV on 200 mV, 50 pA on 1 uA, and so on."""
    bench = Bench(1.0)
    level = full * math.pi / 3.5
    bench.write(f"SENS:CURR:PROT 0.1;:SENS:VOLT:PROT 20;:SOUR:FUNC {quantity};:SOUR:{quantity}:RANG {full}")
    bench.write(f"SOUR:{quantity} {level!r};:OUTP 1")
    assert bench.errors() == []
    _, _, driven, _ = bench.load.history[-1]
    assert driven == pytest.approx(round(level / step) * step, rel=1e-12)
    assert abs(driven - level) <= 0.5 * step * (1 + 1e-9)
    assert float(bench.ask(f"SOUR:{quantity}?") or "") == pytest.approx(driven, rel=1e-6)
