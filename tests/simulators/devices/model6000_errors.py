"""What the Model 6000 does with what is wrong, as a table.

It has no error queue: what it does not take is passed over in silence, nothing changes, and its advisory number moves
on. That it moves on is this simulator's reading of the commands manual's contents (tag `unsure`); that nothing
is answered, and which values are beyond a range, is what the drivers in use rely on (tag `wild`) or what one of them
says (tag `slave`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tag = Literal["manual", "wild", "slave", "unsure"]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A message and what must come of it.

    Attributes:
        message: What is sent.
        kept: Query whose answer must be the same before and after.
        advisories: By how many the advisory number moves on.
        tag: Where it comes from that this is wrong, or not.
        before: What is sent first.
        wait: s between that and the message.
    """

    message: str
    kept: str
    advisories: int
    tag: Tag
    before: tuple[str, ...] = ()
    wait: float = 0.0


FAR = ("TEMP 100 20 0",)

WRONG = (
    # headers
    Wrong("NONSENSE", "TEMP?", 1, "unsure"),
    Wrong("NONSENSE?", "TEMP?", 1, "unsure"),
    Wrong("TEMPERATURE 100 10 0", "TEMP?", 1, "unsure"),  # headers cannot be written longer
    Wrong("TEM 100 10 0", "TEMP?", 1, "unsure"),  # nor shorter
    Wrong("TEMP100,10,0", "TEMP?", 1, "unsure"),
    Wrong(":TEMP 100 10 0", "TEMP?", 1, "unsure"),
    Wrong("GETDAT 7", "TEMP?", 1, "wild"),
    Wrong("MAGCNF 1", "MAGCNF?", 1, "slave"),
    Wrong("LEVEL 50", "LEVEL?", 1, "slave"),
    Wrong("SHUTDOWN?", "TEMP?", 1, "wild"),
    # number and kind of parameters
    Wrong("TEMP", "TEMP?", 1, "wild"),
    Wrong("FIELD", "FIELD?", 1, "wild"),
    Wrong("TEMP 100,,0", "TEMP?", 1, "unsure"),
    Wrong("TEMP 100 10 0 1", "TEMP?", 1, "wild"),
    Wrong("FIELD 1000 100 0 1 1", "FIELD?", 1, "wild"),
    Wrong("TEMP warm 10 0", "TEMP?", 1, "wild"),
    Wrong("FIELD nan 100 0 1", "FIELD?", 1, "wild"),
    Wrong("FIELD inf 100 0 1", "FIELD?", 1, "wild"),
    Wrong("GETDAT?", "TEMP?", 1, "wild"),
    Wrong("GETDAT? -1", "TEMP?", 1, "wild"),
    Wrong("GETDAT? 1073741824", "TEMP?", 1, "wild"),  # bit 30
    Wrong("BRIDGE?", "BRIDGE? 1", 1, "slave"),
    # ranges that every machine has
    Wrong("TEMP 100 0 0", "TEMP?", 1, "wild"),
    Wrong("TEMP 100 20.1 0", "TEMP?", 1, "wild"),
    Wrong("TEMP 100 10 2", "TEMP?", 1, "wild"),
    Wrong("TEMP 403 10 0", "TEMP?", 1, "wild"),
    Wrong("FIELD 170000 100 0 1", "FIELD?", 1, "wild"),
    Wrong("FIELD 1000 100 3 1", "FIELD?", 1, "wild"),
    Wrong("FIELD 1000 100 0 2", "FIELD?", 1, "wild"),
    Wrong("CHAMBER 6", "CHAMBER?", 1, "wild"),
    Wrong("CHAMBER -1", "CHAMBER?", 1, "wild"),
    Wrong("MOVE 10 3 0", "MOVE?", 1, "wild"),
    Wrong("MOVE 10 0 15", "MOVE?", 1, "wild"),
    Wrong("MOVECFG 7 0.05 370 0", "MOVECFG?", 1, "slave"),
    Wrong("LEVELON 4", "LEVEL?", 1, "slave"),
    Wrong("BRIDGE 5 100 10 0 0 10", "BRIDGE? 1", 1, "wild"),
    Wrong("BRIDGE 1 5001 10 0 0 10", "BRIDGE? 1", 1, "wild"),
    Wrong("BRIDGE 1 0.009 10 0 0 10", "BRIDGE? 1", 1, "wild"),
    Wrong("BRIDGE 1 100 1001 0 0 10", "BRIDGE? 1", 1, "wild"),
    Wrong("BRIDGE 1 100 0.0009 0 0 10", "BRIDGE? 1", 1, "wild"),
    Wrong("BRIDGE 1 100 10 2 0 10", "BRIDGE? 1", 1, "wild"),
    Wrong("BRIDGE 1 100 10 0 3 10", "BRIDGE? 1", 1, "wild"),
    Wrong("BRIDGE 1 100 10 0 0 101", "BRIDGE? 1", 1, "wild"),
    Wrong("DRVOUT 3 10 1", "DRVOUT? 1", 1, "wild"),
    Wrong("DRVOUT 1 1001 1", "DRVOUT? 1", 1, "wild"),
    Wrong("DRVOUT 1 10 21", "DRVOUT? 1", 1, "wild"),
    Wrong("SIGOUT 1 10.1", "SIGOUT? 1", 1, "slave"),
    Wrong("LINK 1 30 1 0", "LINK? 1", 1, "slave"),
    Wrong("DIGSET 16", "DIGSET?", 1, "slave"),
    Wrong("EXTSET 8", "EXTSET?", 1, "slave"),
    Wrong("BEEP 6 1000", "TEMP?", 1, "manual"),
    Wrong("BEEP 1 400", "TEMP?", 1, "manual"),
    Wrong("DATE 2 30 26", "DATE?", 1, "slave"),
    Wrong("TIME 24 0 0", "DATE?", 1, "slave"),
    # ranges of this machine
    Wrong("TEMP 1.8 10 0", "TEMP?", 1, "wild"),
    Wrong("FIELD 90001 100 0 1", "FIELD?", 1, "wild"),
    Wrong("FIELD 1000 9 0 1", "FIELD?", 1, "wild"),
    Wrong("FIELD 1000 191 0 1", "FIELD?", 1, "wild"),
    Wrong("MOVE 371 0 0", "MOVE?", 1, "unsure"),
    # what is taken although it looks wrong
    Wrong("COMMENT 12 of 13", "TEMP?", 0, "manual"),
    Wrong("", "TEMP?", 0, "wild"),
    Wrong("CHAMBER 2", "TEMP?", 1, "wild", FAR, 3600.0),  # vented cold: warned and done
    Wrong("CHAMBER 2", "TEMP?", 0, "wild"),
    Wrong("GETDAT? 16", "BRIDGE? 1", 0, "wild"),  # not available is no mistake
)
