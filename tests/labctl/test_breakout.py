"""Who moves cables: operator, simulated lab here or elsewhere, or nobody; and that they always get back."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import ScaledClock, VirtualClock
from instruments.errors import Aborted, InstrumentFault, UsageError
from labctl.active_run import ActiveRun
from labctl.breakout import Breakout, Nobody, Operator, RemoteHands, SimulatedHands, home_of, in_words, remote_hands
from labctl.procedure import Procedure
from labctl.remote import read_addresses
from labctl.request import Request
from labctl.run import carry_out
from labctl.sample import load_sample
from labctl.station import load_station
from simulators.breakout import plugged_in
from tests.served import in_a_thread
from tests.simulated import Simulate

HOME = home_of(load_station("versalab").cables)


class Terminal(io.StringIO):
    """A file that is a terminal."""

    def isatty(self) -> bool:
        return True


class Move(Procedure):
    """Move a cable with a current on, and end in some way."""

    roles = ("source",)
    DATA_COLUMNS = ("Level (A)", "Output")
    raises: Exception | None = None
    back = False

    def execute(self) -> None:
        self.source.source_compliance = 0.2
        self.source.source_range = 1e-5
        self.source.source_current = 1e-5
        self.source.source_enabled = True
        self.breakout.connect({"source.high": "C", "source.low": "D"})
        self.record(**{"Level (A)": self.source.source_current, "Output": self.source.source_enabled})
        self.source.source_enabled = True
        if self.raises is not None:
            raise self.raises
        if self.back:
            self.breakout.put_back()


def move(raises: Exception | None = None, *, back: bool = False) -> Move:
    procedure = Move()
    procedure.raises, procedure.back = raises, back
    return procedure


# ---- in the simulated lab of this process


@pytest.mark.parametrize(
    "end", [None, "back", RuntimeError("a mistake"), Aborted("enough"), InstrumentFault("nobody answers")]
)
def test_before_a_cable_moves_the_output_is_off_and_in_the_end_the_cables_are_back(
    simulate: Simulate, end: Any
) -> None:
    done = simulate(move(end if isinstance(end, Exception) else None, back=end == "back"), station="versalab")
    assert done.rows[["Level (A)", "Output"]].to_numpy().tolist() == [[0.0, False]]
    assert plugged_in(done.lab.wiring.cables) == HOME
    assert done.lab.wiring.cables == done.lab.bench.cables
    done.assert_source_off()
    text = done.directory.events_file.read_text()
    assert text.count('"cables"') == (2 if end == "back" else 1)
    assert not any("cables" in warning for warning in done.outcome.warnings)


def test_a_source_that_nobody_asked_for_is_turned_off_too(simulate: Simulate) -> None:
    on: list[bytes] = []

    class WithTheOther(Move):
        """Switch the other source on behind the back of all drivers."""

        def startup(self) -> None:
            assert isinstance(self.run, ActiveRun)
            assert self.run.session.lab is not None
            self.run.session.lab.devices["smu"].write(b":SOUR:FUNC CURR;:SOUR:CURR 1e-6;:OUTP 1\n")

        def execute(self) -> None:
            super().execute()
            assert isinstance(self.run, ActiveRun)
            lab = self.run.session.lab
            assert lab is not None
            lab.devices["smu"].write(b":OUTP?;:SOUR:CURR?\n")
            on.append(lab.devices["smu"].read())

    done = simulate(WithTheOther(), station="versalab")
    assert done.outcome.status == "finished", done.outcome.error
    output, level = on[0].split(b";")
    assert (output, float(level)) == (b"0", 0.0)


def test_no_cable_moves_while_a_source_is_not_known_to_be_off() -> None:
    moved: list[Mapping[str, str]] = []

    def rest() -> None:
        raise InstrumentFault("the output does not turn off")

    breakout = Breakout(SimulatedHands(moved.append, lambda: None), load_station("versalab").cables, rest)
    with pytest.raises(InstrumentFault, match="does not turn off"):
        breakout.connect({"source.high": "A", "source.low": "B"})
    assert moved == []
    assert not breakout.moved
    breakout.moved = True
    assert "the output does not turn off" in breakout.leave(at_rest=False)[0]


def test_what_cannot_be_plugged_in_is_refused_before_anything_is_turned_off() -> None:
    def rest() -> None:
        raise AssertionError("nothing should be touched")

    breakout = Breakout(Nobody("no"), load_station("versalab").cables, rest)
    with pytest.raises(UsageError, match=r"no end 'sorce\.high'"):
        breakout.connect({"sorce.high": "A"})
    with pytest.raises(UsageError, match="short"):
        breakout.connect({"source.high": "A", "source.low": "A"})


# ---- at the terminal


def test_an_operator_gets_one_sentence_and_presses_enter() -> None:
    answers, says = Terminal("\n\n"), Terminal()
    notes: list[tuple[str, dict[str, Any]]] = []
    breakout = Breakout(Operator(answers, says), load_station("versalab").cables, lambda: None)
    breakout.note = lambda event, **details: notes.append((event, details))
    breakout.check()
    breakout.connect({"source.high": "I+", "source.low": "shield", "voltmeter.channel_1_high": "I+"})
    assert (
        "Plug source HI and voltmeter CH1 HI into I+, source LO into the shield; pull everything else"
        in says.getvalue()
    )
    assert notes[-1][1]["by"] == "operator"
    breakout.put_back()
    assert f"Put the cables back: {in_words(HOME)}" in says.getvalue()
    assert notes[-1] == ("cables", {"by": "operator", "plugged": HOME})
    assert breakout.leave(at_rest=True) == []


def test_after_a_run_that_ended_early_an_operator_is_told_and_not_waited_for() -> None:
    breakout = Breakout(Operator(Terminal("\n"), Terminal()), load_station("versalab").cables, lambda: None)
    breakout.connect({"source.high": "A", "source.low": "B"})
    (warning,) = breakout.leave(at_rest=True)
    assert "put them back: source HI" in warning
    assert breakout.moved


def test_without_a_terminal_nobody_can_be_asked() -> None:
    with pytest.raises(UsageError, match="no terminal"):
        Operator(io.StringIO(), Terminal()).check()


def test_a_terminal_that_goes_away_ends_the_run() -> None:
    with pytest.raises(Aborted, match="terminal is gone"):
        Operator(Terminal(""), Terminal()).plug({"source.high": "A", "source.low": "B"})


# ---- in a simulated lab in another process


@pytest.mark.parametrize("virtual", [True, False])
def test_the_cables_of_a_lab_elsewhere_move_and_get_back(tmp_path: Path, virtual: bool) -> None:
    file = tmp_path / "lab.json"
    clock = VirtualClock() if virtual else ScaledClock(1000.0)
    with in_a_thread(file, clock, station="versalab") as served:
        outcome = carry_out(
            Request(
                name="move", procedure=move(RuntimeError("a mistake")), station=load_station("versalab"),
                sample=load_sample("cotb2025"), simulate=False, lab=file, out=tmp_path,
            )
        )  # fmt: skip
        assert "a mistake" in str(outcome.error)
        assert served.lab.wiring.cables == served.lab.bench.cables
        hands = remote_hands(read_addresses(file))
        assert isinstance(hands, RemoteHands)
        hands.check()
        hands.plug({"source.high": "C", "source.low": "D"})
        assert served.lab.wiring.cables.source == ("C", "D")
        with pytest.raises(InstrumentFault, match="no lead 'Z'"):
            hands.plug({"source.high": "Z"})
    with pytest.raises(UsageError, match="does not answer"):
        hands.check()


def test_an_old_lab_has_no_such_door(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    file.write_text('{"source": null, "voltmeter": null, "smu": null, "lockin": null, "cryostat": null, "clock": null}')
    hands = remote_hands(read_addresses(file))
    with pytest.raises(UsageError, match="start it again"):
        hands.check()
    assert hands.leave(HOME) == ""
