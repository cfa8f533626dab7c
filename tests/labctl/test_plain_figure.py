from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.errors import BadValue
from labctl.frame import FIELD_UNITS, Caption
from labctl.plain_figure import FINE, MOST_PANELS, plot_columns, unit_of


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({name.replace("_V", " (V)").replace("_A", " (A)"): value for name, value in columns.items()})


def panels(figure: Any) -> list[tuple[str, list[float]]]:
    """Label of the vertical axis and what is drawn, of each panel that is seen."""
    return [(axes.get_ylabel(), axes.lines[0].get_ydata().tolist()) for axes in figure.axes if axes.get_visible()]


def test_the_first_column_is_drawn_against_the_others_with_people_s_prefixes() -> None:
    figure: Any = plot_columns(
        table(I_A=[0.0, 1e-4], U_V=[0.0, 2.4e-5], Note=["a", "b"], Same=[1.0, 1.0], Block=[1, 2])
    )
    assert panels(figure) == [("U (µV)", pytest.approx([0.0, 24.0]))]
    assert figure.axes[0].get_xlabel() == "I (µA)"
    assert figure.axes[0].lines[0].get_xdata().tolist() == pytest.approx([0.0, 100.0])


def test_columns_that_are_named_are_drawn_and_others_refused() -> None:
    data = table(a=[1, 2], b=[3, 4], c=["x", "y"])
    assert panels(plot_columns(data, x="b", y=["a"])) == [("a", [1.0, 2.0])]
    for wrong in ("c", "d"):
        with pytest.raises(BadValue, match=f"no column '{wrong}' with numbers; those of the table are a, b"):
            plot_columns(data, x=wrong, y=["a"])
    with pytest.raises(BadValue, match=r"did you mean 'Hall resistance \(ohm\)'\?$"):
        plot_columns(pd.DataFrame({"Hall resistance (ohm)": [1.0, 2.0], "b": [3.0, 4.0]}), y=["Hal resistance (ohm)"])


def test_only_so_many_panels_are_drawn() -> None:
    data = pd.DataFrame({f"c{number}": [0.0, float(number)] for number in range(20)})
    drawn = panels(plot_columns(data))
    assert [name for name, _ in drawn] == [f"c{number}" for number in range(1, MOST_PANELS + 1)]


def test_missing_numbers_leave_gaps_and_nothing_to_draw_is_no_figure() -> None:
    figure = plot_columns(table(x=[0, 1, 2], y_V=[1e-3, np.nan, 3e-3]))
    ((label, drawn),) = panels(figure)
    assert label == "y (mV)"
    assert drawn[0] == pytest.approx(1.0)
    assert np.isnan(drawn[1])
    assert plot_columns(table(x=[0.0, 1.0])) is None
    assert plot_columns(table(x=["a"], y=["b"])) is None
    assert plot_columns(table(x=[np.nan, np.nan], y=[1.0, 2.0])) is None
    assert panels(plot_columns(table(x=[0.0, 1.0], y=[5.0, 5.0]))) == [("y", [5.0, 5.0])]


def test_a_simulated_run_is_marked_and_its_origin_written() -> None:
    data = table(x=[0.0, 1.0], y=[5.0, 6.0])
    figure: Any = plot_columns(data, title="T", subtitle="S", caption=Caption("0007-x-sim", simulated=True))
    assert {text.get_text() for text in figure.texts} == {"T", "S", "0007-x-sim", "SIMULATED"}


