"""How a station stands now: asked with questions alone, so that nothing of it changes."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.cryostat import Cryostat
from instruments.cryostat_words import CryostatReading, FieldState
from instruments.errors import Refused, StationInUse
from labctl.request import Request
from labctl.session import open_session
from labctl.station_lock import Hold, holding
from labctl.surroundings import LabStart
from simulators.beginning import FRESH, Beginning

CRYOSTAT = "cryostat"


@dataclass(frozen=True, slots=True)
class Present:
    """How a station stands.

    Attributes:
        begins: Temperature, field and angle.
        remarks: What whoever relies on it should know, a sentence each.
    """

    begins: Beginning = FRESH
    remarks: tuple[str, ...] = ()

    def details(self) -> dict[str, float]:
        """Return it as a table with units in the names."""
        return shown(self.begins)


def shown(stands: Beginning) -> dict[str, float]:
    """Return where a station stands as a table with units in the names."""
    return {"temperature_K": stands.temperature, "field_T": stands.field, "angle_deg": stands.angle}


UNKNOWN_HISTORY = (
    "what the sample went through is unknown: the rehearsal has it remanent after positive saturation, so that its "
    "first branch may look different"
)


def present(request: Request, hold: Hold | None = None) -> Present:
    """Ask how the station of a run stands, or the lab of one; a fresh simulated station stands as it always does.

    Args:
        request: The run.
        hold: Of the station, of who holds it already.

    Raises:
        StationInUse: Somebody else holds it: a question would come between a run and its instruments.
        InstrumentFault: Its cryostat does not answer.
    """
    if request.simulate and request.lab is None:
        return Present()
    if CRYOSTAT not in request.station.instruments:
        return Present(remarks=("the station has no cryostat to ask: the rehearsal begins at 300 K without field",))
    if hold is not None:
        return _asked(request, hold)
    try:
        with holding(request.station, simulate=request.simulate, lab=request.lab, what="rehearse") as own:
            return _asked(request, own)
    except StationInUse as error:
        said = str(error).partition("; ")[0]
        raise StationInUse(
            f"{said}; its state cannot be asked for meanwhile: wait, or rehearse from a fresh state with --simulate"
        ) from error


def _asked(request: Request, hold: Hold) -> Present:
    """Open the cryostat, read it once, and close it."""
    with open_session(
        request.station, request.sample, [CRYOSTAT], simulate=request.simulate, start=LabStart(0), lab=request.lab,
        hold=hold,
    ) as session:  # fmt: skip
        driver = session.instruments[CRYOSTAT]
        if not isinstance(driver, Cryostat):
            raise Refused(f"the {CRYOSTAT} of {request.station.label} cannot be asked for temperature and field")
        return as_read(driver.reading())


def as_read(reading: CryostatReading) -> Present:
    """Return how a station stands by a reading of its cryostat."""
    remarks = [UNKNOWN_HISTORY]
    if not reading.temperature_state.stable:
        remarks.append(
            f"the temperature is {reading.temperature_state.value} at {reading.temperature:.2f} K: the rehearsal has "
            "it stand there"
        )
    if not reading.field_state.stable:
        remarks.append(
            f"the field is {reading.field_state.value} at {reading.field:.4f} T: the rehearsal has it stand there"
        )
    begins = Beginning(
        reading.temperature, reading.field, reading.position or 0.0, reading.field_state is FieldState.PERSISTENT
    )
    return Present(begins, tuple(remarks))
