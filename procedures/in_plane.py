"""A field in the film plane along the current, and the states that a field along the normal makes."""

from __future__ import annotations

import math

from instruments.cryostat import Cryostat
from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl import facing
from labctl.journal import ANGLE
from labctl.parameters import Choice, OptionalQuantity, Quantity
from labctl.procedure import Procedure
from labctl.turning import plane_angle, turn_from_below
from labctl.waiting import settle_angle, settle_field

DWELL = 60.0
"""s of rest at a field of some mT."""
LEAST = 0.5
"""Part of the field in the film plane below which it is no in-plane field."""
NOTICED = 0.02
"""Part of the field along the film's normal from which on it is said."""
ALONG = "Field along current (T)"
NORMAL, PLANE = "normal", "plane"
"""Where this run has turned the sample's film to."""


class InPlane(Procedure):
    """Base of experiments in a field in the film plane.

    A subclass calls `check_in_plane` in its `check`, and `begin_in_plane` in its `startup`. One whose states are made
    by pulses says `NEEDS_FIELD = True`: zero field is then refused.
    """

    NEEDS_FIELD = False

    in_plane_field = Quantity("25 mT", "Field in the film plane, along the current")
    angle = OptionalQuantity("from align", "Rotator's angle at which the field is there", unit="deg")
    initialise = Choice(
        "from mounting", "How the first state is made", options=["from mounting", "field", "pulse"],
        )  # fmt: skip
    saturation = Quantity("0.5 T", "Field along the normal that saturates the film", above_zero=True)

    # ---- before

    def check_in_plane(self) -> None:
        """Refuse a mounting without a field in the plane, or one that cannot make the first state as was asked.

        Raises:
            BadValue: The sentence says which.
        """
        mounting = self.sample.mounting
        if self.NEEDS_FIELD and self.in_plane_field == 0.0:
            raise BadValue(
                "in_plane_field is 0 T, where no pulse makes a state to begin from; give a field along the current"
            )
        if self.initialise == "field" and not facing.tips(mounting):
            raise BadValue(
                f"initialise is 'field', but sample {self.sample.label} has mounting.rotator_axis = "
                f"{mounting.rotator_axis!r}, so turning it never brings the field along its normal; say "
                "initialise=pulse"
            )
        self._check_angle()
        x, y, z = facing.direction(mounting, self.rotator_angle() or 0.0)
        if self.in_plane_field and math.hypot(x, y) < LEAST:
            leaning = math.degrees(math.acos(min(1.0, abs(z))))
            without = "" if self.NEEDS_FIELD else ', or say in_plane_field="0 T" to see what pulses do without'
            raise BadValue(
                f"in_plane_field is {format_quantity(self.in_plane_field, 'T')}, but the field is {leaning:.3g} deg "
                f"from the normal of sample {self.sample.label} by its record; put it on a rotator "
                f'(mounting.rotator_axis = "across current") or flat (field_from_normal = "90 deg"){without}'
            )

    def _check_angle(self) -> None:
        """Refuse an angle to which nothing turns the sample."""
        if self.angle is None:
            return
        asked, turned = format_quantity(self.angle, "rad", shown="deg"), self.rotator_angle()
        if turned is None:
            raise BadValue(
                f"angle is {asked}, but sample {self.sample.label} has mounting.rotator_axis = "
                f"{self.sample.mounting.rotator_axis!r}, so nothing turns it; leave angle out"
            )
        low, high = Cryostat.LOWEST_POSITION, Cryostat.HIGHEST_POSITION
        if not low <= turned <= high:
            raise BadValue(
                f"angle is {asked}, which the rotator does not reach; it goes from {low:g} deg to {high:g} deg"
            )

    def by_field(self) -> bool:
        """Whether a field along the normal makes the first state."""
        return self.initialise == "field" or (self.initialise == "from mounting" and facing.tips(self.sample.mounting))

    def rotator_angle(self) -> float | None:
        """Return the rotator's angle in deg at which the field is in the plane; None where the sample does not turn."""
        return plane_angle(self, self.angle)

    def largest_field(self) -> float:
        """Return the largest field in T that is asked for."""
        return max(abs(self.in_plane_field), self.saturation if self.by_field() else 0.0)

    # ---- during the run

    def begin_in_plane(self) -> None:
        """Note that nobody has turned the sample yet."""
        self._towards, self._along = "", 0.0

    @property
    def along(self) -> float:
        """Part of the field that is along the current, by the record's mounting and where the sample was turned."""
        return self._along

    def saturate(self, sign: int) -> None:
        """Have the field along the normal make a state of the film, and leave it at zero field."""
        settle_field(self, 0.0)
        in_plane = self.rotator_angle()
        assert in_plane is not None
        normal = facing.angle_along_normal(in_plane)
        if self._towards != NORMAL:
            settle_angle(self, normal, facing.SPEED)
        self._towards, self._along = NORMAL, facing.direction(self.sample.mounting, normal)[0]
        settle_field(self, math.copysign(self.saturation, sign))
        settle_field(self, 0.0, dwell=DWELL)

    def face(self, field: float) -> None:
        """Turn the sample at zero field until the field is in its plane, from below, and apply so many T."""
        angle = self.rotator_angle()
        x, y, z = facing.direction(self.sample.mounting, angle or 0.0)
        if self._towards != PLANE:
            if angle is not None:
                settle_field(self, 0.0)
                turn_from_below(self, angle)
            self._say_how(x, y, z)
        self._towards, self._along = PLANE, x
        settle_field(self, field, dwell=DWELL)

    def _say_how(self, x: float, y: float, z: float) -> None:
        """Say what of the field is not along the current, and what only the record knows."""
        angle = self.rotator_angle()
        if angle is not None and self.angle is None and self.latest(ANGLE) is None:
            self.run.remark(
                f"the rotator's angle, {angle:g} deg, is the record's: run align to know the true one, and give it as "
                "angle where no journal is kept"
            )
        if abs(z) > NOTICED and self.in_plane_field:
            self.run.remark(f"{100 * abs(z):.2g} % of the field are along the film's normal, by the record's mounting")
        if not self.in_plane_field or abs(x) < LEAST * math.hypot(x, y):
            self.run.remark("there is no field along the current, so that no pulse decides which way the film goes")
