"""What a station file says of its simulated lab besides the instruments: faults, another user, errors of read-backs."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from labctl.records import Kelvin, KelvinPerSecond, Ohm, Second, Section, Tesla, TeslaPerSecond, Volt

What = Literal[
    "quench", "magnet supply fault", "thermometer fault", "chamber fault", "mend", "helium level", "power cycle",
    "somebody sets temperature", "somebody sets field",
]  # fmt: skip

_NEEDED: dict[str, tuple[str, ...]] = {
    "helium level": ("level",),
    "power cycle": ("instrument",),
    "somebody sets temperature": ("temperature", "rate"),
    "somebody sets field": ("field", "field_rate"),
}
_DETAILS = ("level", "instrument", "temperature", "rate", "field", "field_rate")


class Event(Section):
    """Something that happens in the simulated lab, `[[simulation.events]]`."""

    at: Second = Field(ge=0, description='lab time since the lab began, e.g. at = "10 min"')
    what: What = Field(description='e.g. what = "quench"')
    level: float | None = Field(default=None, ge=0, le=100, description="helium level in %")
    instrument: str | None = Field(default=None, description="role of the instrument that loses its power")
    temperature: Kelvin | None = Field(default=None, gt=0)
    rate: KelvinPerSecond | None = Field(default=None, gt=0)
    field: Tesla | None = None
    field_rate: TeslaPerSecond | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        needed = _NEEDED.get(self.what, ())
        for name in _DETAILS:
            given = getattr(self, name) is not None
            if given and name not in needed:
                raise ValueError(f"{self.what!r} takes no {name}; leave it out")
            if not given and name in needed:
                raise ValueError(f"{self.what!r} needs {name}; add it")
        return self


Trouble = Literal["silent", "late", "stuck high", "stuck low", "truncated", "doubled", "previous", "dropped"]

_TROUBLE_TAKES: dict[str, tuple[str, ...]] = {
    "late": ("delay",), "stuck high": ("line", "both_ways"), "stuck low": ("line", "both_ways"),
}  # fmt: skip


class WireFault(Section):
    """Something that goes wrong on the way to an instrument, `[[simulation.faults]]`; see `simulators.faults`."""

    instrument: str = Field(description='role of the instrument, e.g. instrument = "voltmeter"')
    what: Trouble = Field(description='e.g. what = "silent"')
    at: Second = Field(default=0.0, ge=0)
    """s since the lab began."""
    lasts: Second | None = Field(default=None, gt=0)
    """s; for ever where nothing is said."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Part of the messages that it hits."""
    line: int | None = Field(default=None, ge=0, le=7, description="the data line that hangs, 0 to 7")
    both_ways: bool | None = None
    """Whether the instrument hears wrongly as well, as on a real bus."""
    delay: Second | None = Field(default=None, gt=0, description='from question to reply, e.g. delay = "15 s"')

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        taken = _TROUBLE_TAKES.get(self.what, ())
        for name in ("line", "both_ways", "delay"):
            given = getattr(self, name) is not None
            if given and name not in taken:
                raise ValueError(f"{self.what!r} takes no {name}; leave it out")
            if not given and name in taken and name != "both_ways":
                raise ValueError(f"{self.what!r} needs {name}; add it")
        return self


Bad = Literal["open", "high", "leaking", "swapped", "noisy", "bouncing"]

_BAD_NEEDS: dict[str, tuple[str, ...]] = {
    "high": ("resistance",), "leaking": ("resistance",), "swapped": ("other",), "noisy": ("change",),
}  # fmt: skip
_BAD_TAKES: dict[str, tuple[str, ...]] = {
    **_BAD_NEEDS, "high": ("resistance", "knee"), "noisy": ("change", "dwell"), "bouncing": ("dwell",),
}  # fmt: skip


class BadContact(Section):
    """Something that is wrong with a contact or its line, `[[simulation.contacts]]`; see `simulators.contacts`."""

    lead: str = Field(min_length=1, description='the lead at the breakout, e.g. lead = "A"')
    what: Bad = Field(description='e.g. what = "open"')
    at: Second = Field(default=0.0, ge=0)
    """s since the lab began."""
    resistance: Ohm | None = Field(
        default=None, gt=0, description='of a high contact, or of a leak to the shield, e.g. resistance = "20 kohm"'
    )
    knee: Volt | None = Field(default=None, gt=0)
    """V at which a high contact conducts twice as well as at small voltages; ohmic where nothing is said."""
    other: str | None = Field(default=None, min_length=1, description="the lead that it is exchanged with")
    change: float | None = Field(
        default=None, gt=0, le=10, description="part by which a noisy contact's resistance jumps, e.g. change = 0.1"
    )
    dwell: Second | None = Field(default=None, ge=1e-4, le=1e4)
    """Mean time in s between two jumps."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        for name in ("resistance", "knee", "other", "change", "dwell"):
            given = getattr(self, name) is not None
            if given and name not in _BAD_TAKES.get(self.what, ()):
                raise ValueError(f"{self.what!r} takes no {name}; leave it out")
            if not given and name in _BAD_NEEDS.get(self.what, ()):
                raise ValueError(f"{self.what!r} needs {name}; add it")
        if self.other == self.lead:
            raise ValueError(f"{self.lead!r} cannot be exchanged with itself; name another lead")
        return self

    def leads(self) -> tuple[str, ...]:
        """Return the leads that it is about."""
        return (self.lead,) if self.other is None else (self.lead, self.other)


class Sensors(Section):
    """What is wrong with the simulated cryostat's read-backs, `[simulation.sensors]`; nothing unless it is said."""

    temperature_offset: float = Field(default=0.0, gt=-0.1, lt=0.1)
    """Part by which the thermometer shows too much, e.g. 0.002."""
    temperature_error_in_field: float = Field(default=0.0, gt=-0.1, lt=0.1)
    """The same by the field of 9 T at 10 K."""
    field_wander: Tesla = Field(default=0.0, ge=0)
    """T, standard deviation of the slow wander of the field's read-back."""
    unknown_state: Second = Field(default=0.0, ge=0)
    """s for which the magnet shows code 0 after a command."""
