"""The table of compatibility: which client did what with which instrument, and what of it fails as on a real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.peers import checks_meters as meters
from tests.peers import checks_others as others
from tests.peers import checks_source as sources
from tests.peers.served import Said, Truth

Check = Callable[[Said, Truth], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A client and an instrument.

    Attributes:
        client: What it calls itself.
        package: The distribution that it comes from; empty for programs that stand in this repository.
        version: How that distribution's version begins.
        instrument: Which one it drove.
        script: The program in `clients` that uses it.
        did: What it did, in words.
        check: What must have come of it.
        remarks: What fails, and why it fails on a real instrument, too.
        result: Whether it works, where the remarks do not say enough of it.
        lab: Which of the served labs it met.
    """

    client: str
    package: str
    version: str
    instrument: str
    script: str
    did: str
    check: Check
    remarks: str = ""
    result: str = ""
    lab: str = "bench"


@dataclass(frozen=True, slots=True)
class Left:
    """Errors that a program leaves in the queues, by role; the instrument's manual predicts each."""

    source: tuple[int, ...] = ()
    voltmeter: tuple[int, ...] = ()
    smu: tuple[int, ...] = ()

    def by_role(self) -> Mapping[str, list[int]]:
        """Return them as `Labs.errors` does."""
        return {"source": list(self.source), "voltmeter": list(self.voltmeter), "smu": list(self.smu)}


LEFT = {"keithley2400_smu": Left(smu=(823, 823))}
"""Of the programs that leave any."""

PYMEASURE = ("pymeasure", "0.16")
QCODES = ("qcodes", "0.58")
CONTRIB = ("qcodes-contrib-drivers", "0.24")
MATR1X = ("matr1x-measurements", "8.5")
DCPS = ("dcps", "0.9")
MAKER = "the maker's example programs"
HABITS = "plain sockets"
OURS = ("", "")

