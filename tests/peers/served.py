"""The labs that other people's programs meet, and how such a program is run."""

from __future__ import annotations

import functools
import json
import re
import socket
import subprocess
import tempfile
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.clock import ScaledClock
from instruments.keithley2182a import Keithley2182A
from instruments.keithley6221 import Keithley6221
from simulators.machines import DYNACOOL_9T
from simulators.multivu.server import MultiVuServer
from simulators.server import LabServer
from tests.multivu import Bench
from tests.served import in_a_process
from tests.sources import ROOT

HERE = Path(__file__).parent
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
SPEED = 100
"""Lab seconds per real one: the programs wait in real time."""

CURRENT = 1e-4  # A
Said = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Truth:
    """What our own drivers read of the same sample, and what its record says.

    Attributes:
        hall: V, half the difference between both directions of 100 uA.
        emf: V, their mean.
        film: ohm, between the ends of the bar.
        leads: ohm, of both current leads.
    """

    hall: float
    emf: float
    film: float = 340.0
    leads: float = 50.0


def sample(folder: Path) -> Path:
    """A record as the shipped one, but with two more leads at the ends of the bar, for four wires."""
    text = (ROOT / "data" / "samples" / "cotb2025.toml").read_text(encoding="utf-8")
    lead = '"{}" = {{ pad = "{}", resistance = {{ value = "25 ohm", mark = "A" }} }}\n'
    more = lead.format("S+", "source") + lead.format("S-", "drain")
    text, count = re.subn(r"(?m)^\[leads\]\n", "[leads]\n" + more, text)
    assert count == 1
    path = folder / "six_leads.toml"
    path.write_text(text.replace('name = "cotb2025"', 'name = "six_leads"'), encoding="utf-8")
    return path


class Labs:
    """The served labs, each started when it is first wanted, and what the programs said there."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder

    @functools.cached_property
    def bench(self) -> Said:
        """Sources and meters on one sample."""
        station, record = HERE / "station.toml", sample(self._folder)
        words = ("--station", station, "--sample", record, "--clock", "scaled", "--speed", SPEED, "--seed", 1)
        return self._stack.enter_context(in_a_process(*words))

    @functools.cached_property
    def ppms(self) -> Said:
        """A cryostat that may be moved."""
        return self._stack.enter_context(in_a_process("--station", "ppms", "--speed", SPEED, "--seed", 1))

    @functools.cached_property
    def controller(self) -> Said:
        """A Model 6000 that nobody else talks to."""
        return self._stack.enter_context(in_a_process("--station", "ppms", "--speed", SPEED, "--seed", 2))

    @functools.cached_property
    def opticool(self) -> Said:
        """MultiVu that says it is an OptiCool."""
        return self._stack.enter_context(_opticool())

    @functools.cached_property
    def truth(self) -> Truth:
        """Read the sample with our own drivers."""
        clock = ScaledClock(SPEED)
        source = Keithley6221(self.bench["source"], clock, visa_library="@py", timeout=10_000)
        meter = Keithley2182A(self.bench["voltmeter"], clock, visa_library="@py", timeout=10_000)
        source.source_compliance = 5.0
        source.source_range = 2e-4
        source.source_enabled = True
        meter.configure_one_shot(nplc=5.0, voltage_range=0.01)
        read: dict[float, list[float]] = {CURRENT: [], -CURRENT: []}
        for current in (CURRENT, -CURRENT, -CURRENT, CURRENT):  # in this order what drifts evenly cancels
            source.source_current = current
            read[current] += [meter.reading().voltage for _ in range(5)]
        source.shutdown()
        meter.shutdown()
        forth, back = (sum(read[current]) / len(read[current]) for current in (CURRENT, -CURRENT))
        return Truth((forth - back) / 2, (forth + back) / 2)

    def start_over(self) -> None:
        """Bring sources and meters of the bench to what they are after *RST, with nothing to say.

        But for the 2400, whose output is off with an open relay: off in the normal way it holds 0 V with up to 0.5 % of
        its range, which is half a microampere that the source's current lacks in the sample.
        """
        for role in ("source", "voltmeter", "smu"):
            apart = "*RST;:OUTP:SMOD HIMP" if role == "smu" else "*RST"
            ask(self.bench[role], f"{apart};*CLS;*SRE 0;*ESE 0;:STAT:PRES;*OPC?")

    def errors(self) -> dict[str, list[int]]:
        """Take what is in the error queues of the bench."""
        found: dict[str, list[int]] = {}
        for role in ("source", "voltmeter", "smu"):
            codes: list[int] = []
            while code := int(ask(self.bench[role], "SYST:ERR?").split(",")[0]):
                codes.append(code)
            found[role] = codes
        return found


def ask(resource: str, message: str) -> str:
    """Ask an instrument without any VISA."""
    _, host, port, _ = resource.split("::")
    with socket.create_connection((host, int(port)), timeout=20) as plain, plain.makefile("rb") as answers:
        plain.sendall(message.encode() + b"\n")
        return answers.readline().decode().strip()


@contextmanager
def _opticool() -> Generator[Said]:
    bench = Bench(DYNACOOL_9T, clock=ScaledClock(SPEED))
    multivu = MultiVuServer(bench.timeline, bench.cryostat, flavour="OPTICOOL")
    server = LabServer(bench.timeline, {}, {"multivu": multivu})
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield {"cryostat": {"multivu": f"127.0.0.1:{server.ports['multivu']}"}}
    finally:
        server.stop()
        thread.join()


def run(script: str, lab: Said) -> Said:
    """Run a program of `clients` in the environment of its own; what it printed last, as it was meant."""
    words = [str(PYTHON), "-W", "ignore", str(HERE / "clients" / f"{script}.py"), json.dumps(lab)]
    with tempfile.TemporaryDirectory() as folder:  # MultiPyVu writes a log where it runs
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
