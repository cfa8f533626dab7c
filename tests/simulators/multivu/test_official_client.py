"""The official MultiPyVu client, unmodified, in a process of its own against `labctl simulate`.

It writes a log file where it runs, and ends the process when something does not suit it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import Clock, ScaledClock, VirtualClock, WallClock
from instruments.cryostat import ChamberAction
from instruments.errors import NoReply
from instruments.multivu import MultiVu
from simulators.machines import DYNACOOL_9T
from simulators.multivu.server import DEFAULT, MultiVuSettings
from tests.multivu import Bench, ServedMultiVu
from tests.served import in_a_process
from tests.simulators.multivu.test_actions import REFUSALS

pytest.importorskip("MultiPyVu")

EVERYTHING = """
import json, sys
import MultiPyVu as mpv
host, port = sys.argv[1].split(":")
out = {}
with mpv.Client(host=host, port=int(port)) as client:
    out["flavour"], out["version"], out["multivu"] = (
        client.instrument_name, client.get_version(), client.get_multivu_version())
    out["fresh"] = [client.get_temperature(), client.get_field(), client.get_chamber(), client.get_position()]
    out["set points"] = [client.get_temperature_setpoints(), client.get_field_setpoints()]
    client.set_field(500.0, 100.0, client.field.approach_mode.linear)
    client.set_temperature(299.0, 20.0, client.temperature.approach_mode.fast_settle)
    out["told"] = [client.get_temperature_setpoints(), client.get_field_setpoints()]
    out["steady at once"] = [client.is_steady(client.field.waitfor), client.is_steady(client.temperature.waitfor)]
    out["waited"] = int(client.wait_for(5, 0, client.temperature.waitfor | client.field.waitfor))
    out["steady then"] = client.is_steady(client.temperature.waitfor | client.field.waitfor)
    out["then"] = [client.get_temperature(), client.get_field()]
    client.set_chamber(client.chamber.mode.vent_seal)
    out["venting"] = client.get_chamber()
    out["timed out"] = int(client.wait_for(0, 10, client.chamber.waitfor))
    out["vented"] = int(client.wait_for(0, 0, client.chamber.waitfor)), client.get_chamber()
    client.set_position(90.0, 10.0)
    out["turning"] = client.get_position()[1]
    while client.get_position()[1] != "Transport stopped at set point":
        pass
    out["turned"] = client.get_position()
    client.set_position(400.0, 10.0)   # refused in a way that the client does not notice
    out["still"] = client.get_position()
    out["bridge"] = client.resistivity.get_resistance(1)
    out["alive"] = client.is_server_running(), client.get_server_status()
print(json.dumps(out))
"""

ERRORS = """
import json, os, sys
import MultiPyVu as mpv
from MultiPyVu.exceptions import MultiPyVuError
host, port = sys.argv[1].split(":")
said = []
for act in (
    lambda c: c.set_field(100.0, 50.0, c.field.approach_mode.no_overshoot),
    lambda c: c.set_field(100.0, 50.0, c.field.approach_mode.linear, c.field.driven_mode.persistent),
    lambda c: c.set_field(1e6, 50.0, c.field.approach_mode.linear),
    lambda c: c.set_temperature(-5.0, 10.0, c.temperature.approach_mode.fast_settle),
    lambda c: c.set_temperature(1000.0, 10.0, c.temperature.approach_mode.fast_settle),
    lambda c: c.get_vector_cartesian(),
):
    client = mpv.Client(host=host, port=int(port))
    client.open()
    try:
        act(client)
        said.append("nothing")
    except MultiPyVuError as error:
        said.append(str(error))
first = mpv.Client(host=host, port=int(port))
first.open()
try:
    mpv.Client(host=host, port=int(port)).open()
except ConnectionRefusedError as error:
    said.append(str(error))
print(json.dumps([said, first.get_temperature()]), flush=True)
os._exit(9)  # as if it was killed: nobody takes leave
"""

VERSION = """
import json, sys
import MultiPyVu as mpv
host, port = sys.argv[1].split(":")
try:
    mpv.Client(host=host, port=int(port)).open()
