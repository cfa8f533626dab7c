"""The field's direction in the sample's frame while a rotator turns: in closed form, whoever asks when."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from simulators.accessories import RotatorSetting
from simulators.cryostat import SimulatedCryostat
from simulators.environment import Piece
from simulators.machines import PPMS_9T
from simulators.mounting import Mounting
from simulators.physics.magnet import FieldApproach
from simulators.randomness import Streams
from simulators.timeline import Timeline


def build(mounting: Mounting) -> tuple[VirtualClock, SimulatedCryostat]:
    clock, streams = VirtualClock(), Streams(3, 0)
    noises = streams.noise("thermometer reading"), streams.noise("field reading")
    machine = SimulatedCryostat(Timeline(clock), PPMS_9T, *noises)
    machine.mount(mounting)
    return clock, machine


def walk(machine: SimulatedCryostat, end: float) -> list[Piece]:
    pieces: list[Piece] = []
    time = 0.0
    while time < end:
        pieces.append(machine.piece(time))
        time = pieces[-1].end
    return pieces


moves = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.01, 20.0)),
        st.tuples(st.just("look"), st.floats(-20.0, 5.0)),
        st.tuples(st.just("move"), st.floats(0.0, 200.0)),
        st.tuples(st.just("field"), st.floats(-0.2, 0.2)),
    ),
    min_size=1,
    max_size=10,
)


def carry_out(script: list[tuple[str, float]], *, looking: bool) -> tuple[float, SimulatedCryostat]:
    clock, machine = build(Mounting(axis="across current"))
    for what, value in script:
        if what == "wait":
            clock.sleep(value)
        elif what == "look" and looking:
            start = max(0.0, clock.now() + value)
            machine.piece(start)
            list(machine.pieces(start, start + 3.0))
        elif what == "move":
            machine.move(RotatorSetting(value, 0, 0))
        elif what == "field":
            machine.set_field(value, 0.01, FieldApproach.LINEAR)
    return clock.now(), machine


@settings(max_examples=25, deadline=None)
@given(script=moves)
def test_pieces_of_a_rotation_cover_the_time_and_do_not_depend_on_who_looked(script: list[tuple[str, float]]) -> None:
    end, watched = carry_out(script, looking=True)
    _, alone = carry_out(script, looking=False)
    pieces = walk(alone, end + 30.0)
    assert walk(watched, end + 30.0) == pieces
    assert all(before.end == after.start for before, after in itertools.pairwise(pieces))
    for piece in pieces:
        middle = 0.5 * (piece.start + min(piece.end, end + 30.0))
        angle = math.radians(alone.rotator.rotation.angle(middle))
        assert piece.direction[2] == pytest.approx(math.cos(angle), abs=math.radians(0.1))
        assert math.hypot(*piece.direction) == pytest.approx(1.0)


def test_a_move_ends_the_piece_that_runs_and_leaves_its_beginning() -> None:
    clock, machine = build(Mounting(axis="across current"))
    machine.set_field(0.5, 0.01, FieldApproach.LINEAR)
    clock.sleep(10.0)
    before, revision = machine.piece(10.0), machine.revision
    machine.move(RotatorSetting(90.0, 0, 0))
    cut = machine.piece(before.start)
    assert machine.revision == revision + 1
    assert (cut.start, cut.field_start, cut.field_rate, cut.direction, cut.end) == (
        before.start, before.field_start, before.field_rate, before.direction, 10.0,
    )  # fmt: skip
    clock.sleep(1.0)
    assert machine.piece(clock.now()).direction[0] == pytest.approx(math.sin(math.radians(12.0)), abs=2e-3)


def test_without_a_rotator_a_move_is_nothing_to_the_sample() -> None:
    clock, machine = build(Mounting(math.pi / 2))
    revision = machine.revision
    machine.move(RotatorSetting(90.0, 0, 0))
    clock.sleep(5.0)
    assert machine.revision == revision
    assert machine.piece(5.0) == machine.piece(0.0)


def test_the_play_shows_in_the_field_after_an_approach_from_above() -> None:
    clock, machine = build(Mounting(axis="across current"))
    machine.move(RotatorSetting(90.0, 0, 0))
    clock.sleep(60.0)
    below = machine.piece(clock.now()).direction[2]
    machine.move(RotatorSetting(120.0, 0, 0))
    clock.sleep(60.0)
    machine.move(RotatorSetting(90.0, 0, 0))
    clock.sleep(60.0)
    above = machine.piece(clock.now()).direction[2]
    assert machine.read_angle() == 90.0
    assert below - above == pytest.approx(math.radians(PPMS_9T.service.rotator_backlash), rel=0.01)
    assert below == pytest.approx(-math.radians(PPMS_9T.service.rotator_error), rel=0.01)
