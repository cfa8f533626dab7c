"""What both instruments share stands in both tables, alike but for what the manuals make different."""

from __future__ import annotations

from instruments.tables import keithley2182a, keithley6221
from instruments.tables.common import status

SOURCE, METER = keithley6221.TABLE, keithley2182a.TABLE


def test_the_common_commands_of_ieee_488_are_in_both() -> None:
    required = ("*CLS", "*ESE", "*ESR", "*IDN", "*OPC", "*RST", "*SRE", "*STB", "*TST", "*WAI", "*TRG", "*SAV", "*RCL")
    for header in required:
        for table in (SOURCE, METER):
            assert table[header].query == (header in {"*ESE", "*ESR", "*IDN", "*OPC", "*SRE", "*STB", "*TST"})
            assert table[header].command == (header not in {"*ESR", "*IDN", "*STB", "*TST"})


def test_the_status_subsystem_is_the_same_in_both() -> None:
    for row in status():
        assert SOURCE[row.header.replace("[:EVENt]", "").replace("[:NEXT]", "")] == row
        assert METER[row.header.replace("[:EVENt]", "").replace("[:NEXT]", "")] == row


def test_what_reset_leaves_alone_has_no_reset_value() -> None:
    """IEEE 488.2 section 10.32 lets *RST touch neither the enable registers nor the interface."""
    for table in (SOURCE, METER):
        for header in ("*ESE", "*SRE", "STAT:OPER:ENAB", "STAT:MEAS:ENAB", "STAT:QUES:ENAB", "TRAC:POIN", "TRAC:FEED"):
            assert table[header].reset is None
            assert table[header].initial is not None


def test_memories_and_triggers_differ() -> None:
    assert SOURCE["*RCL"].parameters[0].maximum == 4
    assert METER["*RCL"].parameters[0].maximum == 0
    assert SOURCE["*RCL"].energises
    assert SOURCE["*TRG"].energises
    assert not METER["*TRG"].energises
