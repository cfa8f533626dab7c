"""Driver of the Stanford Research SR830 lock-in amplifier.

pymeasure has a driver of its own; this one is here because that one hands a damaged reply over as a value, and rounds
what it is told to the next setting without a word.

The instrument has no error queue, and says nothing to a command. So each setting is asked back in the same message, and
what was not taken raises. Voltages are effective values (rms), as the instrument shows them; a 6221 is programmed with
the peak of its wave. `Reading.peak` is the one place where the one becomes the other.

Nothing of it drives the sample: its sine output and its auxiliary outputs are cabled to nothing.
"""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar, cast

from pymeasure.adapters import Adapter

from instruments.clock import Clock
from instruments.driver import Driver, measurement
from instruments.errors import BadValue, InstrumentFault, NoReply
from instruments.forms import DECIMAL, NUMBER, Check, Form, exact, finite, flag, form, one_of, outside, reverse, whole

T = TypeVar("T")

SENSITIVITIES = tuple(
    digit * 10.0**power if power >= 0 else digit / 10.0**-power
    for power in range(-9, 1) for digit in (1, 2, 5) if (power, digit) != (-9, 1) and (power, digit) <= (0, 1)
)  # fmt: skip
"""V rms at full scale: 2 nV to 1 V."""

TIME_CONSTANTS = tuple(
    digit * 10.0**power if power >= 0 else digit / 10.0**-power for power in range(-5, 5) for digit in (1, 3)
)
"""s: 10 us to 30 ks."""

SLOPES = (6, 12, 18, 24)
"""dB per octave, of one to four poles."""

HIGHEST_FREQUENCY = 102_000.0
"""Hz."""

_INPUTS = {"A": "0", "A-B": "1", "current 1 MOhm": "2", "current 100 MOhm": "3"}
_RESERVES = {"high": "0", "normal": "1", "low noise": "2"}
_NOTCHES = {"none": "0", "line": "1", "twice the line": "2", "both": "3"}
_EDGES = {"sine": "0", "rising edge": "1", "falling edge": "2"}


class LockinStatus(NamedTuple):
    """What has happened since the status was asked for last; asking clears it.

    Attributes:
        input_overload: More came in than input and reserve hold.
        filter_overload: The low-pass filter had more than it holds.
        output_overload: An output was beyond its full scale.
        unlocked: The reference was not locked.
        range_changed: What is detected went through 200 Hz.
        time_constant_changed: The time constant was changed by something else than its setting.
    """

    input_overload: bool
    filter_overload: bool
    output_overload: bool
    unlocked: bool
    range_changed: bool
    time_constant_changed: bool

    @property
    def trouble(self) -> str:
        """What makes a reading worthless, in words; empty where nothing does."""
        words = ("input overload", "filter overload", "output overload", "reference unlocked")
        return ", ".join(word for word, is_so in zip(words, self[:4], strict=True) if is_so)


class Reading(NamedTuple):
    """X and Y of one instant.

    Attributes:
        x: V rms, in phase with the reference.
        y: V rms, in quadrature.
        frequency: Hz, of the reference.
        status: What has happened since the reading before.
        start: Clock time in s before it was asked for.
        end: Clock time in s after it had come.
    """

    x: float
    y: float
    frequency: float
    status: LockinStatus
    start: float
    end: float

    @property
    def magnitude(self) -> float:
        """R in V rms."""
        return math.hypot(self.x, self.y)

    @property
    def theta(self) -> float:
        """Phase in degrees."""
        return math.degrees(cmath.phase(complex(self.x, self.y)))

    @property
    def peak(self) -> complex:
        """X + iY as an amplitude in V, which belongs to the amplitude in A that a 6221's wave is programmed with."""
        return math.sqrt(2.0) * complex(self.x, self.y)


def _status(text: str) -> LockinStatus:
    bits = int(text)
    return LockinStatus(*(bool(bits >> bit & 1) for bit in range(6)))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split(",")))


