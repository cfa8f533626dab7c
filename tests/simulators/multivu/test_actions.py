"""What the server answers to each action, to the word, and what follows from it in the cryostat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.accessories import ChamberCommand, ChamberState
from simulators.machines import DYNACOOL_9T, MACHINES, OERSTED, PPMS_9T, VERSALAB, Machine
from simulators.multivu.actions import Actions
from simulators.physics.magnet import FieldApproach
from simulators.physics.thermal import TemperatureApproach
from tests.multivu import Bench

FRESH = {
    "TEMP?": "300.0,K,Stable",
    "TEMP_SETPOINTS?": "(300.0, 20.0, 0),K,Call was successful",
    "FIELD?": "0.0,Oe,Holding (driven)",
    "CHAMBER?": "0.0,,Purged and Sealed",
    "POSITION?": "0.0,Deg,Transport stopped at set point",
    "SDO? node: 21  index: 0x6001  sub_index: 0x1  type: double_t": "0.0,,Call was successful",
    "FIELD_SETPOINTS?": "(0.0, {rate}, 0, 1),Oe,Call was successful",
    "FIELD_SETPOINTS_X?": "(0.0, {rate}, 0, 1),Oe,Call was successful",
}


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
@pytest.mark.parametrize("question", FRESH)
def test_a_fresh_machine(machine: Machine, question: str):
    action, _, query = question.partition(" ")
    answer = Bench(machine).client().ask(action, query)
    if action == "SDO?" and machine is PPMS_9T:
        assert answer.startswith("MultiPyVuError: ReadSDO returned error '-34: CAN Error")
    else:
        assert answer == FRESH[question].format(rate=round(machine.magnet.rate_maximum / OERSTED, 6))


def test_temperature():
    bench = Bench()
    client = bench.client()
    assert client.ask("TEMP", "301.0,20.0,1") == "TEMP Command Received"
    assert bench.cryostat.temperature_setting.approach is TemperatureApproach.NO_OVERSHOOT
    assert client.ask("TEMP_SETPOINTS?") == "(301.0, 20.0, 1),K,Call was successful"
    assert client.ask("TEMP?") == "300.0,K,Stable"  # for a moment the old state is shown
    bench.clock.sleep(1.5)
    value, unit, state = client.ask("TEMP?").split(",")
    assert 300 < float(value) < 301
    assert (unit, state in {"Tracking", "Chasing"}) == ("K", True)
    bench.clock.sleep(900)
    value, _, state = client.ask("TEMP?").split(",")
    assert float(value) == pytest.approx(301.0, abs=0.05)
    assert state == "Stable"


def test_field():
    bench = Bench()
    client = bench.client()
    assert client.ask("FIELD", "-100.0,50.0,2,1") == "FIELD Command Received"
    assert bench.cryostat.field_setting.approach is FieldApproach.OSCILLATE
    assert bench.cryostat.field_setting.field == pytest.approx(-0.01)
    assert client.ask("FIELD_SETPOINTS?") == "(-100.0, 50.0, 2, 1),Oe,Call was successful"
    bench.clock.sleep(1.5)
    assert client.ask("FIELD?").endswith("Oe,Ramping")
    bench.clock.sleep(60)
    value, _, state = client.ask("FIELD?").split(",")
    assert float(value) == pytest.approx(-100.0, abs=0.01)
    assert state == "Holding (driven)"


def test_a_ppms_can_be_persistent_and_shows_what_its_switch_does():
    bench = Bench(PPMS_9T)
    client = bench.client()
    assert client.ask("FIELD", "1000.0,100.0,1,0") == "FIELD Command Received"
    assert client.ask("FIELD_SETPOINTS?") == "(1000.0, 100.0, 1, 0),Oe,Call was successful"
    seen: list[str] = []
    for _ in range(200):
        bench.clock.sleep(0.5)
        state = client.ask("FIELD?").split(",")[2]
        seen += [state] if [state] != seen[-1:] else []
    assert seen == ["Holding (driven)", "Ramping", "Iterate", "Switch Cooling", "Stable"]


@pytest.mark.parametrize(
    ("mode", "during", "after"),
    [
        (0, "Sealed (condition unknown)", "Sealed (condition unknown)"),
        (1, "Performing Purge/Seal", "Purged and Sealed"),
        (2, "Performing Vent/Seal", "Vented and Sealed"),
        (3, "Pumping Continuously", "Pumping Continuously"),
        (4, "Flooding Continuously", "Flooding Continuously"),
        (5, "Pre-HiVac", "HiVac"),
    ],
)
def test_chamber(mode: int, during: str, after: str):
    bench = Bench()
    client = bench.client()
    assert client.ask("CHAMBER", str(mode)) == "CHAMBER Command Received"
    assert client.ask("CHAMBER?") == f"0.0,,{during}"
    bench.clock.sleep(400)
    assert client.ask("CHAMBER?") == f"0.0,,{after}"


def test_a_ppms_that_is_vented_continuously_shows_what_the_servers_rule_wants():
    bench = Bench(PPMS_9T)
    client = bench.client()
    client.ask("CHAMBER", "4")
    assert bench.cryostat.chamber_state() is ChamberState.FLOODING
    assert client.ask("CHAMBER?") == "0.0,,Performing Vent/Seal"
    assert client.ask("WAITFOR", "0.0,5.0,8") == "WAITFOR Command Received,0"


@pytest.mark.parametrize(("machine", "speed"), [(VERSALAB, 10.0), (PPMS_9T, 12.0)])
def test_rotator(machine: Machine, speed: float):
    bench = Bench(machine)
    client = bench.client()
    assert client.ask("POSITION", "30.0,10.0") == "POSITION Command Received"
    assert client.ask("POSITION?").endswith("Deg,Transport moving toward set point")
    bench.clock.sleep(2.0)
    angle, told = float(client.ask("POSITION?").split(",")[0]), bench.cryostat.read_angle()
    assert told == pytest.approx(speed * 2.0, rel=0.01)  # a PPMS turns at its own speed
    assert angle == pytest.approx(told, abs=0.1)
    bench.clock.sleep(2.0)
    assert client.ask("POSITION?") == "30.0,Deg,Transport stopped at set point"


# ---- refusals

VECTOR = "MultiPyVuError: The vector magnet only works with OptiCool"
NOT_IMPLEMENTED = "The command '{}' has not been implemented."
TEMPERATURE_INPUTS = (
    "MultiPyVuError: Error when setting the TEMP 1,2: Setting the temperature requires three numeric inputs, separated "
    "by a comma: Set Point (K), rate (K/min), approach:"
    "\n\t0: approach_mode.fast_settle\n\t1: approach_mode.no_overshoot"
)
FIELD_INPUTS = (
    "MultiPyVuError: Error when setting the FIELD 1e: Setting the field requires four numeric inputs, separated by a "
    "comma: Set Point (Oe), rate (Oe/sec),approach (Linear (0); No O'Shoot (1); Oscillate (2)),magnetic state "
    "(persistent (0); driven (1))"
)
APPROACHES = "\n\t0: linear\n\t1: no_overshoot\n\t2: oscillate"
CHAMBER_MODES = (
    "\n\t0: seal\n\t1: purge_seal\n\t2: vent_seal\n\t3: pump_continuous\n\t4: vent_continuous\n\t5: high_vacuum"
)
MASKS = "\n\ttemperature = 1\n\tfield = 2\n\tchamber = 8"
WAIT_INPUTS = "MultiPyVuError: Error when setting the WAITFOR 1,2,3,4: CAN Error: Unknown error"
POSITION_INPUTS = (
    "MultiPyVuError: Setting the rotator position requires two numeric inputs, separated by a comma: Set Point (deg), "
    "rate (deg/sec),"
)
TEMPERATURE_APPROACH = (
    "MultiPyVuError: Error when setting the TEMP 300.0,10.0,2: The approach, 2, is out of bounds.  Must be one of the "
    "following\n\t0: approach_mode.fast_settle\n\t1: approach_mode.no_overshoot"
)
REFUSALS = [
    ("FOO", "", 'MultiPyVuError: Unknown command: "FOO".'),
    ("FOO?", "1", 'MultiPyVuError: Unknown command: "FOO".'),
    ("TEMP", "-5.0,10.0,0",
     "MultiPyVuError: Error when setting the TEMP -5.0,10.0,0: Temperature must be a positive number."),
    ("TEMP", "1,2", TEMPERATURE_INPUTS),
    ("TEMP", "300.0,10.0,2", TEMPERATURE_APPROACH),
    ("TEMP", "300.0,10.0,-1", NOT_IMPLEMENTED.format("TEMP")),
    ("TEMP", "x,10.0,0", NOT_IMPLEMENTED.format("TEMP")),
    ("temp", "300.0,10.0,0", NOT_IMPLEMENTED.format("temp")),
    ("FIELD", "100.0,50.0,1,1", "MultiPyVuError: VERSALAB does not support the no_overshoot approach mode."),
    ("FIELD", "100.0,50.0,0,0", "MultiPyVuError: VERSALAB can only drive the magnet in driven mode."),
    ("FIELD", "100.0,50.0,3,1",
     f"MultiPyVuError: The approach, 3, is out of bounds. Must be one of the following:{APPROACHES}"),
    ("FIELD", "100.0,50.0,0,2",
     ("MultiPyVuError: The driven mode, 2, is out of bounds. Must be one of the following:"
     "\n\t0: persistent\n\t1: driven")),
    ("FIELD", "1e+16,50.0,0,1", FIELD_INPUTS),
    ("FIELD", "100.0,50.0,-1,1", NOT_IMPLEMENTED.format("FIELD")),
    ("CHAMBER", "6",
     f"MultiPyVuError: The selected mode, 6, is out of bounds.  Must be one of the following:{CHAMBER_MODES}"),
    ("CHAMBER", "1,2",
     "MultiPyVuError: Error when setting the CHAMBER 1,2: Setting the chamber requires 1 input: mode"),
    ("CHAMBER", "-1", NOT_IMPLEMENTED.format("CHAMBER")),
    ("POSITION", "400.0,10.0", NOT_IMPLEMENTED.format("POSITION")),
    ("POSITION", "-10.1,10.0", NOT_IMPLEMENTED.format("POSITION")),
    ("POSITION", "40.0", POSITION_INPUTS),
    ("WAITFOR", "0.0,0.0,4",
     ("MultiPyVuError: wait_for() cannot wait on the position subsystem.  MultiVu defines that bit, but MultiPyVu does "
     "not monitor the rotator, so waiting on it would return immediately.  Poll get_position() instead.")),
    ("WAITFOR?", "16", f"MultiPyVuError: The mask, 16, is out of bounds.{MASKS}"),
    ("WAITFOR", "x,0.0,1", NOT_IMPLEMENTED.format("WAITFOR")),
    ("WAITFOR?", "x", NOT_IMPLEMENTED.format("WAITFOR?")),
    ("WAITFOR", "1,2,3,4", WAIT_INPUTS),
    ("TEMP_SETPOINTS", "300", NOT_IMPLEMENTED.format("TEMP_SETPOINTS")),
    ("VECTOR_CART?", "", VECTOR),
    ("VECTOR_SPHERE?", "", VECTOR),
    ("VECTOR_CART", "0,0,100,10,0", VECTOR),
    ("VECTOR_SPHERE", "100,0,0,10,0", VECTOR),
    ("SDO?", "node: 22  index: 0x6001  sub_index: 0x1  type: double_t",
     ("MultiPyVuError: ReadSDO returned error '5: CAN Error: Node was not found' while reading "
     "(node: 22  index: 0x6001  sub_index: 0x1  type: double_t)")),
    ("SDO?", "anything", NOT_IMPLEMENTED.format("SDO?")),
    ("SDO", "node: 21  index: 0x6001  sub_index: 0x1  type: double_t,5.0",
     ("MultiPyVuError: Error when setting the SDO node: 21  index: 0x6001  sub_index: 0x1  type: double_t,5.0: "
     "CAN Error: attempt to write a read only object")),
    ("SDO", "node: 21  index: 0x6001  sub_index: 0x6  type: double_t,8001.0",
     ("MultiPyVuError: Error when setting the SDO node: 21  index: 0x6001  sub_index: 0x6  type: double_t,8001.0: "
     "CAN Error: value range of parameter exceeded")),
]  # fmt: skip


@pytest.mark.parametrize(("action", "query", "result"), REFUSALS)
def test_what_is_refused_changes_nothing(action: str, query: str, result: str):
    bench = Bench()
    before = bench.cryostat.temperature_setting, bench.cryostat.field_setting, bench.cryostat.chamber_setting
    client = bench.client()
    assert client.ask(action, query) == result
    assert (bench.cryostat.revision, before) == (
        0,
        (bench.cryostat.temperature_setting, bench.cryostat.field_setting, bench.cryostat.chamber_setting),
    )
    assert client.ask("TEMP?") == "300.0,K,Stable"  # the connection is the client's to close


@pytest.mark.parametrize(
    ("machine", "command"),
    [
        (VERSALAB, "TEMP 49.9,10.0,0"), (VERSALAB, "TEMP 400.1,10.0,0"), (VERSALAB, "TEMP 300.0,20.1,0"),
        (VERSALAB, "TEMP 300.0,0.001,0"), (VERSALAB, "TEMP nan,10.0,0"), (VERSALAB, "TEMP inf,10.0,0"),
        (VERSALAB, "FIELD 30001.0,50.0,0,1"), (VERSALAB, "FIELD -30001.0,50.0,0,1"), (VERSALAB, "FIELD 1.0,301.0,0,1"),
        (VERSALAB, "FIELD 1.0,0.0,0,1"), (VERSALAB, "FIELD 1.0,-50.0,0,1"), (VERSALAB, "FIELD nan,50.0,0,1"),
        (VERSALAB, "POSITION 30.0,31.0"), (VERSALAB, "POSITION 30.0,0.0"), (VERSALAB, "POSITION 30.0,nan"),
        (DYNACOOL_9T, "TEMP 1.7,10.0,0"), (DYNACOOL_9T, "FIELD 90001.0,50.0,0,1"), (DYNACOOL_9T, "FIELD 1.0,201.0,0,1"),
        (PPMS_9T, "TEMP 1.8,10.0,0"), (PPMS_9T, "FIELD 90001.0,50.0,0,1"), (PPMS_9T, "FIELD 1.0,191.0,0,1"),
    ],
)  # fmt: skip
def test_what_the_cryostat_cannot_do_is_refused_in_the_form_of_an_error(machine: Machine, command: str):
    bench = Bench(machine)
    action, _, query = command.partition(" ")
    answer = bench.client().ask(action, query)
    assert answer.startswith(f"MultiPyVuError: Error when setting the {command}: ")
    assert " is outside " in answer
    assert bench.cryostat.revision == 0


def test_a_machine_without_high_vacuum_refuses_it():
    service = replace(VERSALAB.service, high_vacuum=False)
    bench = Bench(replace(VERSALAB, service=service))
    assert "has no high-vacuum option" in bench.client().ask("CHAMBER", "5")
    assert bench.cryostat.chamber_setting is ChamberCommand.SEAL


# ---- other flavours


def test_an_opticool_has_a_vector_and_no_chamber_and_no_rotator():
    bench = Bench(DYNACOOL_9T, flavour="OPTICOOL")
    client = bench.client()
    assert "Connected to OPTICOOL Multi" in client.ask("START")
    assert client.ask("CHAMBER?") == "MultiPyVuError: get_chamber() is not available for the OptiCool"
    assert client.ask("CHAMBER", "1") == "MultiPyVuError: set_chamber() is not available for the OptiCool"
    assert client.ask("POSITION?") == "MultiPyVuError: with the OPTICOOL"
    assert client.ask("WAITFOR?", "8") == "MultiPyVuError: Chamber control is not available for the OptiCool"
    assert client.ask("VECTOR_CART", "0.0,0.0,-500.0,100.0,0") == "VECTOR_CART Command Received"
    bench.clock.sleep(60)
    assert client.ask("VECTOR_CART?").startswith("(0.0, 0.0, -500.")
    assert client.ask("VECTOR_SPHERE?").endswith(", 180.0, 0.0),Oe,Holding (driven)")
    assert client.ask("VECTOR_SPHERE", "200.0,180.0,0.0,100.0,0") == "VECTOR_SPHERE Command Received"
    assert client.ask("FIELD_SETPOINTS?").startswith("(-200.0, 100.0,")
    assert client.ask("FIELD_SETPOINTS_X?").startswith("(0.0, 100.0,")
    assert "has one axis" in client.ask("VECTOR_CART", "10.0,0.0,0.0,100.0,0")
    assert client.ask("VECTOR_CART", "1,2,3") == NOT_IMPLEMENTED.format("VECTOR_CART")


def test_an_mpms3_cannot_say_its_field_and_waits_for_none_it_was_not_told():
    client = Bench(DYNACOOL_9T, flavour="MPMS3").client()
    assert client.ask("FIELD_SETPOINTS?") == "MultiPyVuError: MPMS3 does not support getting field set points"
    assert client.ask("POSITION", "10.0,1.0") == "MultiPyVuError: with the MPMS3"
    assert "has no target to judge field stability" in client.ask("WAITFOR", "0.0,0.0,2")
    assert client.ask("FIELD", "100.0,50.0,0,1") == "FIELD Command Received"
    assert client.ask("WAITFOR", "0.0,0.0,2") == "WAITFOR Command Received,0"


def test_how_a_magnet_at_rest_is_shown_can_be_chosen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Actions, "AT_REST", {4: 1})
    assert Bench().client().ask("FIELD?") == "0.0,Oe,Stable"


def test_readings_have_noise_that_repeated_questions_do_not_change():
    def readings(extra: int) -> list[str]:
        bench = Bench(seed=1)
        client, found = bench.client(), []
        for moment in (1.0, 2.0, 3.0):
            bench.clock.sleep_until(moment)
            found.append(client.ask("FIELD?"))
            for _ in range(extra):
                client.ask("FIELD?")
        return found

    assert readings(0) == readings(5)
    assert len(set(readings(0))) == 3
