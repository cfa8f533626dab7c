"""Loops of junctions of different size, joined: what may be called TMR, the order, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from instruments.errors import BadValue, UsageError
from labctl.analysis.junction_sizes import SizedJunction, sizes
from labctl.analysis.result import Result, missing
from labctl.cli.main import run_command
from labctl.junction_sizes import check_biases, join
from labctl.sample import load_sample
from procedures.ahe import AnomalousHallLoop
from procedures.tmr_loop import TmrLoop
from simulators.physics.crossed_strips import far
from tests.simulated import Simulate

SIZES = {"fimtj2026-56um": 2463.0, "fimtj2026-17.5um": 240.5, "fimtj2026": 3.142, "fimtj2026-1x0.7um": 0.5498}


def loop(parallel: float, antiparallel: float, error: float = 1e-4) -> Mapping[str, Result]:
    return {
        "resistance_parallel": Result(parallel, 0.0, "ohm", "this loop"),
        "resistance_antiparallel": Result(antiparallel, 0.0, "ohm", "this loop"),
        "tmr": Result(antiparallel / parallel - 1.0, error, "1", "this loop"),
    }


def sized(name: str, area: float, parallel: float, tmr: float, electrode: float | None = 50.0) -> SizedJunction:
    return SizedJunction(name, area, electrode, "assumed", 15.0, loop(parallel, parallel * (1.0 + tmr)))


def test_below_ten_squares_it_is_apparent_and_above_it_is_tmr() -> None:
    """The bound is where the crossing of the strips moves a TMR by some hundredths of itself, and not by more."""

    def read(junction: float) -> float:
        return junction + 2.0 * far(50.0, junction)

    for squares, off in ((10.0, 0.05), (0.5, 0.5)):
        low, high = (read(factor * squares * 50.0) for factor in (1.0, 1.25))
        moved = (high / low - 1.0) / 0.25 - 1.0
        assert moved < off if squares == 10.0 else moved > off
    found = sizes([sized("just", 1e-12, 501.0, 0.2), sized("below", 2e-12, 499.0, 0.2)])
    below, just = found.table
    assert just.number("tmr") == pytest.approx(0.2)
    assert below.number("tmr") is None
    assert "9.98" in str(below["electrode_squares"].text())
    assert "fewer than 10" in str(below["tmr"].why)
    assert below.number("apparent_ratio") == pytest.approx(0.2)


def test_the_low_state_decides_also_where_it_is_the_antiparallel_one() -> None:
    assert sized("negative", 1e-12, 550.0, -0.17).why_apparent
    assert not sized("negative", 1e-12, 650.0, -0.17).why_apparent


def test_without_the_electrodes_resistance_nothing_is_called_tmr() -> None:
    found = sizes([sized("a", 2e-12, 1e5, 0.2, None), sized("b", 1e-12, 2e5, 0.3, None)])
    assert found["tmr_grows"].value is None
    assert "resistances.electrode" in str(found.table[0]["tmr"].why)
    assert found["apparent_ratio_grows"].value is True


def test_the_order_needs_each_step_to_stand_out() -> None:
    grows = sizes([sized("a", 3e-12, 1e5, 0.2), sized("b", 2e-12, 1.5e5, 0.25), sized("c", 1e-12, 3e5, 0.3)])
    assert grows["tmr_grows"].value is True
    assert grows.number("resistance_area_spread") == pytest.approx(1.0)
    same = sizes([sized("a", 3e-12, 1e5, 0.2), sized("b", 2e-12, 1.5e5, 0.2001)])
    assert same["tmr_grows"].value is False
    negative = sizes([sized("a", 3e-12, 1e5, -0.1), sized("b", 2e-12, 1.5e5, -0.2)])
    assert negative["tmr_grows"].value is True


def test_a_loop_without_tmr_says_why() -> None:
    lost = {**loop(1e5, 1e5), "tmr": missing("1", "minor loop")}
    found = sizes([SizedJunction("a", 1e-12, 50.0, "assumed", 15.0, lost), sized("b", 2e-12, 1e5, 0.2)])
    assert found.table[1]["tmr"].why == "minor loop"
    assert found["tmr_grows"].value is None


# ---- runs


@pytest.fixture
def runs(simulate: Simulate) -> list[Path]:
    quick = {"maximum_field": "0.6 T", "sweep_rate": "190 Oe/s", "temperature": "35 K"}
    done = [simulate(TmrLoop(**quick), sample=name) for name in ("fimtj2026-56um", "fimtj2026")]
    assert [each.outcome.status for each in done] == ["finished", "finished"]
    return [each.directory.path for each in done]


def test_runs_are_joined_by_one_command(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], simulate: Simulate
) -> None:
    out = tmp_path / "sizes"
    asked = ["tmr-size", *map(str, runs), "--out", str(out)]
    assert run_command(asked) == 0
    said = capsys.readouterr()
    assert "not called TMR: fimtj2026-56um, 2463 um^2" in said.err
    assert "(assumed, in the record)" in said.err
    table = pd.read_csv(out / "sizes.csv")
    assert table["sample"].tolist() == ["fimtj2026-56um", "fimtj2026"]
    assert (table["area (m^2)"] * 1e12).tolist() == pytest.approx([2463.0, 3.142], rel=1e-3)
    assert table["tmr"].isna().tolist() == [True, False]
    ratios = table["apparent_ratio"].abs().tolist()
    assert ratios[1] > ratios[0] > 0.01
    assert (out / "figure.png").stat().st_size > 10_000
    # With better electrodes both are; and nothing was lost by joining them before.
    assert run_command([*asked, "--electrode", "5 ohm", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["results"]["tmr_grows"]["value"] is True
    refusals(runs, simulate(AnomalousHallLoop(maximum_field="0.2 T", survey_rate="180 Oe/s")).directory.path, out)


def refusals(runs: list[Path], other: Path, out: Path) -> None:
    """What does not go together."""
    with pytest.raises(BadValue, match="given 1; give two"):
        join(runs[:1], out)
    with pytest.raises(BadValue, match="given twice"):
        join([runs[0], runs[0]], out)
    with pytest.raises(UsageError, match="is a run of ahe; tmr-size joins runs of tmr-loop"):
        join([runs[0], other], out)
    data = pd.read_csv(runs[0] / "data.csv", comment="#")
    data["Temperature (K)"] += 5.0
    data.to_csv(runs[0] / "data.csv", index=False)
    with pytest.raises(BadValue, match=r"measured at 35.0 K to 40.0 K"):
        join(runs, out)
    measured = json.loads((runs[0] / "run.json").read_text())
    (runs[0] / "run.json").write_text(json.dumps({**measured, "simulated": False}))
    with pytest.raises(BadValue, match="some of the runs are simulated"):
        join(runs, out)


@pytest.mark.parametrize(("name", "area"), SIZES.items())
def test_areas_of_the_records_are_those_of_the_paper(name: str, area: float) -> None:
    record = load_sample(name)
    assert record.cross_section() * 1e12 == pytest.approx(area, rel=1e-3)
    assert record.resistances.electrode == 50.0


def test_every_junction_of_a_size_counts_and_not_the_one_that_stands_next() -> None:
    one, other, small = sized("a", 2e-12, 1e5, 0.30), sized("b", 2e-12, 1e5, 0.20), sized("c", 1e-12, 2e5, 0.25)
    for order in ([one, other, small], [other, one, small]):
        assert sizes(order)["tmr_grows"].value is False
    assert sizes([other, small])["tmr_grows"].value is True


@pytest.mark.parametrize("ohm", [0.0, -5.0])
def test_an_electrode_without_resistance_is_refused(ohm: float, tmp_path: Path) -> None:
    with pytest.raises(BadValue, match=r"--electrode is .*, but must be above zero; give e.g. 50 ohm"):
        join([tmp_path, tmp_path], tmp_path, electrode=ohm)


def test_loops_of_other_biases_are_not_joined() -> None:
    def read_with(volts: float) -> SizedJunction:
        found = dict(loop(1e5, 1.2e5)) | {"bias": Result(volts, None, "V", "this run", why="read")}
        return SizedJunction(f"at {volts} V", 1e-12, 50.0, "assumed", 15.0, found)

    check_biases([read_with(1.0e-3), read_with(1.3e-3), sized("of an older version", 2e-12, 1e5, 0.2)])
    with pytest.raises(BadValue, match=r"1 mV across .* and 100 mV across .*TMR falls with the voltage"):
        check_biases([read_with(1e-3), read_with(0.1)])
