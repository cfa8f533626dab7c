"""The items of the Model 6000's GETDAT?: status, and readings of cryostat, bridges and whatever the user mapped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from simulators.cryostat import SimulatedCryostat
from simulators.devices.controller_motion import Motion
from simulators.devices.controller_outputs import ControllerOutputs
from simulators.machines import OERSTED

CLOCK_OFFSET = 30_422_650.78
"""Time stamp in s at the lab's beginning: the controller counts from a moment of its own, not from 1970."""

ITEMS = range(30)
"""Bits of GETDAT?."""

BRIDGE_ITEMS = range(4, 12)
"""Resistance in ohm and current in uA of the four bridges; there while a bridge has a reading."""

MAPPED_ITEMS = range(20, 30)
"""Items that the user maps, e.g. an insert's thermometer to 23."""

TEMPERATURE = 1

Mapped = Mapping[int, Callable[[], float]]


class Items:
    """Reads and prints what GETDAT? gives.

    Args:
        cryostat: The cryostat.
        motion: Its motor.
        mapped: Items 20 to 29 by number.
    """

    def __init__(self, cryostat: SimulatedCryostat, motion: Motion, mapped: Mapped) -> None:
        self._cryostat = cryostat
        self._mapped = mapped
        self._latest: dict[int, str] = {}
        self._masks: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._measure: dict[int, Callable[[], str]] = {
            0: lambda: str(cryostat.status_word()),
            TEMPERATURE: self._block,
            2: lambda: f"{cryostat.read_field() / OERSTED:.3f}",
            3: lambda: f"{motion.position():.4f}",
            14: lambda: str(self.digital_inputs()),
            19: lambda: f"{cryostat.read_pressure():.4g}",
            **{bit: partial(self._user_item, bit) for bit in MAPPED_ITEMS if bit in mapped},
        }

    def connect(self, outputs: ControllerOutputs) -> None:
        """Add the items of the electrical side."""
        self._outputs = outputs
        self._measure |= {bit: partial(self._bridge, bit) for bit in BRIDGE_ITEMS}
        self._measure |= {
            12: lambda: f"{outputs.signal_in(1):.6g}",
            13: lambda: f"{outputs.signal_in(2):.6g}",
            15: lambda: f"{outputs.driver(1)[0]:.6g}",
            16: lambda: f"{outputs.driver(1)[1]:.6g}",
            17: lambda: f"{outputs.driver(2)[0]:.6g}",
            18: lambda: f"{outputs.driver(2)[1]:.6g}",
        }

    def data(self, mask: int = 0, noupdate: float = 0) -> str:
        """Answer GETDAT?: mask, time stamp, values; what is not available is left out of all three.

        Args:
            mask: A bit for each item that is wanted.
            noupdate: Whether to repeat the latest reading of each instead of taking another.
        """
        found = self._masks.get(mask)
        if found is None:
            bits = tuple(bit for bit in ITEMS if mask >> bit & 1 and bit in self._measure)
            found = self._masks[mask] = sum(1 << bit for bit in bits), bits
        available, bits = found
        latest = self._latest
        for bit in bits:
            if not noupdate or bit not in latest:
                latest[bit] = self._measure[bit]()
        values = [latest[bit] for bit in bits]
        if "" in values:
            available -= sum(1 << bit for bit in bits if not latest[bit])
            values = [value for value in values if value]
        return ",".join([str(available), f"{CLOCK_OFFSET + self._cryostat.timeline.now:.2f}", *values])

    def value(self, bit: int) -> float | None:
        """Value of an item in its unit, None where it is not available."""
        measure = self._measure.get(bit)
        text = "" if measure is None else measure()
        return float(text) if text else None

    def use_thermometer(self, item: int) -> None:
        """Give another item as the temperature, 0 for the block's; where it is not available, the temperature is not.

        The block's own thermometer goes on controlling. Unsure.
        """
        self._measure[TEMPERATURE] = partial(self._user_temperature, item) if item else self._block

    def forget(self) -> None:
        """Forget the latest readings."""
        self._latest.clear()

    def digital_inputs(self) -> int:
        """Bits 0 and 1 are the motor's limit switches, the others those of the connectors."""
        return self._cryostat.rotator.switches(self._cryostat.timeline.now) | self._outputs.sense() << 2

    def _block(self) -> str:
        return f"{self._cryostat.read_temperature():.5f}"

    def _bridge(self, bit: int) -> str:
        """Resistance or current of a bridge; nothing while it has no reading."""
        number, current = divmod(bit - BRIDGE_ITEMS[0], 2)
        found = self._outputs.bridge(number + 1)
        return "" if found is None else f"{found[current]:.8g}"

    def _user_item(self, bit: int) -> str:
        return f"{self._mapped[bit]():.8g}"

    def _user_temperature(self, item: int) -> str:
        measure = self._block if item == TEMPERATURE else self._measure.get(item)
        return "" if measure is None else measure()