except SystemExit as end:
    print(json.dumps(str(end)))
"""


OFFICIAL = """
import json, re, sys
from MultiPyVu.CommandFactory import create_command_mv
from MultiPyVu.exceptions import MultiPyVuError
said = []
for flavour, action, query in json.loads(sys.argv[1]):
    # as ServerMessage does with a request, without the Windows program behind it
    try:
        [(name, question, given)] = re.findall(r"([A-Z_]+)(\\?)?[ ]?([ :\\-?\\d.,\\w]*)?", f"{action} {query}")
        commands = create_command_mv(flavour, None)
        said.append(commands.get_state(name, given) if question else commands.set_state(name, given))
    except MultiPyVuError as error:
        said.append(error.value)
    except ValueError:
        said.append(f"The command '{action}' has not been implemented.")
    except (NotImplementedError, UnboundLocalError):
        said.append(None)   # it falls over its own feet
print(json.dumps(said))
"""


def told(folder: Path, script: str, place: str, ends: int = 0) -> Any:
    """What a script that uses the client prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", script, place], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == ends, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line[:1] in {"[", "{", '"'})
    return json.loads(line)


def said_on_the_command_line(folder: Path, place: str, *words: str) -> str:
    host, port = place.split(":")
    command = [sys.executable, "-m", "MultiPyVu", *words, f"-ip={host}", f"-p={port}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True).stdout


@contextlib.contextmanager
def serving(clock: Clock, settings: MultiVuSettings = DEFAULT) -> Generator[str]:
    served = ServedMultiVu(clock, settings)
    try:
        yield served.place
    finally:
        served.end()


def check_everything(out: dict[str, Any]) -> None:
    assert (out["flavour"], out["version"], out["multivu"]) == ("VERSALAB", "3.8.0", "simulated")
    (temperature, t_state), (field, h_state), chamber, (angle, p_state) = out["fresh"]
    assert temperature == pytest.approx(300.0, abs=0.5)
    assert field == pytest.approx(0.0, abs=0.5)
    assert (t_state, h_state, chamber) == ("Stable", "Holding (driven)", "Purged and Sealed")
    assert (angle, p_state) == (0.0, "Transport stopped at set point")
    assert out["set points"] == [[300.0, 20.0, "fast_settle"], [0.0, 300.0, "linear", "driven"]]
    assert out["told"] == [[299.0, 20.0, "fast_settle"], [500.0, 100.0, "linear", "driven"]]
    assert out["steady at once"][0] is False
    assert out["waited"] == 0
    assert out["steady then"] is True
    assert out["then"][0][0] == pytest.approx(299.0, abs=0.5)
    assert out["then"][1][0] == pytest.approx(500.0, abs=3.0)
    assert out["venting"] == "Performing Vent/Seal"
    assert out["timed out"] == 258
    assert out["vented"] == [0, "Vented and Sealed"]
    assert out["turning"] == "Transport moving toward set point"
    assert out["turned"] == out["still"] == [90.0, "Transport stopped at set point"]
    assert out["bridge"] == [0.0, "Call was successful"]
    assert out["alive"] == [True, "connected"]


def test_everything_that_it_can_do_on_a_station_that_labctl_serves(tmp_path: Path) -> None:
    with in_a_process("--station", "versalab", "--speed", 50, "--seed", 1) as line:
        assert line["cryostat"]["visa"] is None
        check_everything(told(tmp_path, EVERYTHING, line["cryostat"]["multivu"]))


def test_everything_that_it_can_do_on_a_virtual_clock(tmp_path: Path) -> None:
    with serving(VirtualClock()) as place:
        check_everything(told(tmp_path, EVERYTHING, place))


def test_its_command_line(tmp_path: Path) -> None:
    with serving(ScaledClock()) as place:
        assert "Server status: idle" in said_on_the_command_line(tmp_path, place, "-status")
        assert "Quit the server" in said_on_the_command_line(tmp_path, place, "-quit")
        assert "Server is running at" in said_on_the_command_line(tmp_path, place, "-running")


def test_errors_a_second_client_and_one_that_is_killed(tmp_path: Path) -> None:
    with serving(ScaledClock()) as place:
        said, reading = told(tmp_path, ERRORS, place, ends=9)
        after = told(tmp_path, VERSION.replace("open()", "open(); print('[1]')"), place)
    assert said[:2] == [
        "MultiPyVuError: VERSALAB does not support the no_overshoot approach mode.",
        "MultiPyVuError: VERSALAB can only drive the magnet in driven mode.",
    ]
    assert "is outside -30000 to 30000 Oe" in said[2]
    assert said[3].endswith("Temperature must be a positive number.")
    assert "is outside 50 to 400 K" in said[4]
    assert said[5:] == [
        "MultiPyVuError: The vector magnet only works with OptiCool",
        "Connection refused. Is another client connected?",
    ]
    assert reading == [300.0, "Stable"]  # of the first one, which noticed nothing of the second
    assert after == [1]


def test_a_client_of_another_version_ends_itself_and_no_one_else(tmp_path: Path) -> None:
    with serving(ScaledClock(), MultiVuSettings(version="3.7.0")) as place:
        said = told(tmp_path, VERSION, place)
        assert "must be running the same versions" in said
        assert "(3.7.0)" in said


OFFICIAL_SERVER = """
import sys, time
import MultiPyVu as mpv
mpv.Server(["-s", "dynacool"], host="127.0.0.1", port=int(sys.argv[1])).open()
time.sleep(60)
"""


def test_our_driver_on_the_official_server(tmp_path: Path) -> None:
    """That server loses a request which comes together with the confirmation of the answer before."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", OFFICIAL_SERVER, str(port)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as server:
        try:
            driver = _patiently(f"127.0.0.1:{port}")
            assert driver.link.scaffolding
            began = driver.clock.now()
            for _ in range(5):
                assert driver.reading().temperature == 300.0
            assert driver.clock.now() - began < 2.0  # no request was lost and sent again
            assert driver.set_temperature(301.0, 20 / 60).temperature == 301.0
            assert driver.set_field(0.02, 0.01).field == 0.02
            assert driver.set_position(2.0, 5.0) == 2.0
            driver.set_chamber(ChamberAction.SEAL)
            driver.close()
            again = MultiVu(f"127.0.0.1:{port}")
            assert again.temperature_setpoint.temperature == 301.0
            again.close()
        finally:
            server.kill()


def _patiently(place: str) -> MultiVu:
    """Connect to a server that is still starting."""
    clock = WallClock()
    limit = clock.deadline(20)
    while True:
        try:
            return MultiVu(place, clock)
        except NoReply:
            if limit.passed:
                raise
            clock.sleep(0.2)


def test_it_refuses_word_for_word_as_the_official_one_does(tmp_path: Path) -> None:
    """Its own code is asked, command by command; what only MultiVu behind it would refuse is left out."""
    cases = [("VERSALAB", action, query) for action, query, _ in REFUSALS if not action.startswith("SDO")]
    cases += [
        ("PPMS", "FIELD", "1,2,3,4"), ("PPMS", "WAITFOR?", "5"), ("OPTICOOL", "CHAMBER", "1"),
        ("OPTICOOL", "WAITFOR?", "8"), ("OPTICOOL", "POSITION", "1,1"), ("MPMS3", "POSITION?", ""),
        ("MPMS3", "FIELD_SETPOINTS?", ""), ("DYNACOOL", "FIELD", "1,1,0,0"), ("DYNACOOL", "VECTOR_CART?", ""),
    ]  # fmt: skip
    ours = [Bench(DYNACOOL_9T, flavour=flavour).client().ask(action, query) for flavour, action, query in cases]
    theirs = told(tmp_path, OFFICIAL, json.dumps(cases))
    fallen = [case for case, said in zip(cases, theirs, strict=True) if said is None]
    assert fallen == [("VERSALAB", "WAITFOR?", "x"), ("VERSALAB", "TEMP_SETPOINTS", "300")]
    differing = [
        (case, mine, said) for case, mine, said in zip(cases, ours, theirs, strict=True) if said not in {mine, None}
    ]
    assert differing == []
