"""The Model 6000's dialect, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.tables.model6000 import MODEL6000
from simulators.controller_leads import Connections
from simulators.cryostat import SimulatedCryostat
from simulators.devices.controller_items import CLOCK_OFFSET
from simulators.devices.model6000 import INPUT_BUFFER, OUTPUT_QUEUE, Model6000
from simulators.machines import PPMS_9T, VERSALAB, Machine
from simulators.timeline import Timeline


class Dialogue:
    """A client that asks and waits."""

    def __init__(self, machine: Machine = PPMS_9T, **options) -> None:
        self.clock = VirtualClock()
        streams = np.random.default_rng(1), np.random.default_rng(2)
        timeline = Timeline(self.clock)
        self.cryostat = SimulatedCryostat(timeline, machine, *streams)
        self.device = Model6000(timeline, self.cryostat, **options)

    def send(self, message: str) -> None:
        self.device.write(message.encode("latin-1") + b"\n")

    def ask(self, message: str) -> str:
        self.send(message)
        ready = self.device.ready_at()
        assert ready is not None, f"no answer to {message}"
        self.clock.sleep_until(ready)
        return self.device.read().decode("ascii")

    def status(self) -> str:
        """The packed status word, as four hexadecimal digits: position, chamber, magnet, temperature."""
        return f"{int(self.ask('GETDAT? 1').rstrip(';').split(',')[2]):04x}"


@pytest.fixture
def dialogue() -> Dialogue:
    return Dialogue()


def test_identity(dialogue: Dialogue) -> None:
    assert "QUANTUM DESIGN" in dialogue.ask("*IDN?")


@pytest.mark.parametrize(
    "message", [b"TEMP?\n", b"TEMP?;", b"TEMP?\r\n", b"temp?;\r\n", b"  Temp? \n", b"\n;\nTEMP?\n"]
)
def test_any_terminator_and_any_case(dialogue: Dialogue, message: bytes) -> None:
    dialogue.device.write(message)
    dialogue.clock.sleep(0.01)
    assert dialogue.device.read() == b"300,20,0;"
    assert dialogue.device.ready_at() is None


def test_a_message_may_come_in_pieces(dialogue: Dialogue) -> None:
    for byte in b"TEMP?":
        dialogue.device.write(bytes([byte]))
        assert dialogue.device.ready_at() is None
    dialogue.device.write(b"\n")
    assert dialogue.device.ready_at() is not None


def test_what_follows_the_semicolon_is_configurable() -> None:
    assert Dialogue(ending=b"\r\n").ask("CHAMBER?") == "0;\r\n"


@pytest.mark.parametrize("message", ["TEMP 100 10 1", "TEMP 100,10,1", "temp 100, 10 ,1", "TEMP\t1e2 10.0 1"])
def test_blanks_and_commas_separate(dialogue: Dialogue, message: str) -> None:
    dialogue.send(message)
    assert dialogue.device.ready_at() is None  # a setting says nothing
    assert dialogue.ask("TEMP?") == "100,10,1;"


def test_missing_parameters_keep_their_value(dialogue: Dialogue) -> None:
    dialogue.send("FIELD 1000 50 1 0")
    dialogue.send("FIELD 2000")
    assert dialogue.ask("FIELD?") == "2000,50,1,0;"
    dialogue.send("FIELD 2000 60")
    assert dialogue.ask("FIELD?") == "2000,60,1,0;"
    dialogue.send("BRIDGE 2,100,10,1,2,9.0")
    dialogue.send("BRIDGE 2 200")
    assert dialogue.ask("BRIDGE? 2") == "2,200,10,1,2,9;"
    assert dialogue.ask("BRIDGE? 1") == "1,0,0,0,0,0;"
    dialogue.send("MOVE 30 0 5")
    dialogue.send("MOVE 40")
    assert dialogue.ask("MOVE?") == "40,0,5;"


def test_a_reply_is_ready_after_the_latency_with_the_value_of_the_query() -> None:
    dialogue = Dialogue(latency=0.5)
    dialogue.send("FIELD 9000 100")
    dialogue.clock.sleep(10.7)
    dialogue.send("GETDAT? 4")
    assert dialogue.device.ready_at() == pytest.approx(11.2)
    assert dialogue.device.read() == b""
    dialogue.clock.sleep(0.5)
    field = float(dialogue.device.read().rstrip(b";").split(b",")[2])
    assert field == pytest.approx(1000.0, abs=0.5)  # and not 1050


def test_getdat(dialogue: Dialogue) -> None:
    dialogue.clock.sleep(12.0)
    mask, stamp, status, temperature, field = dialogue.ask("GETDAT? 7").rstrip(";").split(",")
    assert (mask, status) == ("7", str(0x1141))
    assert float(stamp) == pytest.approx(CLOCK_OFFSET + 12.0, abs=0.01)
    assert float(temperature) == pytest.approx(300.0, abs=0.5)
    assert float(field) == pytest.approx(0.0, abs=0.5)


def test_getdat_leaves_out_what_is_not_available(dialogue: Dialogue) -> None:
    """Nothing is wired to the bridges (bits 4 to 11) and no item is mapped (bits 20 to 29)."""
    mask, _, *values = dialogue.ask("GETDAT? 8912911").rstrip(";").split(",")
    assert int(mask) == 8912911 & ~(1 << 23)
    assert len(values) == int(mask).bit_count()
    assert dialogue.ask("GETDAT? 1073741823").count(",") == 1 + 12
    assert dialogue.ask("GETDAT? 16").startswith("0,")


def test_getdat_without_update_repeats_the_latest_reading(dialogue: Dialogue) -> None:
    first = dialogue.ask("GETDAT? 6").split(",")[2:]
    assert dialogue.ask("GETDAT? 6 1").split(",")[2:] == first
    assert dialogue.ask("GETDAT? 6").split(",")[2:] != first


def test_the_status_word_through_a_ramp(dialogue: Dialogue) -> None:
    dialogue.send("TEMP 290 10 0")
    dialogue.send("FIELD 1000 100 0 1")
    assert dialogue.status() == "1141"  # dead time: the old codes
    dialogue.clock.sleep(5.0)
    assert dialogue.status()[2] == "6"
    assert dialogue.status()[3] in "26"
    dialogue.clock.sleep(6.0)
    assert dialogue.status()[2] == "5"
    dialogue.clock.sleep(300.0)
    assert dialogue.status() == "1141"
    dialogue.send("CHAMBER 1")
    dialogue.send("MOVE 90 0 0")
    assert dialogue.status() == "5441"
    dialogue.send("SHUTDOWN")
    dialogue.clock.sleep(10.0)
    assert dialogue.status()[3] == "a"


def test_persistent_mode(dialogue: Dialogue) -> None:
    dialogue.send("FIELD 1000 100 0 0")
    dialogue.clock.sleep(60.0)
    assert dialogue.status()[2] == "1"
    dialogue.send("FIELD 0 100 0 1")
    dialogue.clock.sleep(10.0)
    assert dialogue.status()[2] == "2"


def test_hold_in_mid_ramp(dialogue: Dialogue) -> None:
    dialogue.send("FIELD 20000 100 0 1")
    dialogue.clock.sleep(50.7)
    here = float(dialogue.ask("GETDAT? 4").rstrip(";").split(",")[2])
    assert here == pytest.approx(5000.0, abs=2.0)
    dialogue.send(f"FIELD {here} 100 0 1")
    dialogue.clock.sleep(30.0)
    assert float(dialogue.ask("GETDAT? 4").rstrip(";").split(",")[2]) == pytest.approx(here, abs=1.0)
    assert dialogue.status()[2] == "4"


@pytest.mark.parametrize(
    "message",
    ["NONSENSE", "NONSENSE?", "TEMP", "TEMP 500", "TEMP 100 30", "TEMP 100 10 2", "TEMP 100 10 0 7", "TEMP 1e999",
     "TEMP nan", "TEMP inf 10", "TEMP MIN", "TEMP 100,,0", "FIELD 95000 100", "FIELD 1000 5", "FIELD 1000 1000",
     "FIELD 1000 100 3", "CHAMBER 6", "CHAMBER -1", "MOVE 500", "MOVE 10 0 15", "BRIDGE 5 100", "BRIDGE 1 6000",
     "BRIDGE? 5", "BRIDGE?", "DRVOUT 1 2000", "SIGOUT 1 11", "GETDAT?", "GETDAT 7", "GETDAT? -1", "GETDAT? x",
     "TEMP? 1", "SHUTDOWN?", "BEEP 10 1000", "DATE 2 30 20", "DATE 13 1 20", "$MOVE 1", "?", "7", ",,", "TEMP300",
     "DIGSET 16", "LEVELON 4", "MOVECFG 7 1 1", "MOVE 1e300", "USERTEMP 30", "USERTEMP 2.5"],
)  # fmt: skip
def test_what_it_does_not_understand_is_ignored_and_advised(dialogue: Dialogue, message: str) -> None:
    before = [dialogue.ask(f"{header}?") for header in ("TEMP", "FIELD", "CHAMBER", "MOVE", "MOVECFG", "DIGSET")]
    dialogue.send(message)
    assert dialogue.device.ready_at() is None
    assert dialogue.ask("ADVNUM?") == "1;"
    assert [
        dialogue.ask(f"{header}?") for header in ("TEMP", "FIELD", "CHAMBER", "MOVE", "MOVECFG", "DIGSET")
    ] == before
    assert dialogue.cryostat.revision == 0


def test_the_machines_limits_hold_behind_the_tables() -> None:
    dialogue = Dialogue(VERSALAB)
    for message in ("TEMP 40 5", "FIELD 40000 100 0 1", "FIELD 100 100 1 1", "FIELD 100 100 0 0"):
        dialogue.send(message)
    assert dialogue.ask("ADVNUM?") == "4;"
    assert dialogue.cryostat.revision == 0


def test_magcnf_gives_the_machines_magnet(dialogue: Dialogue) -> None:
    field, ratio, inductance, low, _, heat, cool = map(float, dialogue.ask("MAGCNF?").rstrip(";").split(","))
    assert field == 90000.0
    assert ratio * low / inductance == pytest.approx(190.0)
    assert (heat, cool) == (20.0, 20.0)


def test_the_level_meter(dialogue: Dialogue) -> None:
    assert dialogue.ask("LEVEL?") == "90.00,0;"
    dialogue.send("LEVELON 1")
    assert dialogue.ask("LEVEL?") == "90.00,0;"  # it takes ten seconds to the first value
    dialogue.clock.sleep(10.0)
    for _ in range(20):
        assert dialogue.ask("LEVEL?").endswith(",2;")
        dialogue.clock.sleep(50.0)
    dialogue.clock.sleep(11.0)  # nobody has asked for a minute: it has gone off
    assert dialogue.ask("LEVEL?") == "89.91,1;"
    dialogue.clock.sleep(3600.0)
    assert dialogue.ask("LEVEL?") == "89.91,0;"
    dialogue.send("LEVELON 0")
    dialogue.clock.sleep(60.0)
    assert dialogue.ask("LEVEL?") == "89.61,1;"
    dialogue.clock.sleep(3600.0)
    assert dialogue.ask("LEVEL?") == "89.61,0;"
    assert Dialogue(VERSALAB).ask("LEVEL?") == "0.00,0;"


def test_a_signal_output_ends_its_link(dialogue: Dialogue) -> None:
    dialogue.send("LINK 1 2 90000 0")
    assert dialogue.ask("LINK? 1") == "1,2,90000,0;"
    dialogue.send("SIGOUT 1 2.5")
    assert dialogue.ask("LINK? 1") == "1,0,0,0;"
    assert dialogue.ask("SIGOUT? 1") == "1,2.5;"


def test_lines_keep_what_the_mask_protects(dialogue: Dialogue) -> None:
    dialogue.send("DIGSET 5")
    dialogue.send("DIGSET 10 4")
    assert dialogue.ask("DIGSET?") == "14;"
    dialogue.send("EXTSET 7 0")
    assert dialogue.ask("EXTSET?") == "7;"


def test_steps_of_the_rotator(dialogue: Dialogue) -> None:
    dialogue.send("MOVE 10 0 0")
    assert dialogue.ask("$MOVE?").split(",")[1] == "200"
    dialogue.clock.sleep(5.0)
    assert dialogue.ask("$MOVE?") == "200,200,0,10;"
    assert dialogue.ask("MOVECFG?").count(",") == 3
    dialogue.send("MOVE 0 1 0")
    dialogue.clock.sleep(5.0)
    assert dialogue.ask("DIGIN?") == "1;"


def test_the_index_switch(dialogue: Dialogue) -> None:
    dialogue.send("MOVECFG 1 0.05 370 1")
    dialogue.send("MOVE 90 0 0")
    dialogue.clock.sleep(10.0)
    dialogue.send("MOVE 0 1 0")
    assert dialogue.status()[0] == "5"
    dialogue.clock.sleep(10.0)
    assert dialogue.status()[0] == "9"
    assert dialogue.ask("$MOVE?") == "0,0,1,10;"
    assert dialogue.ask("DIGIN?") == "0;"


def test_a_motor_goes_to_whole_steps_and_says_where_it_was_sent(dialogue: Dialogue) -> None:
    dialogue.send("MOVE 30.07 0 0")
    dialogue.clock.sleep(10.0)
    assert dialogue.ask("MOVE?") == "30.07,0,0;"
    assert dialogue.ask("GETDAT? 8").split(",")[2] == "30.0500;"
    assert dialogue.ask("$MOVE?").startswith("601,601,")


def test_a_motor_that_is_configured_wrongly_goes_elsewhere(dialogue: Dialogue) -> None:
    dialogue.send("MOVECFG 5 0.1")
    dialogue.send("MOVE 90")
    dialogue.clock.sleep(10.0)
    assert dialogue.ask("GETDAT? 8").split(",")[2] == "90.0000;"
    assert dialogue.cryostat.read_angle() == pytest.approx(45.0)
    assert dialogue.ask("MOVECFG?") == "5,0.1,370,0;"


def test_the_wires_are_not_torn_off(dialogue: Dialogue) -> None:
    dialogue.send("MOVE 180")
    dialogue.clock.sleep(20.0)
    dialogue.send("MOVE 0 2")
    dialogue.send("MOVE 300 0")
    dialogue.clock.sleep(30.0)
    assert dialogue.status()[0] == "8"
    assert dialogue.ask("GETDAT? 8").split(",")[2] == "190.0000;"
    assert dialogue.ask("DIGIN?") == "2;"


def test_a_leftover_reply_comes_first_until_the_device_is_cleared() -> None:
    dialogue = Dialogue(leftover=b"1,30422650.78,4369;")
    assert dialogue.ask("*IDN?") == "1,30422650.78,4369;"
    assert "QUANTUM DESIGN" in dialogue.ask("TEMP?")  # one behind
    dialogue.device.clear()
    assert dialogue.ask("TEMP?") == "300,20,0;"


def test_the_temperature_can_be_that_of_a_mapped_item() -> None:
    dialogue = Dialogue(connections=Connections(mapped={23: lambda: 4.25}))

    def shown() -> float:
        return float(dialogue.ask("GETDAT? 2").rstrip(";").split(",")[2])

    assert dialogue.ask("GETDAT? 8388608").split(",")[::2] == ["8388608", "4.25;"]
    assert shown() == pytest.approx(300.0, abs=0.5)
    dialogue.send("USERTEMP 23 1.9 1.8 2 1")
    assert dialogue.ask("GETDAT? 2").split(",")[2] == "4.25;"
    assert dialogue.ask("USERTEMP?") == "23,1.9,1.8,2,1;"
    dialogue.send("USERTEMP 24")
    assert dialogue.ask("GETDAT? 3").split(",")[0] == "1"  # an item that is not there gives no temperature
    dialogue.send("USERTEMP 0")
    assert shown() == pytest.approx(300.0, abs=0.5)
    dialogue.send("USERTEMP 23")
    dialogue.device.power_cycle()
    assert shown() == pytest.approx(300.0, abs=0.5)


def test_it_beeps(dialogue: Dialogue) -> None:
    dialogue.clock.sleep(7.0)
    dialogue.send("BEEP 0.5 2000")
    assert list(dialogue.device.heard) == [(7.0, 0.5, 2000.0)]


def test_faults_show_in_the_status_word(dialogue: Dialogue) -> None:
    dialogue.send("FIELD 10000 100 0 1")
    dialogue.clock.sleep(200.0)
    dialogue.cryostat.quench()
    assert dialogue.status()[2] == "b"
    assert dialogue.ask("ADVNUM?") == "1;"
    dialogue.clock.sleep(60.0)
    dialogue.send("FIELD 0 100 0 1")
    assert dialogue.status()[2] == "f"
    assert dialogue.ask("ADVNUM?") == "2;"
    assert dialogue.ask("FIELD?").startswith("10000,")
    dialogue.device.power_cycle()
    dialogue.cryostat.fail_supply()
    assert dialogue.status()[2] == "8"
    dialogue.cryostat.fail_thermometer(0.0)
    dialogue.cryostat.fail_chamber()
    assert dialogue.status() == "1f8f"
    assert dialogue.ask("GETDAT? 2").split(",")[2] == "0.00000;"


def test_the_pot_shows_on_the_way_down(dialogue: Dialogue) -> None:
    dialogue.send("TEMP 20 20 0")
    dialogue.clock.sleep(7200.0)
    dialogue.send("TEMP 4 20 0")
    dialogue.clock.sleep(300.0)
    assert dialogue.status()[3] == "7"
    dialogue.clock.sleep(3600.0)
    assert dialogue.status()[3] == "1"


def test_the_calendar(dialogue: Dialogue) -> None:
    assert dialogue.ask("DATE?") == "01,01,00;"
    dialogue.send("DATE 11,21,26")
    dialogue.send("TIME 23 59 58")
    assert dialogue.ask("DATE?") == "11,21,26;"
    dialogue.clock.sleep(3.0)
    assert dialogue.ask("TIME?") == "00,00,01;"
    assert dialogue.ask("DATE?") == "11,22,26;"


def test_every_query_of_the_table_is_answered_and_every_other_is_not(dialogue: Dialogue) -> None:
    arguments = {"GETDAT": " 7", "BRIDGE": " 1", "DRVOUT": " 1", "SIGOUT": " 1", "LINK": " 1"}
    for row in MODEL6000:
        dialogue.send(f"{row.header}?{arguments.get(row.header, '')}")
        answered = dialogue.device.ready_at() is not None
        assert answered == bool(row.reply), row.header
        dialogue.device.clear()


def test_sequence_commands_are_taken_in_silence(dialogue: Dialogue) -> None:
    dialogue.send("COMMENT cooling down, slowly")
    dialogue.send("DATSIZE?")
    assert dialogue.device.ready_at() is None
    assert dialogue.ask("ADVNUM?") == "0;"


def test_extra_queries_disturb_no_other_reading() -> None:
    fields: list[list[str]] = []
    for polls in (0, 3):
        dialogue = Dialogue()
        dialogue.send("FIELD 5000 100 0 1")
        read: list[str] = []
        for _ in range(300):
            for _ in range(polls):
                dialogue.send("GETDAT? 3")
                dialogue.device.clear()
            dialogue.clock.sleep(0.1)
            read.append(dialogue.ask("GETDAT? 4"))
        fields.append(read)
    assert fields[0] == fields[1]


def test_device_clear_forgets_input_and_output(dialogue: Dialogue) -> None:
    dialogue.device.write(b"TEMP?\nFIE")
    dialogue.device.clear()
    assert dialogue.device.ready_at() is None
    assert dialogue.ask("CHAMBER?") == "0;"
    assert dialogue.ask("ADVNUM?") == "0;"


def test_a_power_cycle_forgets_what_is_volatile(dialogue: Dialogue) -> None:
    dialogue.send("BRIDGE 1 100 10")
    dialogue.send("FIELD 1000 100 0 1")
    dialogue.clock.sleep(20.0)
    dialogue.device.power_cycle()
    dialogue.clock.sleep(60.0)
    assert dialogue.ask("BRIDGE? 1") == "1,0,0,0,0,0;"
    assert dialogue.status() == "114a"
    assert abs(float(dialogue.ask("GETDAT? 4").rstrip(";").split(",")[2])) < 1.0


def test_buffers_are_bounded(dialogue: Dialogue) -> None:
    for _ in range(100):
        dialogue.device.write(b"x" * 1000)
        assert len(dialogue.device._input) <= INPUT_BUFFER
    dialogue.device.write(b"\n")
    for _ in range(10 * OUTPUT_QUEUE):
        dialogue.send("TEMP?")
    assert len(dialogue.device._replies) == OUTPUT_QUEUE


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_message_that_is_too_long_goes_whole(dialogue: Dialogue, pieces: int) -> None:
    """Its tail is no message of its own."""
    long = b"COMMENT " + b"x" * (3 * INPUT_BUFFER) + b" "
    size = len(long) // pieces + 1
    for start in range(0, len(long), size):
        dialogue.device.write(long[start : start + size])
    dialogue.device.write(b"CHAMBER 1\n")
    assert dialogue.ask("CHAMBER?") == "0;"
    assert dialogue.ask("ADVNUM?") == "1;"