BIT = form("0 or 1", "[01]", lambda text: text == "1")
STATUS = Form(
    "a status byte from 0 to 127", lambda text: text if re.fullmatch(r"\d{1,3}", text) and int(text) < 128 else None,
    _status,
)  # fmt: skip
PHASE = form("a phase such as -12.34", r"-?\d{1,3}\.\d{2}", float)
SNAP = form("X, Y and frequency such as 0.95,0.025,1000", rf"{DECIMAL},{DECIMAL},{DECIMAL}", _numbers)
HARMONIC = form("a harmonic from 1 to 19999", r"[1-9]\d{0,4}", int)


def _coded(name: str, values: Sequence[float], unit: str) -> tuple[Check, Form[float]]:
    """Return how one of a few numbers is sent as a code, and how the code is read; no number is rounded to another."""

    def check(value: object) -> str:
        number = finite(name, value, unit)
        for code, each in enumerate(values):
            if math.isclose(number, each, rel_tol=1e-9):
                return str(code)
        if not values[0] <= number <= values[-1]:
            raise outside(name, exact(number), f"{values[0]:g}", f"{values[-1]:g}", unit)
        below = max(each for each in values if each < number)
        above = min(each for each in values if each > number)
        text = f"{name} cannot be {number:g} {unit}; choose {below:g} or {above:g} {unit} (nothing was sent)"
        raise BadValue(text.replace(" ;", ";"))

    meanings = {str(code): value for code, value in enumerate(values)}
    expected = f"a code from 0 to {len(values) - 1}"
    return check, Form(expected, lambda text: text if text in meanings else None, lambda text: meanings[text])


def _span(name: str, low: float, high: float, unit: str) -> Check:
    def check(value: object) -> str:
        number = finite(name, value, unit)
        if not low <= number <= high:
            raise outside(name, exact(number), f"{low:g}", f"{high:.10g}", unit)
        return exact(number)

    return check


def _asked_back(header: str, docs: str, check: Check, form: Form[T], step: float = 0.0) -> T:
    """Make a property that is set and asked back in one message ("Control ...").

    Args:
        header: The command.
        docs: What it controls.
        check: What may be sent, and how it is spelled.
        form: The form of the query's reply.
        step: By how much a number may differ that the instrument has rounded.
    """

    def get(self: Sr830) -> T:
        return self.query(f"{header}?", form)

    def put(self: Sr830, value: T) -> None:
        text = check(value)
        taken = self.line.insist(lambda: self.query(f"{header} {text};{header}?", form))
        close = abs(float(cast("Any", taken)) - float(text)) <= step if step else taken == form.read(text)
        if not close:
            raise self.not_taken(f"{header} {text}", taken)

    return cast("T", property(get, put, doc=docs))


