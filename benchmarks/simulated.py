"""The lab that the measurements share: the default station on its simulated twin, and pyvisa-sim beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyvisa
from pyvisa.resources import MessageBasedResource

from instruments.clock import VirtualClock
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.sample import load_sample
from labctl.session import Session, open_session
from labctl.simulation import build_lab
from labctl.station import load_station
from labctl.surroundings import LabStart
from procedures.ahe import AnomalousHallLoop
from simulators.lab import Lab

STATION, SAMPLE = "ppms", "cotb2025"
SOURCE = "GPIB0::12::INSTR"
QUERY = ":SOUR:CURR?"

PYVISA_SIM = """
spec: "1.0"
devices:
  source:
    eom: {{GPIB INSTR: {{q: "\\n", r: "\\n"}}}}
    error: ERROR
    dialogues:
      - {{q: "*IDN?", r: "KEITHLEY INSTRUMENTS INC.,MODEL 6221,1234567,D04  /700x "}}
      - {{q: "{query}", r: "{reply}"}}
resources:
  {source}: {{device: source}}
"""
"""A current source that answers one question, which is as little as pyvisa-sim can be asked to do."""


def lab() -> Lab:
    """A lab of its own, on a virtual clock."""
    return build_lab(load_station(STATION), load_sample(SAMPLE), VirtualClock(), seed=1, sample_seed=0)


def request(folder: Path, procedure: AnomalousHallLoop) -> Request:
    """What `labctl run ahe --simulate --seed 1` asks for."""
    return Request("ahe", procedure, load_station(STATION), load_sample(SAMPLE), simulate=True, seed=1, out=folder)


@contextmanager
def session() -> Generator[Session]:
    """The default station's simulated twin, opened for a procedure that needs no instrument."""
    with open_session(load_station(STATION), load_sample(SAMPLE), (), simulate=True, start=LabStart(1)) as opened:
        yield opened


def loop(procedure: AnomalousHallLoop | None = None) -> Outcome:
    """Carry out an anomalous-Hall run, the default one if no other is given, and throw its files away."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = carry_out(request(Path(folder), procedure or AnomalousHallLoop()))
    if outcome.status != "finished":
        raise RuntimeError(f"the run to be measured {outcome.status}: {outcome.error}")
    return outcome


def open_source(manager: pyvisa.ResourceManager) -> MessageBasedResource:
    """The current source as a pyvisa program opens it."""
    resource: Any = manager.open_resource(SOURCE, read_termination="\n", write_termination="\n")
    assert isinstance(resource, MessageBasedResource)
    return resource


@contextmanager
def pyvisa_sim_source() -> Generator[MessageBasedResource]:
    """A current source played by pyvisa-sim, which gives the reply that our simulated one gives."""
    reply = open_source(pyvisa.ResourceManager(lab().visa)).query(QUERY)  # pyright: ignore[reportArgumentType] - annotated str, takes any library
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.yaml"
        path.write_text(PYVISA_SIM.format(query=QUERY, reply=reply, source=SOURCE), encoding="utf-8")
        source = open_source(pyvisa.ResourceManager(f"{path}@sim"))
        assert source.query(QUERY) == reply
        yield source
        source.close()
