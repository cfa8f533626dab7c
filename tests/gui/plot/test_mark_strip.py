"""Words of results above a plot: none covers another, and each stands as near to its place as there is room."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.gui.plot.choices import first_axes
from labctl.gui.plot.mark_strip import GAP, MOST_LINES, Label, placed
from labctl.gui.plot.markers import markers_of, of_what

ROOM = 600.0
wanted = st.lists(
    st.tuples(
        st.builds(Label, st.just("x"), st.none()), st.floats(10.0, 900.0), st.one_of(st.none(), st.floats(0.0, ROOM))
    ),
    max_size=30,
)


@given(labels=wanted)
@settings(deadline=None, max_examples=100)
def test_no_label_covers_another_or_leaves_the_strip(labels: list[tuple[Label, float, float | None]]) -> None:
    found = placed(labels, ROOM)
    for number, one in enumerate(found):
        assert one.left >= 0
        assert one.left + one.width <= ROOM
        assert one.line < MOST_LINES
        for other in found[:number]:
            apart = one.left >= other.left + other.width + GAP or other.left >= one.left + one.width + GAP
            assert one.line != other.line or apart
    assert len(found) == len(labels) or len(found) >= MOST_LINES  # only what has no room is not written


def test_two_labels_stand_on_either_side_of_their_places() -> None:
    left, right = placed([(Label("up", 0.1), 200.0, 330.0), (Label("down", -0.1), 200.0, 270.0)], ROOM)
    assert (left.label.text, left.line, right.line) == ("down", 0, 0)
    assert left.left + left.width <= 270.0
    assert right.left >= 330.0


def test_a_place_says_of_what_its_uncertainty_is_and_what_the_ensemble_has() -> None:
    results = {
        "coercive_field_up": {"value": 0.07, "uncertainty": 0.0001, "unit": "T", "of": "this loop"},
        "coercive_field_up_ensemble": {"value": 0.07, "uncertainty": 0.0003, "unit": "T", "of": "ensemble"},
    }
    (marker,) = markers_of(results, ["Field (T)"])
    assert (marker.of, of_what([marker])) == ("this loop", "Results: ± of this loop")
    assert marker.beside == "; 70.00 ± 0.30 mT, of the ensemble of all its loops, as in History"


def test_a_resistance_over_temperature_is_first_shown_over_temperature() -> None:
    names = ["Field (T)", "Hall resistance (ohm)", "Temperature (K)", "Resistance (ohm)"]
    assert first_axes(names, names, "rt") == ("Temperature (K)", "Resistance (ohm)")
    assert first_axes(names, names, "ahe") == ("Field (T)", "Hall resistance (ohm)")
