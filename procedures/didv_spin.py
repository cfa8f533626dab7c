"""What the state of a magnetic junction adds to its dI/dV, by an earlier run of `tmr-bias`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl.analysis.bias_dependence import Fall, fall
from labctl.analysis.spin_part import SpinPart, spin_part
from labctl.rundir import RunDirectory
from procedures.biased import BEFORE, TEMPERATURE, looked
from procedures.tmr_bias_results import ANTIPARALLEL, PARALLEL, curve_of, state_of

if TYPE_CHECKING:
    import pandas as pd

KIND, CLASS = "tmr-bias", "TmrBias"
SAME_TEMPERATURE = 2.0
"""K within which TMR is the same."""
SCALE = 2e-3
"""Part by which two instruments read one resistance differently (the 6221's ranges of nA have 0.17 %)."""
OUTSIDE = 0.02
"""Part of its resistance by which a junction may be outside of its two states, and still be the same one."""


class States:
    """Both states of a junction against the voltage, as a run of `tmr-bias` found them.

    Args:
        path: The run's folder.
        sample: Name of the sample that it has to be of.

    Attributes:
        name: Of the run.
        temperature: K.
        fall: How TMR falls with the voltage.
        resistance: ohm of the parallel and of the antiparallel state with the smallest bias.
        reach: Largest voltage in V.

    Raises:
        BadValue: It is no run of `tmr-bias`, of another sample, or has no V_half.
        UnknownName: There is no such run.
        DataDamaged: It cannot be read.
    """

    def __init__(self, path: Path, sample: str) -> None:
        directory = RunDirectory.open(path)
        request, self.name = directory.request(), directory.path.name
        named, procedure = f"tmr_bias_run is {self.name}", request["procedure"]
        if procedure["class"].rpartition(":")[2] != CLASS:
            raise BadValue(f"{named}, a run of {procedure['name']}; give one of {KIND}")
        of = str(request.get("sample", {}).get("name"))
        if of != sample:
            raise BadValue(f"{named}, of sample {of}, but this is {sample}; give one of this sample")
        data = directory.read_data()[0]
        curve = curve_of(data)
        found = curve if isinstance(curve, str) else fall(curve.voltage, curve.tmr, curve.error)
        parallel, antiparallel = (state_of(data, state) for state in (PARALLEL, ANTIPARALLEL))
        if not isinstance(found, Fall) or isinstance(curve, str) or parallel is None or antiparallel is None:
            raise BadValue(f"{named}, which has no V_half: {found}; give one that has")
        self.fall, self.reach = found, float(curve.voltage[-1])
        self.resistance = float(parallel.resistance[0]), float(antiparallel.resistance[0])
        self.temperature = float(np.mean(data[TEMPERATURE].to_numpy(dtype=float)))

    def check_temperature(self, temperature: float) -> None:
        """Refuse another temperature in K.

        Raises:
            BadValue: It is one.
        """
        if abs(temperature - self.temperature) > SAME_TEMPERATURE:
            raise BadValue(
                f"tmr_bias_run is {self.name}, at {self.temperature:.4g} K, but this is at {temperature:.4g} K, where "
                f"TMR is another; give a run within {SAME_TEMPERATURE:g} K, or leave tmr_bias_run out"
            )

    def spin_of(self, data: pd.DataFrame) -> SpinPart:
        """Return what the state that rows of `didv` were measured in adds to the barrier's conductance.

        Raises:
            BadValue: They are of another temperature, or the junction was in neither state nor between them.
        """
        self.check_temperature(float(np.mean(data[TEMPERATURE].to_numpy(dtype=float))))
        before = looked(data, BEFORE)
        if before is None:
            raise BadValue("the resistance before was not read, so that nobody knows which state this is")
        ohm, error = before
        low, high = sorted(self.resistance)
        if not low * (1.0 - OUTSIDE) <= ohm <= high * (1.0 + OUTSIDE):
            raise BadValue(
                f"the junction had {format_quantity(ohm, 'ohm')}, and in {self.name} {format_quantity(low, 'ohm')} to "
                f"{format_quantity(high, 'ohm')}: it is not what it was; measure {KIND} again"
            )
        parallel, antiparallel = (1.0 / each for each in self.resistance)
        return spin_part(self.fall, parallel, antiparallel, (1.0 / ohm, error / ohm**2), SCALE)

    def said(self, bias: float) -> str:
        """Say where it comes from, for a bias in V that was used."""
        text = f"by {self.name}, V_half {format_quantity(self.fall.half[0], 'V', digits=3)}"
        if bias > self.reach * 1.02 and math.isfinite(bias):
            text += f", whose voltages end at {format_quantity(self.reach, 'V', digits=3)}: beyond it is extrapolated"
        return text
