from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.combine import combine, of_one_loop
from labctl.analysis.result import Result, Results, missing
from tests.labctl.analysis.synthetic import fewest, most


def loop(field: float, error: float = 1e-5, polarity: float = 1.0, *, saturated: bool = True) -> Results:
    return Results(
        {
            "coercive_field_up": Result(field, error, "T", "this loop", note="sharp"),
            "polarity": Result(polarity, None, "1", "this loop", note="convention"),
            "saturated": Result(saturated, None, "1", "this loop"),
        }
    )


def unsaturated() -> Results:
    return Results(
        {
            "coercive_field_up": missing("T", "no switch"),
            "polarity": missing("1", "no switch"),
            "saturated": Result(False, None, "1", "this loop", note="no switch"),
        }
    )


def test_one_loop_is_itself() -> None:
    only = loop(0.07)
    assert dict(combine([only])) == dict(only)


def test_what_another_loop_would_differ_by_is_said_where_it_is_more_than_the_uncertainty() -> None:
    def noted(scatter: float) -> str | None:
        return combine([Results({"coercive_field_up": Result(0.07, 4e-5, "T", "this loop", scatter=scatter)})])[
            "coercive_field_up"
        ].note

    assert noted(3e-4) == "another loop would scatter by about 0.3 mT"
    assert noted(3e-5) is None


def test_several_loops_give_mean_and_scatter_with_their_number() -> None:
    up = combine([loop(0.070), loop(0.072), loop(0.074)])["coercive_field_up"]
    assert up.value == pytest.approx(0.072)
    assert up.uncertainty == pytest.approx(0.002 / np.sqrt(3))
    assert (up.of, up.degrees_of_freedom) == ("mean of 3 loops", 2)
    assert up.note == "loop-to-loop sd 2 mT, n = 3; sharp"
    assert up.scatter == pytest.approx(0.002)


def test_a_mean_is_not_surer_than_the_readings_of_its_loops() -> None:
    up = combine([loop(0.07, 3e-4), loop(0.07, 3e-4)])["coercive_field_up"]
    assert up.uncertainty == pytest.approx(3e-4 / np.sqrt(2))


def test_student_intervals_of_three_loops_hold_the_mean() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        low, high = combine([loop(0.07 + 2e-4 * x) for x in rng.standard_normal(3)])["coercive_field_up"].interval(0.95)
        held += low <= 0.07 <= high
    assert 368 <= held <= 390


@pytest.mark.parametrize(("count", "shared"), [(3, 1e-4), (10, 1e-4), (50, 3e-5)])
def test_a_mean_keeps_what_its_loops_share(count: int, shared: float) -> None:
    """Fields that scatter by 0.2 mT, all read too high by the same, which is drawn anew with each run."""
    rng = np.random.default_rng(count)
    trials, held = 400, dict.fromkeys((0.68, 0.95), 0)
    for _ in range(trials):
        fields = 0.07 + shared * rng.standard_normal() + 2e-4 * rng.standard_normal(count)
        loops = [Results({"coercive_field_up": Result(x, 1.2 * shared, "T", "loop", shared=shared)}) for x in fields]
        up = combine(loops)["coercive_field_up"]
        assert up.shared == pytest.approx(shared)
        assert (up.uncertainty or 0) > shared
        for confidence in held:
            low, high = up.interval(confidence)
            held[confidence] += low <= 0.07 <= high
    for confidence, number in held.items():
        assert fewest(trials, confidence) <= number <= most(trials, confidence), confidence


def test_what_loops_share_raises_the_degrees_of_freedom_with_the_fourth_power() -> None:
    def of(shared: float) -> Result:
        loops = [Result(x, shared or 1e-6, "T", "loop", shared=shared) for x in (0.0700, 0.0702, 0.0704)]
        return combine([Results({"coercive_field_up": loop}) for loop in loops])["coercive_field_up"]

    assert of(0.0).degrees_of_freedom == 2
    equal = of(2e-4 / np.sqrt(3) * 1.0001)  # as much as is drawn: the variance doubles, its degrees are fourfold
    assert (equal.degrees_of_freedom, equal.uncertainty) == (8, pytest.approx(np.sqrt(2 / 3) * 2e-4, rel=1e-3))
    many = of(1.0)
    assert many.interval(0.95)[1] - (many.value or 0) == pytest.approx(1.96, rel=1e-3)


def with_ensemble(field: float, scatter: float | None) -> Results:
    up = Result(field, 3e-5, "T", "this loop", scatter=scatter)
    return Results({"coercive_field_up": up, "coercive_field_up_ensemble": of_one_loop(up)})


def test_the_ensembles_median_is_as_sure_as_one_loop_and_its_scatter_or_as_several_loops_are() -> None:
    one = combine([with_ensemble(0.07, 4e-5)])["coercive_field_up_ensemble"]
    assert (one.value, one.uncertainty, one.of) == (0.07, pytest.approx(5e-5), "ensemble")
    for scatter in (4e-5, None):  # several loops need no model
        several = combine([with_ensemble(field, scatter) for field in (0.070, 0.072, 0.074)])
        up, ensemble = several["coercive_field_up"], several["coercive_field_up_ensemble"]
        assert (up.of, ensemble.of) == ("mean of 3 loops", "ensemble")
        assert ensemble.interval(0.95) == up.interval(0.95)
        assert ensemble.note == "from 3 loops, if they scatter normally"


def test_one_loop_without_a_course_says_nothing_of_the_ensemble() -> None:
    none = of_one_loop(Result(0.07, 3e-4, "T", "this loop"))
    assert none.value is None
    assert none.why == (
        "one loop does not tell how loops scatter: too few readings show the course of the switching; measure several"
    )
    assert of_one_loop(missing("T", "no switch")).why == "no switch"


def test_loops_without_a_result_are_left_out_and_said() -> None:
    results = combine([loop(0.070), unsaturated(), loop(0.072)])
    assert results["coercive_field_up"].value == pytest.approx(0.071)
    assert "1 of 3 loops left out: no switch" in (results["coercive_field_up"].note or "")
    assert results["saturated"].value is False
    none = combine([unsaturated(), unsaturated()])
    assert none["coercive_field_up"].value is None
    assert none["coercive_field_up"].why == "no switch"
    alone = combine([unsaturated(), loop(0.07)])["coercive_field_up"]
    assert (alone.value, alone.uncertainty, alone.of) == (0.07, 1e-5, "this loop")


def test_a_sign_is_given_only_if_all_loops_agree() -> None:
    assert combine([loop(0.07), loop(0.07)])["polarity"].value == 1.0
    differing = combine([loop(0.07), loop(0.07, polarity=-1.0)])["polarity"]
    assert differing.value is None
    assert differing.why == "the 2 loops differ"


def test_a_sentence_that_all_loops_have_is_said_once() -> None:
    notes = ("a convention; low", "a convention; high", "a convention; low")
    loops = [Results({"tmr": Result(0.2, 0.01, "1", "this loop", note=note)}) for note in notes]
    assert str(combine(loops)["tmr"].note).endswith("; a convention; low; high")
