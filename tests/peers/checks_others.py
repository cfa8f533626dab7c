"""What the programs that drive a cryostat, and those of no particular make, have to have done and read."""

from __future__ import annotations

import pytest

from tests.peers.checks_source import hall_by_reversal
from tests.peers.served import Said, Truth

STABILITY = 1e-3
"""Relative; more than four times the scatter of the temperature's read-back on the simulated machines."""


def multipyvu(said: Said, truth: Truth) -> None:
    assert (said["flavour"], said["version"]) == ("PPMS", "3.8.0")
    (temperature, thermal), (field, magnetic), chamber = said["fresh"]
    assert temperature == pytest.approx(300.0, rel=STABILITY)
    assert abs(field) < 1.0
    assert (thermal, magnetic, chamber) == ("Stable", "Holding (driven)", "Purged and Sealed")
    assert said["set points"] == [[298.0, 20.0, "fast_settle"], [1000.0, 100.0, "linear", "driven"]]
    assert (said["waited"], said["steady then"]) == (0, True)
    (temperature, thermal), (field, magnetic) = said["then"]
    assert temperature == pytest.approx(298.0, rel=STABILITY)
    assert field == pytest.approx(1000.0, abs=1.0)
    assert (thermal, magnetic) == ("Stable", "Holding (driven)")
    assert said["purging"] != said["purged"][1] == "Purged and Sealed"
    assert said["position"] == [pytest.approx(45.0, abs=0.1), "Transport stopped at set point"]


def multipyvu_commands(said: Said, truth: Truth) -> None:
    assert "Server is running" in said["running"]
    assert "idle" in said["status"]
    assert "Quit the server" in said["ends"]
    assert "idle" in said["goes_on"]


def matr1x_ppms(said: Said, truth: Truth) -> None:
    field, magnetic, temperature, chamber = said["wrapped"]
    assert field == pytest.approx(0.05, abs=1e-4)
    assert temperature == pytest.approx(298.0, rel=STABILITY)
    assert (magnetic, chamber) == ("Holding (driven)", "Purged and Sealed")


def slave_ppms(said: Said, truth: Truth) -> None:
    read = said["read"]
    assert read["identification"][0] == "QUANTUM DESIGN"
    assert [read[name] for name in ("target_temperature", "target_field")] == [
        [300.0, 20.0, "fast"], [0.0, 190.0, "linear", "driven"],
    ]  # fmt: skip
    assert read["magnet_config"][0] == 90000.0
    assert (read["level"][1], read["chamber"]) == ("<1h", "seal")
    # Of three numbers it expects one, and of four settings three.
    assert {name for name, value in read.items() if value == "ValueError"} == {
        "move_config", "sample_position", "sample_space_pressure",
    }  # fmt: skip
    ramped, field, setting = said["field"]
    assert (ramped, setting) == ("charging", [1000.0, 100.0, "linear", "driven"])
    assert field == pytest.approx(1000.0, abs=1.0)
    begun, temperature, setting = said["temperature"]
    assert (begun, setting) == ("temperature not in tolerance, not valid", [290.0, 10.0, "fast"])
    assert temperature == pytest.approx(290.0, rel=STABILITY)
    assert said["chamber"] == [
        ["pump", "pumping continuously"], ["vent", "venting continuously"], ["purge seal", "performing purge/seal"],
    ]  # fmt: skip
    assert (said["sealed"], said["position"], said["level"][1]) == ("purged, sealed", "stopped", "continuous")
    assert said["shut_down"] == "standby mode invoked"


def opticool(said: Said, truth: Truth) -> None:
    assert said["identity"]["model"] == "OPTICOOL"
    assert said["fresh"][0] == pytest.approx(300.0, abs=0.1)
    assert "Ramping" in said["states"]
    temperature, field, _ = said["there"]
    assert temperature == pytest.approx(298.0, abs=0.2)
    assert field == pytest.approx(0.05, abs=1e-4)
    assert said["points"] == [298.0, pytest.approx(0.005), "connected"]
    assert said["refused"] == "MultiPyVuError"
    assert said["still"][0] == pytest.approx(298.0, abs=0.2)  # EXIT has ended the session, and not the lab


def spelling(said: Said, truth: Truth) -> None:
    identity, *others = said["spelling"]
    assert identity.startswith("KEITHLEY INSTRUMENTS INC.,MODEL 6221,")
    slow, limits, switches = others[3], others[5], others[6:]
    assert [float(others[n]) for n in (0, 1, 2, 4)] == [1e-4, 5.0, 1.5e-4, 2e-4]
    assert (slow, [float(part) for part in limits.split(";")], switches) == ("SLOW", [0.105, -0.105], ["1", "0"])
    assert [float(part) for part in said["packet"]][:2] == [1e-3, 5.0]
    assert float(said["bytewise"]) == 1e-3
    voltages, output, queries = said["automatic"]
    volts, amperes = (float(part) for part in voltages.split(","))
    assert volts / amperes == pytest.approx(truth.film, rel=0.01)
    assert (output, queries.split(";")[0], queries.split(";")[-1]) == ("0", "CURR", "1")


def waiting(said: Said, truth: Truth) -> None:
    assert said["opc"][0] == "1"
    float(said["opc"][1])
    polls, event, status = said["opc bit"]
    assert polls > 0
    assert (event, status) == ("1", "0")
    assert said["event"] == [pytest.approx(100, abs=99), "8"]


def binary(said: Said, truth: Truth) -> None:
    hall_by_reversal(said["text"], truth, 8)
    for head, values, tail in said["binary"].values():
        assert (head, tail) == ("#0", "\n")
        assert values == pytest.approx(said["text"], rel=1e-6)


def mistakes(said: Said, truth: Truth) -> None:
    assert said["wrong word"][0].startswith("-113,")
    assert float(said["wrong word"][1]) == 3e-6  # what stood before the mistake was done, what stood behind it not
    assert said["wrong"] == [-108, -109, -222, -224, -111, -158]
    assert said["unanswered"] == [True, '-113,"Undefined header"']
    assert "MODEL 6221" in said["interrupted"][0]
    assert len(said["interrupted"]) == 3
    assert (float(said["stranger"]), said["guests"]) == (3e-6, 1)
    assert said["errors"] == ['0,"No error"'] * 3
