"""What stands in more than one instrument's table: IEEE 488.2 common commands, STATus, SYSTem; and how rows are made.

Sources: IEEE 488.2-1992 section 10, SCPI-1995 volume 2, and the chapters "Common commands", "Status structure" and
"SCPI reference tables" of the 6221 reference manual and the 2182A user's manual, which agree on all of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypedDict, Unpack

from instruments.tables.table import Parameter, Row, Tag, Value


class Remarks(TypedDict, total=False):
    """What any row may carry besides its header and value; the words of `Row`."""

    energises: bool
    tag: Tag
    unsure: str
    note: str
    preset: Value
    initial: Value


def action(header: str, *parameters: Parameter, **remarks: Unpack[Remarks]) -> Row:
    """A command that cannot be asked."""
    return Row(header, parameters, query=False, **remarks)


def question(header: str, *parameters: Parameter, reply: str, **remarks: Unpack[Remarks]) -> Row:
    """A query that has no command form."""
    return Row(header, parameters, command=False, reply=reply, **remarks)


def flag(header: str, reset: bool | None, **remarks: Unpack[Remarks]) -> Row:
    """A switch; taken as 0, 1, ON or OFF and answered as 0 or 1."""
    return Row(header, (Parameter("boolean"),), reset, reply="%d", **remarks)


def word(header: str, words: Iterable[str], reset: str | None, **remarks: Unpack[Remarks]) -> Row:
    """A choice among words; answered in short form."""
    return Row(header, (Parameter("word", words=tuple(words)),), reset, reply="%s", **remarks)


def number(header: str, parameter: Parameter, reset: Value | None, reply: str, **remarks: Unpack[Remarks]) -> Row:
    """A number; its parameter is made by `span`, `count` or `choice`."""
    return Row(header, (parameter,), reset, reply=reply, **remarks)


def register(header: str, maximum: int = 65535, note: str = "") -> Row:
    """An enable register, which *RST leaves alone; answered in the base that FORMat:SREGister selects."""
    return Row(header, (Parameter("register", 0, maximum),), reply="register", initial=0, note=note)


def span(minimum: float, maximum: float, unit: str = "", *words: str) -> Parameter:
    """A real number between two limits, in `unit`; `words` stand beside it (`INFinite`)."""
    return Parameter("number", minimum, maximum, unit, words)


def count(minimum: int, maximum: int, *words: str) -> Parameter:
    """A whole number between two limits; `words` stand beside it (`INFinite`)."""
    return Parameter("integer", minimum, maximum, words=words)


def choice(*values: int) -> Parameter:
    """One of a few whole numbers."""
    return Parameter("integer", values=values)


def common_commands(last_memory: int, *, energises: bool) -> Iterator[Row]:
    """The IEEE 488.2 common commands.

    Args:
        last_memory: Highest set-up memory of *SAV and *RCL (4 in the 6221, 0 in the 2182A).
        energises: Whether a trigger or a recalled set-up can put current on the sample.
    """
    memory = Parameter("integer", 0, last_memory)
    yield action("*CLS")
    yield register("*ESE", 255, note="Not touched by *RST or *CLS.")
    yield question("*ESR", reply="register", note="Reading clears it.")
    yield question("*IDN", reply="identity")
    yield Row("*OPC", reply="%d", note="*OPC? answers 1 when everything pending is done.")
    yield action("*RCL", memory, energises=energises)
    yield action("*RST")
    yield action("*SAV", memory)
    yield register("*SRE", 255, note="Not touched by *RST or *CLS.")
    yield question("*STB", reply="register")
    yield action("*TRG", energises=energises)
    yield question("*TST", reply="%d", note="0 is a pass.")
    yield action("*WAI")


def status() -> Iterator[Row]:
    """The STATus subsystem: three register sets and the error queue."""
    for registers in ("OPERation", "MEASurement", "QUEStionable"):
        yield question(f"STATus:{registers}[:EVENt]", reply="register", note="Reading clears it.")
        yield register(f"STATus:{registers}:ENABle", note="Cleared by STATus:PRESet, not by *RST.")
        yield question(f"STATus:{registers}:CONDition", reply="register")
    ranges = Parameter("channels")
    yield action("STATus:PRESet")
    yield question("STATus:QUEue[:NEXT]", reply="error", note="The queue of SYSTem:ERRor?.")
    yield action("STATus:QUEue:CLEar")
    unsure = "form of the reply"
    yield Row("STATus:QUEue:ENABle", (ranges,), reply="%s", initial="(-999:-1,+400:+999)", unsure=unsure)
    yield Row("STATus:QUEue:DISable", (ranges,), reply="%s", initial="(+1:+399)", unsure=unsure)


def system(version: str, last_memory: int, keys: Row, *, setup: str = "RST", locks: str = "SYSTem") -> Iterator[Row]:
    """The part of the SYSTem subsystem that both instruments have.

    Args:
        version: Note on what SYSTem:VERSion? answers.
        last_memory: Highest set-up memory that the instrument can start from.
        keys: The row of SYSTem:KEY, whose codes and consequences differ.
        setup: What the instrument starts with as it leaves the factory.
        locks: Header under which front panel and remote control lock each other out.
    """
    yield question("SYSTem:ERRor[:NEXT]", reply="error", note="The oldest entry of the queue of ten.")
    yield action("SYSTem:CLEar", note="Empties the error queue.")
    yield question("SYSTem:VERSion", reply="%s", note=version)
    yield action("SYSTem:PRESet")
    setups = ("RST", "PRESet", *(f"SAV{memory}" for memory in range(last_memory + 1)))
    yield word(
        "SYSTem:POSetup",
        setups,
        None,
        initial=setup,
        unsure="factory setting",
        note="What the instrument starts with at power-on.",
    )
    yield keys
    yield flag("SYSTem:KCLick", None, initial=True, unsure="factory setting")
    yield flag("SYSTem:BEEPer[:STATe]", True, unsure="value after *RST", note="Takes no frequency or duration.")
    yield question("SYSTem:LFRequency", reply="%d", note="50 or 60, as measured at power-on.")
    for lock in ("LOCal", "REMote", "RWLock"):
        yield action(f"{locks}:{lock}", note="For interfaces without the GPIB's remote line.")
