"""What the papers did not try: results of the simulated station move as physics says. The page holds what is seen."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks import beyond_commands as commands
from benchmarks import beyond_the_papers as beyond
from procedures.pulse_width import PulseWidth
from tests.sources import ROOT

PAGE = " ".join((ROOT / "docs" / "beyond-the-papers.md").read_text(encoding="utf-8").split())


def test_longer_pulses_need_less_and_far_below_the_law_allows_what_is_counted(tmp_path: Path) -> None:
    numbers = beyond.far_below(tmp_path, levels=2, repeats=25, widths="50 us, 1.3 ms, 34 ms")
    short, middle, long = numbers["by_width"]
    assert 1.05 * long < middle < short / 1.05
    assert numbers["switched"][0] == 0
    assert numbers["switched"][1] > 20
    assert all(beyond.agreeing(numbers))


def test_a_current_switches_at_compensation_what_no_field_does(tmp_path: Path) -> None:
    loops = beyond.current_loops(tmp_path, "cotb2025", "275 K")
    assert loops["switching_current_up"][0] == pytest.approx(11.9e-3, abs=0.4e-3)
    assert loops["sense"] == [1.0]
    assert math.isnan(loops["switching_ratio"][0])


def test_the_reversed_field_reverses_it(tmp_path: Path) -> None:
    below, above = beyond.reversed_field(tmp_path, "-15, 15 mT")["signed"]
    assert below < -0.98
    assert above > 0.98


def test_without_a_field_no_sign_of_the_current_is_preferred(tmp_path: Path) -> None:
    numbers = beyond.pulses_without_field(tmp_path, "--simulate --sample cogd2022 --seed 1", 100)
    assert abs(numbers["difference"]) < 0.1
    assert len(numbers["hall"]) == 200


@pytest.mark.parametrize(("count", "words"), [(1, "binary sample"), (5, "few grains")])
def test_few_grains_cannot_be_demagnetised_and_the_results_say_why(tmp_path: Path, count: int, words: str) -> None:
    numbers = beyond.one_film(tmp_path, beyond.of_grains(tmp_path, count), 2)
    assert numbers["note"].startswith(words)
    allowed = [2.0 * up / count - 1.0 for up in range(count + 1)]
    assert all(min(abs(m - one) for one in allowed) < 0.01 for m in numbers["m"])


@pytest.mark.endurance
def test_trends_keep_their_sign_in_another_draw(tmp_path: Path) -> None:
    numbers = beyond.draws(tmp_path, 1, {0.0: "cogd2022-alox0", 2.0: "cogd2022"})
    assert set(beyond.trends(numbers).values()) == {1}


@pytest.mark.parametrize(
    "command",
    [
        commands.WIDTHS.format(widths=commands.ALL_WIDTHS).replace(f" -p widths='{commands.ALL_WIDTHS}'", ""),
        commands.CURRENT_LOOPS.format(sample="cotb2025", temperatures=commands.TEMPERATURES),
        commands.FIELD_LOOPS.format(temperatures=commands.TEMPERATURES),
        commands.THROUGH_ZERO.format(fields=commands.FIELDS),
        commands.SERVED,
        commands.DEGAUSS.format(lab="lab.json"),
        commands.ZERO_FIELD.format(where="--lab lab.json", repeats=200),
        commands.DEMAGNETISE.format(sample="cogd2022-alox0", repeats=6),
        commands.DRAW_FIELDS.format(draw="N"),
        commands.DRAW_OXIDES.format(sample="cogd2022-alox1", draw="N"),
        commands.RARE.format(levels=15, repeats=200),
    ],
)  # fmt: skip
def test_the_page_says_what_is_typed(command: str) -> None:
    assert command.replace("'", '"') in PAGE


def test_the_page_has_the_records_that_are_used() -> None:
    for record in (commands.NET_MOMENT, commands.GRAINS.format(count=1)):
        assert " ".join(record.split()) in PAGE


def test_widths_are_the_defaults() -> None:
    assert PulseWidth.declared_parameters()["widths"].shown_default() == commands.ALL_WIDTHS


@pytest.mark.endurance
@pytest.mark.parametrize("item", beyond.ITEMS, ids=lambda item: item.name)
def test_the_page_holds_what_is_seen(item: beyond.Item, tmp_path: Path) -> None:
    numbers = item.measure(tmp_path)
    assert item.sentence(numbers) in PAGE
    if item.name == "zero-field":
        assert abs(numbers["difference"]) < 0.1
    if item.name == "draws":
        assert min(beyond.trends(numbers).values()) >= beyond.KEPT
    if item.name == "far-below":
        assert all(beyond.agreeing(numbers))