def looks(figure: Any) -> tuple[str, str]:
    """Line style and marker of the first panel's points."""
    line = figure.axes[0].lines[0]
    return line.get_linestyle(), line.get_marker()


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.arange(50.0), ("-", "o")),
        (np.array([3.0, 2.0, 1.0, 0.0]), ("-", "o")),
        (np.concatenate([np.linspace(1, -1, 40), np.linspace(-1, 1, 40)]), ("-", "o")),  # a loop
        (np.concatenate([np.linspace(1, -1, 400), np.linspace(-1, 1, 400)]), ("-", "")),
        (np.random.default_rng(1).permutation(9).astype(float), ("None", "o")),
        (np.repeat([5.0, 1.0, 4.0, 2.0, 3.0], 20), ("None", "o")),  # readings at each value of a random order
        (np.random.default_rng(1).random(1000), ("None", ".")),
    ],
    ids=["rising", "falling", "loop", "long loop", "random", "random groups", "many"],
)
def test_points_are_joined_unless_the_axis_jumps_to_and_fro(x: Any, expected: tuple[str, str]) -> None:
    data = pd.DataFrame({"x": x, "y": np.sin(x)})
    assert looks(plot_columns(data, x="x", y=["y"])) == expected
    assert looks(plot_columns(data, x="x", y=["y"], lines=True))[0] == "-"
    style, marker = looks(plot_columns(data, x="x", y=["y"], lines=False))
    assert style == "None"
    assert marker not in {"", "None"}


def test_errors_and_a_fit_are_drawn_in_the_units_of_the_axes() -> None:
    data = table(I_A=[1e-4, 3e-4, 2e-4], U_V=[1e-5, 3e-5, 2e-5], sure=[1e-6, 2e-6, 3e-6])
    figure: Any = plot_columns(
        data, x="I (A)", y=["U (V)"], errors={"U (V)": "sure"}, fits={"U (V)": lambda current: 0.1 * current}
    )
    (axes,) = figure.axes
    ((_, _, (bars,)),) = [(box[0], box[1], box[2]) for box in axes.containers]
    half = [(segment[1][1] - segment[0][1]) / 2 for segment in bars.get_segments()]
    assert half == pytest.approx([1.0, 2.0, 3.0])  # µV
    fit = axes.lines[-1]
    assert fit.get_xdata()[[0, -1]].tolist() == pytest.approx([100.0, 300.0])  # µA
    assert fit.get_ydata()[[0, -1]].tolist() == pytest.approx([10.0, 30.0])
    figure = plot_columns(data, y=["U (V)"], fits={"U (V)": lambda _: 2e-5})
    assert figure.axes[0].lines[-1].get_ydata().tolist() == pytest.approx([20.0] * FINE)


def test_a_column_of_errors_is_no_panel_of_its_own() -> None:
    data = table(x=[0.0, 1.0], y=[1.0, 2.0], sure=[0.1, 0.2])
    figure: Any = plot_columns(data, errors={"y": "sure"})
    assert [axes.get_ylabel() for axes in figure.axes] == ["y"]


def test_errors_and_fits_of_what_is_not_drawn_are_refused() -> None:
    data = table(x=[0.0, 1.0], y=[1.0, 2.0], z=[1.0, 3.0])
    with pytest.raises(BadValue, match="errors or fits name 'z', which is not drawn; drawn are y"):
        plot_columns(data, y=["y"], fits={"z": lambda x: x})
    with pytest.raises(BadValue, match="no column 'sure' with numbers"):
        plot_columns(data, y=["y"], errors={"y": "sure"})


def test_fields_are_shown_in_the_unit_that_was_asked_for() -> None:
    data = pd.DataFrame({"Field (T)": [0.0, 0.1], "y": [0.0, 1.0]})
    shown: list[tuple[str, float]] = []
    for unit in FIELD_UNITS:
        figure: Any = plot_columns(data, caption=Caption(field_unit=unit))  # pyright: ignore[reportArgumentType] - its keys
        shown.append((figure.axes[0].get_xlabel(), figure.axes[0].lines[0].get_xdata()[-1]))
    assert shown == [("Field (mT)", 100.0), ("Field (Oe)", 1000.0), ("Field (T)", 0.1)]


def test_units_of_columns() -> None:
    assert [unit_of(name) for name in ("Field (T)", "A (B) (mA)", "Branch", "x ()", "(V)", "Rate (T/s)")] == [
        "T", "mA", "", "", "", "T/s",
    ]  # fmt: skip
