"""Where a station's cables end: on which leads of the sample, and between which instruments."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, model_validator

from labctl.records import Section

OPEN = "open"
"""What a cable's end is plugged into when it hangs free."""


class Pair(Section):
    """Leads that an instrument's high and low are plugged into."""

    high: str = Field(min_length=1, description=f'the lead at high, or "{OPEN}"')
    low: str = Field(min_length=1, description=f'the lead at low, or "{OPEN}"')

    @model_validator(mode="after")
    def _no_short(self) -> Self:
        _refuse_short("high", self.high, "low", self.low)
        return self


class SourceCables(Pair):
    """Leads that the current source is plugged into, and how its cable ends."""

    triax_to_sample: StrictBool = False
    """Whether the triaxial cable's inner shield goes through to the sample, where alone a guard is of use."""


class VoltmeterCables(Section):
    """Leads that the voltmeter's two channels are plugged into."""

    channel_1_high: str = Field(min_length=1, description=f'the lead at high of channel 1, or "{OPEN}"')
    channel_1_low: str = Field(min_length=1, description=f'the lead at low of channel 1, or "{OPEN}"')
    channel_2_high: str = Field(default=OPEN, min_length=1)
    channel_2_low: str = Field(default=OPEN, min_length=1)

    @model_validator(mode="after")
    def _no_short(self) -> Self:
        _refuse_short("channel_1_high", self.channel_1_high, "channel_1_low", self.channel_1_low)
        _refuse_short("channel_2_high", self.channel_2_high, "channel_2_low", self.channel_2_low)
        return self


class SmuCables(Pair):
    """Leads that a source-measure unit's output and, for four wires, its sense terminals are plugged into."""

    sense_high: str = Field(default=OPEN, min_length=1)
    sense_low: str = Field(default=OPEN, min_length=1)

    @model_validator(mode="after")
    def _no_short_sense(self) -> Self:
        _refuse_short("sense_high", self.sense_high, "sense_low", self.sense_low)
        return self


class LockinCables(Pair):
    """Leads that a lock-in amplifier's inputs A (high) and B (low) are plugged into, and its reference."""

    reference_line: Annotated[int, Field(strict=True, ge=1, le=6)] | None = None
    """Line of the current source's trigger link that goes to the reference input; None for no cable."""


class BridgeCables(Section):
    """Leads that a resistance bridge of a Model 6000 is plugged into: two for its current, two for the voltage."""

    current_high: str = Field(min_length=1, description=f'the lead that its current goes in by, or "{OPEN}"')
    current_low: str = Field(min_length=1, description=f'the lead that its current comes out by, or "{OPEN}"')
    voltage_high: str = Field(min_length=1, description=f'the lead at high of its voltage, or "{OPEN}"')
    voltage_low: str = Field(min_length=1, description=f'the lead at low of its voltage, or "{OPEN}"')

    @model_validator(mode="after")
    def _no_short(self) -> Self:
        _refuse_short("current_high", self.current_high, "current_low", self.current_low)
        _refuse_short("voltage_high", self.voltage_high, "voltage_low", self.voltage_low)
        return self


class MeterLink(Section):
    """What joins current source and nanovoltmeter directly, without which there is no delta mode."""

    serial: StrictBool = False
    """Whether a null-modem cable joins their RS-232 connectors."""
    trigger: StrictBool = False
    """Whether a trigger link cable joins them."""


def _refuse_short(high: str, at_high: str, low: str, at_low: str) -> None:
    if at_high == at_low != OPEN:
        raise ValueError(
            f"{high} and {low} are both at the lead {at_high!r}: a short is no measurement; plug one of them into "
            f'another lead, or write "{OPEN}"'
        )


class Cables(Section):
    """What is plugged in where; lead names are those of the sample record."""

    source: SourceCables | None = None
    voltmeter: VoltmeterCables | None = None
    smu: SmuCables | None = None
    lockin: LockinCables | None = None
    bridge_1: BridgeCables | None = None
    bridge_2: BridgeCables | None = None
    bridge_3: BridgeCables | None = None
    bridge_4: BridgeCables | None = None
    meter_link: MeterLink = MeterLink()

    def says(self, link: Literal["serial", "trigger"]) -> bool:
        """Whether the file itself says that there is, or is not, this link between source and meter."""
        return "meter_link" in self.model_fields_set and link in self.meter_link.model_fields_set

    def bridges(self) -> dict[int, BridgeCables]:
        """Return the cables of the resistance bridges that have any, by number."""
        all_four = enumerate((self.bridge_1, self.bridge_2, self.bridge_3, self.bridge_4), start=1)
        return {number: cable for number, cable in all_four if cable is not None}

    def leads(self) -> dict[str, str]:
        """Return the lead at each cable's end, by the key in the file; free ends are left out."""
        ends: dict[str, str] = {}
        for role, cable in (("source", self.source), ("voltmeter", self.voltmeter), ("smu", self.smu),
                            ("lockin", self.lockin),
                            *((f"bridge_{number}", cable) for number, cable in self.bridges().items())):  # fmt: skip
            plugged: dict[str, str | bool] = {} if cable is None else cable.model_dump()
            for end, lead in plugged.items():
                if isinstance(lead, str) and lead != OPEN:
                    ends[f"cables.{role}.{end}"] = lead
        return ends

    def pairs(self) -> list[tuple[str, str]]:
        """Return the keys of the two ends between which an instrument drives or measures."""
        source, smu, lockin = ((f"cables.{role}.high", f"cables.{role}.low") for role in ("source", "smu", "lockin"))
        channels = [(f"cables.voltmeter.channel_{n}_high", f"cables.voltmeter.channel_{n}_low") for n in (1, 2)]
        bridges = [
            (f"cables.bridge_{number}.{end}_high", f"cables.bridge_{number}.{end}_low")
            for number in self.bridges()
            for end in ("current", "voltage")
        ]
        return [source, smu, ("cables.smu.sense_high", "cables.smu.sense_low"), *channels, *bridges, lockin]
