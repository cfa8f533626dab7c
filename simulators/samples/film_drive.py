"""What acts on the droplets of a film: the field on their moment, the current's torque on their walls, and warmth.

    D = M_net(T) mu0 H_z + D_SOT,   D > 0 favours n = +1

A field in the film plane lowers what the droplets hold against, besides (see `simulators.physics.nucleation`).

The result is a stretch in which the temperature is constant and the drive linear, or a fast alternation of drives. It
depends on the trajectory and on the currents, never on who asked when.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.environment import GRID_TEMPERATURE, Piece
from simulators.physics import nucleation
from simulators.physics.ferrimagnet import Ferrimagnet
from simulators.physics.ramp import Stretch
from simulators.physics.stir import Alternation
from simulators.physics.torque import alignment, straight_part
from simulators.samples.carrying import Entry, Steady

NEGLIGIBLE_TORQUE = 0.02
"""Part of the switching drive below which a current's torque is left out.

So readings do not cut the film's history. With H_x present the coercive field is off by at most this part; read with
currents that alternate by 0.4 %, since the hazard, with its exponent of 20, then grows by cosh(20 x 0.02) only.
"""

_CELL = 0.01  # of the switching drive: in a fast cycle, a ramp of the field is taken in steps


@dataclass(frozen=True, slots=True)
class Walls:
    """What a field along the current has to overcome to align the walls of droplets.

    Attributes:
        chirality: H_D in T; infinite where no current acts on walls.
        moment: Net moment in A/m for which that is given, where the field pulls walls by their net moment; None where
            it pulls them by the sublattice that n stands for, whatever the net moment.
    """

    chirality: float
    moment: float | None

    def pull(self, net: float) -> float:
        """Return the part of the field that counts at a net moment in A/m, signed along n."""
        return 1.0 if self.moment is None else net / self.moment


@dataclass(frozen=True, slots=True)
class Softening:
    """How a field in the film plane lowers the barriers of droplets.

    Attributes:
        barrier: What the wall around a droplet contributes to its barrier without a field, in J x J/m3; 0 where the
            droplets take no notice.
        anisotropy: Net moment times anisotropy field, J/m3.
    """

    barrier: float
    anisotropy: float

    def at(self, piece: Piece, time: float, moment: float) -> tuple[float, float]:
        """Return by how much barriers are lower at a lab time in s, in J x J/m3, and until when (s).

        In the middle of a cell of the field where that moves, so that a stretch has one barrier.

        Args:
            piece: The piece of the trajectory, with the field.
            time: Lab time in s within it.
            moment: Net moment of the film in A/m.
        """
        in_plane = math.hypot(piece.direction[0], piece.direction[1])
        if not self.barrier or not in_plane:
            return 0.0, math.inf
        scale = in_plane * abs(moment) / self.anisotropy
        tilt, rate, end = scale * piece.field(time), scale * piece.field_rate, math.inf
        if rate and (abs(tilt) < 1.0 or tilt * rate < 0.0):
            middle, line = nucleation.cell(tilt, rate)
            tilt, end = middle, piece.start + (line - scale * piece.field_start) / rate
        return self.barrier * (1.0 - nucleation.wall_part(tilt)), end


class FilmDrive:
    """Assembles what acts on the droplets.

    Args:
        ferrimagnet: The magnetic layer.
        switching_drive: J/m3, of a droplet of the middle.
        walls: How a field aligns walls.
        softening: How a field in the film plane lowers barriers.
        entry: What flows at the beginning.
    """

    def __init__(
        self, ferrimagnet: Ferrimagnet, switching_drive: float, walls: Walls, softening: Softening, entry: Entry
    ) -> None:
        self._ferrimagnet = ferrimagnet
        self._switching = switching_drive
        self._walls = walls
        self._softening = softening
        self._entry = entry

    def effective(self, torque: float) -> float:
        """Return a torque in J/m3 on fully aligned walls as far as it is not negligible."""
        return torque if abs(torque) >= NEGLIGIBLE_TORQUE * self._switching else 0.0

    def follow(self, entry: Entry, piece: Piece) -> bool:
        """Let other currents flow; return whether they make a difference to the droplets in the running piece."""
        before, self._entry = self._entry, entry
        old, new = before.carried, entry.carried
        if not (isinstance(old, Steady) and isinstance(new, Steady)) or before.slow is not entry.slow:
            return True
        if piece.direction[0] != 0.0 and old.torque != new.torque:
            return True
        if old.warmth == new.warmth:  # a reading that is reversed
            return False
        return round(old.warmth / GRID_TEMPERATURE) != round(new.warmth / GRID_TEMPERATURE)

    def __call__(self, piece: Piece, start: float) -> Stretch | Alternation:
        """Return what drives the droplets from a lab time in s on, for the rest of a piece or a first part of it.

        The current's warming is taken on the temperature grid, so that a reading current does not count as a change.
        """
        carried, slow = self._entry.carried, self._entry.slow
        lag, until = slow.step(start)
        if not isinstance(carried, Steady):
            parts = {(on_grid(warmth), torque if piece.direction[0] else 0.0) for _, warmth, torque in carried.parts}
            if len(parts) > 1:
                return self._alternation(piece, start, min(piece.end, until), lag)
            ((warmth, torque),) = parts
        else:
            warmth, torque = on_grid(carried.warmth), carried.torque
        temperature = piece.temperature + warmth + lag
        moment = self._ferrimagnet.driven_moment(temperature)
        normal = piece.direction[2]
        drive, rate = moment * piece.field(start) * normal, moment * piece.field_rate * normal
        softer, change = self._softening.at(piece, start, moment)
        end = min(piece.end, until, change)
        if torque and piece.direction[0]:
            along, growth, turn = self._aligned(piece, start, self._walls.pull(moment))
            return Stretch(start, min(end, turn), temperature, drive + torque * along, rate + torque * growth, softer)
        return Stretch(start, end, temperature, drive, rate, softer)

    def _aligned(self, piece: Piece, start: float, pull: float) -> tuple[float, float, float]:
        """How far the field aligns walls at a lab time in s, how fast that grows in 1/s, and until when (s)."""
        x, chirality = piece.direction[0] * pull, self._walls.chirality
        field, rate = x * piece.field(start), x * piece.field_rate
        if rate == 0.0:
            return alignment(field, chirality), 0.0, math.inf
        along, slope, line = straight_part(field, rate, chirality)
        turn = piece.start + (line - x * piece.field_start) / rate
        if turn <= start:  # rounding has put the field just before the line that it is at
            along, slope, line = straight_part(line, rate, chirality)
            turn = piece.start + (line - x * piece.field_start) / rate
        return along, slope * rate, turn

    def _alternation(self, piece: Piece, start: float, end: float, lag: float) -> Alternation:
        """The parts of a fast cycle, in the middle of a cell of the field where that moves."""
        carried = self._entry.carried
        assert not isinstance(carried, Steady)
        warm = [(share, piece.temperature + on_grid(warmth) + lag, torque) for share, warmth, torque in carried.parts]
        # On the grid many parts are equally warm.
        by_temperature = {one: self._ferrimagnet.driven_moment(one) for one in {part[1] for part in warm}}
        moments = [by_temperature[temperature] for _, temperature, _ in warm]
        x, _, z = piece.direction
        field = piece.field(start)
        if piece.field_rate:
            pulls = max(abs(torque * self._walls.pull(net)) for (_, _, torque), net in zip(warm, moments, strict=True))
            steepest = abs(z) * max(map(abs, moments)) + abs(x) * pulls / self._walls.chirality
            field, end = _middle(piece, start, end, _CELL * self._switching / max(steepest, 1e-300))
        mean = sum(share * moment for (share, _, _), moment in zip(warm, moments, strict=True))
        softer, change = self._softening.at(piece, start, mean)
        parts: dict[tuple[float, float], float] = {}
        for (share, temperature, torque), moment in zip(warm, moments, strict=True):
            along = alignment(x * field * self._walls.pull(moment), self._walls.chirality)
            key = temperature, moment * field * z + torque * along
            parts[key] = parts.get(key, 0.0) + share
        return Alternation(start, min(end, change), tuple((share, *key) for key, share in parts.items()), softer)


def on_grid(warmth: float) -> float:
    """Round to the temperature grid, in K."""
    return GRID_TEMPERATURE * round(warmth / GRID_TEMPERATURE)


def _middle(piece: Piece, start: float, end: float, width: float) -> tuple[float, float]:
    """Middle in T of the field's cell at a lab time in s, cells counted from the piece's start, and its end in s."""
    duration = width / abs(piece.field_rate)
    cell = max(0, math.floor((start - piece.start) / duration))
    while start >= piece.start + (cell + 1) * duration:
        cell += 1
    return piece.field(piece.start + (cell + 0.5) * duration), min(end, piece.start + (cell + 1) * duration)
