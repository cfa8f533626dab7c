"""A SourceMeter for messages at random, with a load that comes and goes."""

from __future__ import annotations

import math
import random

import numpy as np

from instruments.clock import VirtualClock
from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from instruments.tables import keithley2400
from simulators.device import Device
from simulators.devices.keithley2400 import Keithley2400
from simulators.timeline import Timeline
from tests.simulators.devices.smu_bench import Resistor
from tests.simulators.faults_at_random import Vandal
from tests.simulators.scpi_fuzz import Client, Watched
from tests.simulators.ways_of_sourcemeter_more import SOURCEMETER_WAYS_ALL, SOURCEMETER_WAYS_IN_MEMORY

_FAVOURITES = (
    "READ", "FETC", "INIT", "ABOR", "*TRG", "*OPC", "OUTP", "SOUR:VOLT", "SOUR:CURR", "SOUR:FUNC", "SENS:FUNC",
    "SENS:CURR:PROT", "SENS:VOLT:PROT", "SOUR:VOLT:MODE", "TRIG:COUN", "ARM:COUN", "ARM:SOUR", "TRAC:FEED:CONT",
    "TRAC:DATA", "SOUR:CLE:AUTO", "MEAS:CURR", "MEAS:RES", "STAT:MEAS:COND", "STAT:OPER:COND",
)  # fmt: skip
_TAME = {
    "LAYer[1]]:COUNt": 4.0, "TRIGger[:SEQuence[1]]:COUNt": 6.0, "TRIGger[:SEQuence[1]]:DELay": 0.1, "ARM:TIMer": 0.3,
    "LAYer[1]]:TIMer": 0.3, "SOURce[1]:DELay": 0.1, "AVERage:COUNt": 5.0,
}  # fmt: skip


class Patient(Keithley2400):
    """One in which nothing overtakes: messages are carried out in the order in which they came.

    Who it is, and what went wrong, it says at any time.
    """

    acts_at_once = False
    memory_allowed = False

    def __init__(
        self, timeline: Timeline, load: Resistor, noise: np.random.Generator | None = None,
        calibration: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(timeline, load, noise, calibration)
        self._unhindered |= {"*IDN", "SYSTem:ERRor[:NEXT]"}

    def _set_function(self, function: str) -> None:
        """Without sweeps through the memory it can be said which settings stay as they are."""
        if function == "MEM" and not self.memory_allowed:
            raise ScpiError(SETTINGS_CONFLICT)
        super()._set_function(function)

    def _scale(self, level: float) -> None:
        """A level that cannot be has the number of a unit that is wrong; here it is told apart by not being said."""
        try:
            super()._scale(level)
        except ScpiError:
            return


class SmallPatient(Patient):
    """One whose buffers are soon full."""

    input_limit = 8192
    output_limit = 100


def sourcemeter(dice: random.Random) -> Client:
    """A SourceMeter and its client."""
    timeline = Watched(VirtualClock())
    load = Resistor(timeline)
    generators = [None if dice.random() < 0.5 else np.random.default_rng(dice.randrange(2**32)) for _ in range(2)]
    device = dice.choice((Patient, SmallPatient))(timeline, load, *generators)
    device.memory_allowed = dice.random() < 0.3
    ways = SOURCEMETER_WAYS_IN_MEMORY if device.memory_allowed else SOURCEMETER_WAYS_ALL

    def disturb() -> None:
        load.resistance = dice.choice((0.5, 50.0, 1e3, 1e9, math.inf))
        load.emf = dice.choice((0.0, 0.0, 1e-3, -5.0))
        device.enable_line = dice.random() < 0.7
        device.too_hot = dice.random() < 0.1
        device.external_trigger(dice.randint(1, 4))

    def watch() -> None:
        """The output drives the level that is set while it is on, and never more than the limits."""
        _, what, value, limit = load.history[-1]
        assert limit <= 210.0
        assert abs(value) <= (215.0 if what == "V" else 1.06)
        if not device.flag("OUTP"):
            assert what == "off" or abs(value) < 0.1
        del load.history[:-2]
        load.apertures.clear()

    vandal = Vandal(dice, keithley2400.TABLE, _TAME, _FAVOURITES)
    assert isinstance(device, Device)
    return Client(dice, device, ways, vandal, disturb, watch)