class Sr830(Driver):
    """An SR830.

    .. code-block:: python

        lockin = Sr830("GPIB0::8::INSTR")
        lockin.reference_source, lockin.reference_trigger = "external", "falling edge"
        lockin.input_config, lockin.harmonic = "A-B", 1
        lockin.sensitivity, lockin.time_constant, lockin.filter_slope = 1e-3, 0.3, 24
        lockin.clock.sleep(lockin.settling_time())
        print(lockin.reading().peak)

    Args:
        adapter: A VISA resource name, a GPIB address, or a pymeasure adapter.
        clock: Where it waits, and where readings are stamped.
        name: What it is called in errors.
        **kwargs: For pymeasure's VISAAdapter.

    Raises:
        NoReply: Nothing answers.
        InstrumentFault: Something else answers.
    """

    IDENTITY = re.compile(r"Stanford_Research_Systems,SR830,s/n\w+,ver[\d.]+")

    def __init__(
        self, adapter: Adapter | str | int, clock: Clock | None = None, name: str = "lock-in amplifier", **kwargs: Any
    ) -> None:
        super().__init__(adapter, clock, name, **kwargs)
        try:
            self.check_identity()
        except NoReply:  # it answers on one of its two interfaces, whichever asked
            self.write("OUTX 0" if self.line.address.upper().startswith("ASRL") else "OUTX 1")
            self.check_identity()

    reference_source = _asked_back(
        "FMOD",
        """Control where the reference comes from ("external" or "internal").""",
        one_of("reference_source", {"external": "0", "internal": "1"}),
        reverse({"external": "0", "internal": "1"}),
    )
    reference_trigger = _asked_back(
        "RSLP",
        """Control what of an external reference counts ("sine", "rising edge", "falling edge").

        The phase marker of a 6221 is a short pulse towards zero: its falling edge is the marked moment.
        """,
        one_of("reference_trigger", _EDGES),
        reverse(_EDGES),
    )
    harmonic = _asked_back(
        "HARM",
        """Control the harmonic that is detected (1 to 19999; times the reference at most 102 kHz).""",
        whole("harmonic", 1, 19999),
        HARMONIC,
    )
    input_config = _asked_back(
        "ISRC",
        """Control the input ("A", "A-B", "current 1 MOhm", "current 100 MOhm").""",
        one_of("input_config", _INPUTS),
        reverse(_INPUTS),
    )
    input_grounding = _asked_back(
        "IGND",
        """Control what the shields of the inputs are at ("float" or "ground").""",
        one_of("input_grounding", {"float": "0", "ground": "1"}),
        reverse({"float": "0", "ground": "1"}),
    )
    input_coupling = _asked_back(
        "ICPL",
        """Control the coupling of the input ("AC" or "DC").""",
        one_of("input_coupling", {"AC": "0", "DC": "1"}),
        reverse({"AC": "0", "DC": "1"}),
    )
    input_notch = _asked_back(
        "ILIN",
        """Control the notches at the power line ("none", "line", "twice the line", "both").""",
        one_of("input_notch", _NOTCHES),
        reverse(_NOTCHES),
    )
    sensitivity = _asked_back(
        "SENS",
        """Control the full scale in V rms (2e-9 to 1 in steps of 1, 2, 5; no other value is taken).""",
        *_coded("sensitivity", SENSITIVITIES, "V"),
    )
    reserve = _asked_back(
        "RMOD",
        """Control the dynamic reserve ("high", "normal", "low noise").""",
        one_of("reserve", _RESERVES),
        reverse(_RESERVES),
    )
    time_constant = _asked_back(
        "OFLT",
        """Control the filter's time constant in s (10e-6 to 30e3 in steps of 1, 3; no other value is taken).

        While more than 200 Hz are detected, 30 s is the longest.
        """,
        *_coded("time_constant", TIME_CONSTANTS, "s"),
    )
    filter_slope = _asked_back(
        "OFSL",
        """Control the filter's slope in dB per octave (6, 12, 18 or 24).""",
        *_coded("filter_slope", SLOPES, "dB/octave"),
    )
    filter_synchronous = _asked_back(
        "SYNC",
        """Control whether the synchronous filter works below 200 Hz (True or False).""",
        flag("filter_synchronous"),
        BIT,
    )
    phase = _asked_back(
        "PHAS",
        """Control the reference phase in degrees (-180 to 180, in steps of 0.01).""",
        _span("phase", -179.99, 179.99, "degrees"),
        PHASE,
        0.00501,
    )
    sine_voltage = _asked_back(
        "SLVL",
        """Control the sine output in V rms (0.004 to 5, in steps of 2 mV); it is cabled to nothing.""",
        _span("sine_voltage", 0.004, 5.0, "V"),
        NUMBER,
        0.00101,
    )
    frequency = measurement("FREQ?", """Get the frequency of the reference in use, in Hz.""", NUMBER)
    x = measurement("OUTP?1", """Measure X in V rms.""", NUMBER)
    y = measurement("OUTP?2", """Measure Y in V rms.""", NUMBER)
    magnitude = measurement("OUTP?3", """Measure R in V rms.""", NUMBER)
    theta = measurement("OUTP?4", """Measure the phase in degrees.""", NUMBER)
    lia_status = measurement(
        "LIAS?", """Get what has happened since it was asked for last (LockinStatus), and clear it.""", STATUS
    )

    def forget_status(self) -> None:
        """Have the status say from now on what happens from now on."""
        self.line.insist(lambda: self.lia_status)

    def set_frequency(self, frequency: float) -> None:
        """Set the reference's own oscillator to a frequency in Hz; the reference has to be internal.

        Raises:
            LimitExceeded: It takes 1 mHz to 102 kHz; nothing was sent.
            InstrumentFault: It was not taken: the reference is external, or a harmonic of it would be above 102 kHz.
        """
        text = _span("frequency", 1e-3, HIGHEST_FREQUENCY, "Hz")(frequency)
        taken = self.line.insist(lambda: self.query(f"FREQ {text};FREQ?", NUMBER))
        if abs(taken - float(text)) > max(1e-4 * float(text), 1e-4):
            raise self.not_taken(f"FREQ {text}", taken)

    def not_taken(self, command: str, taken: object) -> InstrumentFault:
        """Return the error of a setting that the instrument has not taken."""
        return InstrumentFault(
            f"{self.line.name}: told {command!r}, but asked back it says {taken}; it was not sent again: "
            "check what the other settings allow, and whether somebody is at its front panel"
        )

    @property
    def locked(self) -> bool:
        """Get whether the reference is locked now; the bit that says whether it was until now is cleared."""
        self.query("LIAS?3", BIT)
        return not self.query("LIAS?3", BIT)

    def reading(self) -> Reading:
        """Return X and Y of one instant with the reference's frequency, and what has happened since the last reading.

        Raises:
            NoReply: Nothing came in time.
            GarbledReply: A reply has not its form.
        """
        start = self.clock.now()
        x, y, frequency = self.query("SNAP?1,2,9", SNAP)
        end = self.clock.now()
        return Reading(x, y, frequency, self.query("LIAS?", STATUS), start, end)

    def settling_time(self, remaining: float = 1e-3) -> float:
        """Return how long it takes, in s, until this part of a step is left, by time constant and slope.

        Raises:
            BadValue: The part does not lie between 0 and 1.
        """
        if not 0.0 < finite("remaining", remaining) < 1.0:
            raise BadValue(f"remaining must lie between 0 and 1, not {remaining!r}")
        poles = SLOPES.index(int(self.filter_slope)) + 1
        return settling_turns(poles, remaining) * self.time_constant

    def shutdown(self) -> None:
        """Make sure that it still answers; there is nothing to be made safe.

        Raises:
            InstrumentFault: It does not.
        """
        self._checked_identity(self.ask("*IDN?"))
        super().shutdown()

    def auto_phase(self) -> float:
        """Have the present phase added to the reference phase, so that all signal goes to X; return the new phase.

        The signal must have settled. X and Y take as long again to reach their new values.

        Raises:
            InstrumentFault: The reference is not locked, or the phase not stable, so that the instrument did nothing.
        """
        if not self.locked:
            raise InstrumentFault(f"{self.line.name}: no auto phase, since the reference is not locked")
        before, off = self.phase, self.theta
        taken = self.query("APHS;PHAS?", PHASE)
        turned = math.remainder(taken - before, 360.0)
        if abs(off) > 1.0 and abs(turned) < 0.01:
            raise InstrumentFault(
                f"{self.line.name}: auto phase did nothing, though the phase is {off:.4g} degrees: the signal is not "
                "stable enough; take a smaller full scale or a longer time constant, and wait until it has settled"
            )
        return taken


def settling_turns(poles: int, remaining: float) -> float:
    """Return after how many time constants a part of a step is left behind so many equal poles."""

    def left(turns: float) -> float:
        return math.exp(-turns) * sum(turns**order / math.factorial(order) for order in range(poles))

    low, high = 0.0, 1.0
    while left(high) > remaining:
        low, high = high, 2.0 * high
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if left(middle) > remaining else (low, middle)
    return high