ROWS = (
    Row(
        "Keithley6221", *PYMEASURE, "6221", "pymeasure_6221",
        "Every property set and asked; delta measurement of 24 readings; sine of given duration; arbitrary wave; "
        "buffer; trigger settings",
        sources.pymeasure_6221,
        "`standard_event_enabled` leaves out the asterisk of `*ESE` (-113, no answer); `beep` gives frequency and "
        "duration, which a 6221 does not take (-108); `trigger_on_bus` asks for a trigger source that is none (-224)",
    ),
    Row(
        "Keithley2182", *PYMEASURE, "2182A", "pymeasure_2182",
        "Properties of both channels set and asked; readings; reference taken; buffer with statistics; internal "
        "temperature",
        meters.pymeasure_2182,
        "`read_termination` has to be given, since it is a carriage return by default",
    ),
    Row(
        "Keithley2400", *PYMEASURE, "2400", "pymeasure_2400",
        "Properties set and asked; ramp; resistance with two and four wires; compliance; buffer with statistics; "
        "automatic ohms",
        meters.pymeasure_2400,
        "`shutdown()` ramps the level to zero, which automatic ohms refuse (+825): leave that mode first",
    ),
    Row(
        "Keithley2400", *QCODES, "2400", "qcodes_2400", "Parameters set and asked; voltage sweep; current sourced",
        meters.qcodes_2400,
        "`rangev` and `rangei` set the source's range and ask for the meter's",
    ),
    Row(
        "Keithley_2182A", *CONTRIB, "2182A", "qcodes_2182a",
        "Parameters set and asked; readings by `READ?`, `FETC?` and `MEAS?`; statistics; self-test",
        meters.qcodes_2182a,
        "A switch that is asked answers `0` or `1`, where the driver expects `ON` or `OFF`, so its five switches can "
        "be set and not asked; `voltage` takes the defaults of the function each time, as `MEASure?` does",
    ),
    Row(
        "Keithley_2401", *CONTRIB, "2400", "qcodes_2400", "Voltage sourced, voltage and current read, output switched",
        meters.contributed_2401,
        "It cannot set a limit, and a measuring range beyond the present one is refused (+824)",
    ),
    Row(
        "Keithley_6430", *CONTRIB, "2400", "qcodes_2400",
        "Parameters set and asked; voltage, current and resistance at once; compliance asked",
        meters.contributed_6430,
        "Written for a relative of the 2400: `nplc`, `filter_auto` and `filter_median` have headers that a 2400 lacks "
        "(-113, no answer)",
    ),
    Row(
        "K6221", "slave", "0.4", "6221", "slave_622x",
        "All 146 readable commands of its tree; current sourced; differential conductance",
        sources.slave_6221,
        "Twenty of them fail: it writes `SOUR:DEL` for `SOUR:DELT`, gives headers a 6221 lacks or leaves the question "
        "mark out (-113, -114), asks for readings and statistics where there are none (-221, -230), or expects another "
        "form of the answer: for the duty cycle and the phase a whole number, which no source settles. Python 3.10 "
        "took away names that it imports; they are put back",
    ),
    Row(
        "K2182", "slave", "0.4", "2182A", "slave_622x",
        "Every command of its tree; identified, set and read through the serial port of the 6221",
        sources.slave_2182,
        "Its mediator is not in the released package, so a transport of its kind takes the messages through "
        "`SYST:COMM:SER:SEND` and `ENT?`",
    ),
    Row(
        "Keithley_6221", "pyacquisition", "0.5", "6221", "acceptance_6221",
        "Its own acceptance test, `pyacquisition.verify --hazardous`: 146 settings and readings asked, 92 set, asked "
        "and put back; sweep; delta measurement with statistics",
        sources.pyacquisition_6221,
        "A reading is asked for where nothing runs (-221); two trigger lines are set to one that is in use (-221); "
        "1 nA set on the 100 mA range rounds to zero; only clients say that an arbitrary wave can be asked for",
    ),
    Row(
        "Keithley6220", "instrumentkit", "0.6", "6221", "instrumentkit_622x", "Current set and asked; output off",
        sources.instrumentkit_6220,
    ),
    Row(
        "Keithley2182", "instrumentkit", "0.6", "2182A", "instrumentkit_622x", "Readings; relative",
        sources.instrumentkit_2182,
        "`channel[0].mode`, `fetch` and `measure` want the function's name without the quotes that a 2182A puts around "
        "it, and fail; `relative` compares with `ON` what is answered as `1`",
        "its own readings fail, plain messages work",
    ),
    Row(
        "Keithley6221", *MATR1X, "6221", "matr1x_devices",
        "Constant current; delta with the meter set through the 6221; pulse delta; square and arbitrary wave",
        sources.matr1x_6221,
        "More than 100 points of an arbitrary wave fail within the driver",
    ),
    Row(
        "Keithley2182A", *MATR1X, "2182A", "matr1x_devices", "Readings triggered over the bus", meters.matr1x_2182a,
    ),
    Row(
        "Keithley2400", *MATR1X, "2400", "matr1x_devices", "Resistance with four wires", meters.matr1x_2400,
    ),
    Row(
        "keithley_6221", "nomad-camels-driver-keithley-6221", "0.0", "6221", "camels_devices",
        "Constant current; sine with phase marker", sources.camels_6221,
    ),
    Row(
        "keithley_2182a", "nomad-camels-driver-keithley-2182a", "0.0", "2182A", "camels_devices",
        "One conversion on channel 1; scaling to ohms", meters.camels_2182a,
        "`CALC:KMAT:MUN`, the unit's name, is of other models (-113)",
    ),
    Row(
        "keithley_2400", "nomad-camels-driver-keithley-2400", "0.1", "2400", "camels_devices",
        "Current sourced; voltage, current and resistance read", meters.camels_2400,
    ),
    Row(
        "Keithley2182", *DCPS, "2182A", "dcps_keithley", "Ranges, both channels, line synchronisation, display",
        meters.dcps_2182,
    ),
    Row(
        "Keithley2400", *DCPS, "2400", "dcps_keithley", "Voltage sourced; readings; output and compliance asked",
        meters.dcps_2400,
        "`queryVoltage` fails within the driver",
    ),
    Row(
        "keithley2400", "keithley2400", "0.2", "2400", "keithley2400_smu",
        "Readings, current-voltage curve, statistics, ramp", meters.package_2400,
        "The measuring range of what is sourced cannot be set while it is read back (+823)",
    ),
    Row(
        "Keithley2400", "labmcp-keithley-smu", "0.1", "2400", "labmcp_2400",
        "Current-voltage curve, stop at compliance, four wires, state; asks for errors after each step",
        meters.labmcp_2400,
    ),
    Row(
        "Client", "MultiPyVu", "3.8", "MultiVu", "multipyvu_client",
        "Temperature, field, chamber, rotator; set points; `is_steady`, `wait_for`", others.multipyvu, lab="ppms",
    ),
    Row(
        "its command line", "MultiPyVu", "3.8", "MultiVu", "multipyvu_client", "`-running`, `-status`, `-quit`",
        others.multipyvu_commands, "`-quit` ends a server; this one goes on, and other clients with it", lab="ppms",
    ),
    Row(
        "PPMS", *MATR1X, "MultiVu", "multipyvu_client", "Field set and waited for; states", others.matr1x_ppms,
        "It has no argument for the server's port, so its client is given to it", lab="ppms",
    ),
    Row(
        "PPMS", "slave", "0.4", "Model 6000", "slave_ppms",
        "Readings, states, set points; field, temperature and chamber driven; motor, level meter, shut-down",
        others.slave_ppms,
        "`sample_position` and `sample_space_pressure` expect one number where mask, time and value come; "
        "`move_config` expects three of four settings (MultiPyVu four; no source settles it); `digital_output` is "
        "asked without a question mark, and waits for ever. Python 3.10 took away names that it imports; they are put "
        "back",
        lab="controller",
    ),
    Row(
        "Opticool", *CONTRIB, "MultiVu", "qcodes_opticool", "Temperature and field ramped; states; set points",
        others.opticool,
        "An OptiCool refuses commands to its chamber; `close()` asks the server to exit, which ends the session only",
        lab="opticool",
    ),
    Row(
        "Delta_Measurement_Example, Differential_Conductance_Example, Arbitrary_Waveform_Example", *OURS, "6221",
        "vendor_examples", "Message by message, with their waits and columns", sources.vendor_622x,
    ),
    Row(
        "DualChannel_DataLogging, Hall_Effect_Test_Software", *OURS, "2182A", "vendor_examples",
        "Message by message; those of the LabVIEW programs with the semicolon at each end", meters.vendor_2182a,
    ),
    Row(
        "01_Series_2400_Voltage_List_Sweep_Example_01", *OURS, "2400", "vendor_examples",
        "Message by message, at a hundredth of the voltages", meters.vendor_2400,
    ),
    Row(
        "odd spelling", *OURS, "6221, 2400", "odd_habits",
        "Lower case, long forms, tabs, units, empty units, CR LF, several messages in a packet, a byte at a time",
        others.spelling,
    ),
    Row(
        "odd waiting", *OURS, "6221, 2182A", "odd_habits", "`*OPC?`, `*OPC` with the status byte, event registers",
        others.waiting,
    ),
    Row(
        "binary readings", *OURS, "6221", "odd_habits", "Four and eight bytes, both orders, against the same text",
        others.binary,
    ),
    Row(
        "mistakes", *OURS, "6221", "odd_habits",
        "Wrong words and values, questions nobody answers, clients that vanish in the middle of a message, 20 guests",
        others.mistakes,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """A script with its rows."""

    script: str
    lab: str
    rows: list[Row] = field(default_factory=list[Row])


def programs() -> dict[str, Program]:
    """Every script with its rows, in the order of the table."""
    found: dict[str, Program] = {}
    for row in ROWS:
        found.setdefault(row.script, Program(row.script, row.lab)).rows.append(row)
    return found
