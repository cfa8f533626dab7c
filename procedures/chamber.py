"""The sample chamber before and during a cooldown: purged, sealed, and with gas in it."""

from __future__ import annotations

import math

from instruments.cryostat import ChamberAction, ChamberState
from instruments.errors import DeadlinePassed, InstrumentFault, Refused
from labctl.procedure import Procedure
from labctl.waiting import word_of

WARM = 290.0
"""K; below it a chamber is not purged: what is in it then is frozen already, and gas that is let in freezes too."""
DEADLINE = 1800.0
"""s that a purge may take (assumed)."""
DEAD_TIME = 15.0
"""s for which a controller may still show the chamber's old state (assumed: as long as for the temperature)."""

GAS: dict[ChamberState, bool] = {
    ChamberState.PURGED: True, ChamberState.VENTED: True, ChamberState.FLOODING: True,
    ChamberState.HIGH_VACUUM: False, ChamberState.PRE_PUMPING: False, ChamberState.PUMPING: False,
}  # fmt: skip
"""Whether there is gas that takes a sample's heat; of states that are not here nobody knows."""

VACUUM = (
    "the chamber is pumped, or at high vacuum: the sample is hardly coupled to the block and follows it far more "
    "slowly than it is waited for; let exchange gas in (purge and seal, above 290 K)"
)


def gas_of(word: str) -> bool | None:
    """Say by a state's word, as it stands in a row, whether there is exchange gas; None where nobody knows."""
    return next((gas for state, gas in GAS.items() if word_of(state) == word), None)


def purge(procedure: Procedure) -> float:
    """Purge and seal the chamber unless its controller says that it is, and wait until it has.

    Where that cannot be, it is said in a remark: a cryostat without a word of a chamber, or a block below 290 K.

    Returns:
        Lab time in s at which it was purged; NaN where it was not.

    Raises:
        InstrumentFault: The chamber does not do it; nothing is cooled then.
    """
    cryostat, run = procedure.cryostat, procedure.run
    found = cryostat.reading()
    state = found.chamber_state
    if state is ChamberState.PURGED:
        return math.nan
    if state is ChamberState.UNKNOWN:
        run.remark("the chamber was not purged: this cryostat says nothing of one; see to its gas by hand")
        return math.nan
    if found.temperature < WARM:
        run.remark(
            f"the chamber was not purged, but left {word_of(state)}: the block is at {found.temperature:.1f} K, and "
            f"below {WARM:g} K nothing is let into it"
        )
        return math.nan
    try:
        cryostat.set_chamber(ChamberAction.PURGE_SEAL)
        return _wait(procedure)
    except (InstrumentFault, Refused) as error:
        raise InstrumentFault(
            f"the chamber was not purged, so nothing was cooled: {error}; see to it, or take it as it is with purge=no"
        ) from error


def _wait(procedure: Procedure) -> float:
    """Wait until the chamber is purged, and return when (lab s)."""
    clock, began = procedure.clock, procedure.clock.now()
    while True:
        state = procedure.cryostat.reading().chamber_state
        if state is ChamberState.PURGED:
            return clock.now()
        said = f"{clock.now() - began:.0f} s after it was told to purge and seal, it is {word_of(state)}"
        if state.failed or (state is not ChamberState.PURGING and clock.now() - began > DEAD_TIME):
            raise InstrumentFault(said)
        if clock.now() - began > DEADLINE:
            raise DeadlinePassed(said)
        procedure.run.check()
        clock.sleep(1.0)


def warn(procedure: Procedure, state: ChamberState) -> None:
    """Say that nothing couples the sample to the block, where that is so."""
    if GAS.get(state) is False:
        procedure.run.remark(VACUUM)
