from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.errors import BadValue
from labctl.plain_figure import MOST_PANELS, plot_columns, unit_of
from labctl.procedure import Caption


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
        with pytest.raises(BadValue, match=f"no column '{wrong}' with numbers; the table has a, b, c"):
            plot_columns(data, x=wrong, y=["a"])


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


def test_units_of_columns() -> None:
    assert [unit_of(name) for name in ("Field (T)", "A (B) (mA)", "Branch", "x ()", "(V)", "Rate (T/s)")] == [
        "T", "mA", "", "", "", "T/s",
    ]  # fmt: skip
