from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from instruments.errors import UsageError
from labctl.analysis.readings import read_table


def triples(rows: int = 6, rate: float = 0.01) -> pd.DataFrame:
    """Readings of three 20 ms conversions 50 ms apart in a field swept at `rate`, read back with a delay each."""
    start = np.arange(rows) * 0.2
    table = pd.DataFrame({"Hall resistance (ohm)": np.zeros(rows)})
    for i in range(3):
        table[f"Start {i + 1} (s)"] = start + 0.05 * i
        table[f"End {i + 1} (s)"] = start + 0.05 * i + 0.02
    table["Field before stamp (s)"] = start - 0.03
    table["Field after stamp (s)"] = start + 0.17
    table["Field before (T)"] = rate * table["Field before stamp (s)"]
    table["Field after (T)"] = rate * table["Field after stamp (s)"]
    return table


def test_field_is_interpolated_to_the_middle_of_the_triple_only_where_it_is_missing() -> None:
    table = triples()
    middle = np.arange(6) * 0.2 + 0.06
    assert read_table(table).field == pytest.approx(0.01 * middle)
    assert read_table(table).time == pytest.approx(middle)
    assert read_table(table.assign(**{"Field (T)": 1.0})).field == pytest.approx(np.ones(6))


def test_stamps_give_the_places_of_the_conversions_and_the_rate_while_reading() -> None:
    readings = read_table(triples(rate=-0.02))
    assert readings.offsets is not None
    assert readings.offsets[0] == pytest.approx([-0.05, 0.0, 0.05])
    assert readings.apertures is not None
    assert readings.apertures == pytest.approx(np.full((6, 3), 0.02))
    assert readings.rate == pytest.approx(np.full(6, -0.02))


def test_field_that_stands_still_between_equal_stamps_is_taken_as_it_is() -> None:
    table = triples()
    table["Field after stamp (s)"] = table["Field before stamp (s)"]
    assert read_table(table).field == pytest.approx(table["Field before (T)"].to_numpy())


def test_rows_without_a_valid_reading_are_left_out_and_counted() -> None:
    table = pd.DataFrame(
        {
            "Field (T)": [0.0, 0.1, np.nan, 0.3, 0.4, 0.5],
            "Hall resistance (ohm)": [1.0, np.nan, 1.0, 1.0, 1.0, np.inf],
            "Overflow": [False, False, False, True, False, False],
            "Compliance": ["0", "0", "0", "0", "1", "0"],
        }
    )
    readings = read_table(table)
    assert readings.field.tolist() == [0.0]
    assert readings.left_out == (
        "1 of 6 readings overflowed the meter's range and were left out; give a larger probe_range; "
        "4 rows without a valid reading left out"
    )


def test_only_the_latest_attempt_of_a_block_counts() -> None:
    table = pd.DataFrame(
        {
            "Field (T)": [0.0, 0.1, 0.2, 0.3, 0.4],
            "Hall resistance (ohm)": [1.0, 2.0, 3.0, 4.0, 5.0],
            "Block": [1, 1, 2, 2, 2],
            "Attempt": [1, 1, 1, 2, 2],
        }
    )
    assert read_table(table).hall.tolist() == [1.0, 2.0, 4.0, 5.0]


def test_a_branch_column_of_another_kind_is_not_believed() -> None:
    table = pd.DataFrame({"Field (T)": [0.0, 0.1], "Hall resistance (ohm)": [1.0, 2.0], "Branch": ["trace", "retrace"]})
    assert read_table(table).branch is None
    words = read_table(table.assign(Branch=["Down", " up "])).branch
    assert words is not None
    assert words.tolist() == ["down", "up"]


def test_a_table_without_time_counts_its_rows_also_through_holes() -> None:
    table = pd.DataFrame({"Field (T)": [0.0, np.nan, 0.2], "Hall resistance (ohm)": [1.0, 2.0, 3.0]})
    readings = read_table(table)
    assert not readings.timed
    assert readings.time.tolist() == [0.0, 2.0]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (pd.DataFrame({"Field (T)": [0.0]}), "no column 'Hall resistance"),
        (pd.DataFrame({"Hall resistance (ohm)": [0.0]}), "no column 'Field"),
        (pd.DataFrame({"Hall resistance (ohm)": ["a"], "Field (T)": [0.0]}), "no number"),
    ],
)
def test_a_table_of_another_kind_is_refused_in_one_sentence(table: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_table(table)


def test_overflowed_readings_name_the_range_that_was_too_small() -> None:
    columns = {"Field (T)": 0.0, "Hall resistance (ohm)": 0.0, "Range (V)": 0.01, "Overflow": True}
    table = pd.DataFrame({name: [value] * 40 for name, value in columns.items()})
    open_lead = "one of the two leads at the voltmeter's channel 1 may be open: run contact-check; if both conduct,"
    assert (
        read_table(table).left_out
        == f"all 40 readings overflowed the 10 mV range; {open_lead} give a larger probe_range"
    )
    table.loc[9:, "Overflow"] = False
    many = f"9 of 40 readings overflowed the 10 mV range and were left out; {open_lead} give a larger probe_range"
    assert read_table(table).left_out == many
    table.loc[5:, "Overflow"] = False
    partly = "5 of 40 readings overflowed the 10 mV range and were left out; give a larger probe_range"
    assert read_table(table).left_out == partly
    table["Overflow"] = False
    assert read_table(table).left_out is None
