"""What a simulated sample is to the wiring: pads, into which currents flow and on which potentials are found."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruments.errors import UsageError


@dataclass(frozen=True, slots=True)
class Discharge:
    """A charged cable that is connected to a sample.

    Attributes:
        time: Lab time in s.
        voltage: V to which it is charged, signed.
        capacitance: F.
        series: ohm of lines and contacts in the way.
    """

    time: float
    voltage: float
    capacitance: float
    series: float


class Sample(ABC):
    """One sample: a film with its history, and the pads on it.

    The resistances of leads and contacts belong to the wiring; a sample ends at its pads. Times are lab times in s.

    Attributes:
        pads: Names of the pads.
    """

    pads: tuple[str, ...]

    linear = True
    """Whether voltages are proportional to the currents at each moment."""

    wearing = False
    """Whether what flows does damage, so that it may break before the currents change."""

    @abstractmethod
    def advance(self, until: float) -> None:
        """Live through what temperature, field and currents do until a lab time; a time in the past is no step."""

    @abstractmethod
    def set_currents(self, time: float, injected: Mapping[str, float]) -> None:
        """Let these currents flow from a lab time on.

        Args:
            time: Lab time in s, not before the sample's present.
            injected: A flowing into each pad; a pad that is not named gets none. The sum is zero.

        Raises:
            BadValue: The sum is not zero, or the time is past.
            UnknownName: A pad that the sample does not have.
        """

    def set_cycle(self, time: float, steps: Sequence[tuple[float, Mapping[str, float]]]) -> None:
        """Let the currents go through the same cycle again and again from a lab time on, until they are set anew.

        For cycles that are faster than anything in the sample that would be followed step by step: it warms by the
        mean square, and potentials are averaged over the steps.

        Args:
            time: Lab time in s, not before the sample's present.
            steps: Duration in s and A flowing into each pad, as for `set_currents`.

        Raises:
            BadValue: As for `set_currents`, or a step lasts no time.
            UnknownName: A pad that the sample does not have.
            UsageError: The sample's family knows no fast currents.
        """
        del time, steps
        raise UsageError(
            f"the sample family {type(self).__name__} knows no currents that change too fast to be followed; "
            "take a lower frequency, or a sample that does"
        )

    @abstractmethod
    def mean_potentials(self, start: float, end: float) -> dict[str, float]:
        """Return each pad's potential in V against the sample's reference pad, averaged from `start` to `end`.

        They are those of the currents that flowed then. The window ends now or earlier (a later end first advances
        the sample), begins at most ten seconds before the sample's present, and contains no change of the currents.

        Raises:
            BadValue: The window begins too long ago, or contains a change of the currents.
        """

    def mean_difference(self, high: str, low: str, start: float, end: float) -> float:
        """Return the mean voltage in V between two pads in a window; see `mean_potentials`."""
        potentials = self.mean_potentials(start, end)
        return potentials[high] - potentials[low]

    def step_differences(
        self, high: str, low: str, steps: Sequence[Mapping[str, float]], start: float, end: float
    ) -> NDArray[np.float64]:
        """Return the voltage in V between two pads in each step of a fast cycle of currents.

        The sample is as it was, on average, in a window, with what each step does to it at once. The window ends now or
        earlier (a later end first advances the sample) and begins at most ten seconds before the sample's present.

        Args:
            high: Pad.
            low: Pad.
            steps: A flowing into each pad, as for `set_currents`; the same object as long as the cycle is the same.
            start: Lab time in s at which the window begins.
            end: Lab time in s at which it ends.

        Raises:
            UsageError: The sample's family knows no fast currents.
        """
        del high, low, steps, start, end
        raise UsageError(
            f"the sample family {type(self).__name__} does not say what currents that change too fast to be followed "
            "make of voltage; take a sample that does"
        )

    @abstractmethod
    def resistance(self, pad_a: str, pad_b: str, time: float) -> float:
        """Return the two-terminal resistance in ohm between two pads, of a sample that is not linear at what flows.

        Raises:
            UnknownName: A pad that the sample does not have.
        """

    def resistance_at(self, pad_a: str, pad_b: str, current: float, time: float) -> float:
        """Return the two-terminal resistance in ohm, V/I, that it would have with this current in A and no other.

        Raises:
            UnknownName: A pad that the sample does not have.
        """
        del current
        return self.resistance(pad_a, pad_b, time)

    def moment(self, start: float, end: float, area: float) -> float:
        """Return the magnetic moment in A m2 of a piece of this sample's film, averaged over a window of lab time.

        It is the part along the magnet's axis, positive where a positive field points. The piece lives through the
        same temperature and field as the sample, and has the same magnetic state; substrate and holder are not in it.
        The window is as for `mean_potentials`. Nothing by default: a film without magnetism.

        Args:
            start: Lab time in s at which the window begins.
            end: Lab time in s at which it ends.
            area: m2 of the piece.
        """
        del start, end, area
        return 0.0

    # ---- what ends it

    @property
    def damage(self) -> float:
        """What its currents have done to it until the sample's present, from 0 (fresh) to 1 (destroyed)."""
        return 0.0

    @property
    def broken(self) -> float | None:
        """Lab time in s at which it was destroyed, None where it is not."""
        return None

    def breaks(self, until: float) -> float:
        """Return when it breaks, or broke, on the way to a lab time in s; infinite where it does not.

        From that moment on another current flows, as far as the instruments let it: whoever drives it has to look
        before the sample is asked about anything later.
        """
        del until
        return math.inf

    def discharge(self, high: str, low: str, charge: Discharge) -> None:
        """Have a charged cable discharge through it, at once as far as anything else is concerned; see `Discharge`."""
        del high, low, charge

    @abstractmethod
    def temperature(self, time: float) -> float:
        """Return the temperature of the film in K, with what the currents of that time add to it."""
