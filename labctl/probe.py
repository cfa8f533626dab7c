"""How the state of a sample is read with a small current: the same parameters in every procedure.

Their defaults follow from the sample record, so that nobody's 100 uA goes through somebody's tunnel junction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labctl.parameters import Choice, OptionalQuantity, Quantity
from labctl.sample import SampleRecord
from labctl.setting import Setting

REVERSAL3 = "reversal3"
"""Three conversions, currents + - +: constant and linearly drifting voltages cancel in (V1 - 2 V2 + V3)/4."""


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """How one reading is taken, every value decided.

    Attributes:
        current: A.
        read: `reversal3`.
        nplc: Integration time of one conversion in power-line cycles.
        settle: s between a change of the current and the conversion.
        voltage_range: V, fixed range of the voltmeter.
        compliance: V, of the source.
        source_range: A, fixed range of the source; that of the current where it is None.
    """

    current: float
    read: str
    nplc: float
    settle: float
    voltage_range: float
    compliance: float
    source_range: float | None = None


class Probe:
    """Declares the parameters `probe_current`, `probe_read`, ... on a procedure; on an instance it is their values.

    `probe = Probe()` in the class; `self.probe.settings(sample)` where the procedure runs.
    """

    def parameters(self) -> dict[str, Setting[Any]]:
        """Make the parameters by attribute name, in the order in which they are shown."""
        from_record = "from record"
        return {
            "probe_current": OptionalQuantity(
                from_record, "Probe current, reversed during a reading", unit="A", minimum="100 pA"
            ),
            "probe_read": Choice(REVERSAL3, "How one reading is made of conversions", options=[REVERSAL3]),
            "probe_nplc": Quantity("1 PLC", "Integration time of one conversion", minimum="0.01 PLC", maximum="50 PLC"),
            "probe_settle": Quantity("5 ms", "Wait after each reversal", minimum="0 ms", maximum="10 s"),
            "probe_range": OptionalQuantity(
                from_record, "Range of the voltmeter", unit="V", above_zero=True, maximum="120 V"
            ),
            "probe_compliance": OptionalQuantity(
                from_record, "Compliance of the source", unit="V", minimum="0.1 V", maximum="105 V"
            ),
        }


def resolve(
    record: SampleRecord, *, current: float | None, read: str, nplc: float, settle: float,
    voltage_range: float | None, compliance: float | None,
) -> ProbeSettings:  # fmt: skip
    """Decide what was left to the sample record."""
    current = record.probe_current() if current is None else current
    return ProbeSettings(
        current=current,
        read=read,
        nplc=nplc,
        settle=settle,
        voltage_range=record.voltmeter_range(current) if voltage_range is None else voltage_range,
        compliance=record.probe_compliance(current) if compliance is None else compliance,
    )
