"""Parameters: converted and checked the moment they are set, in written order, exact on paper."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import BadValue, UnknownName
from labctl.bare_numbers import bare_numbers
from labctl.parameters import Choice, Count, OptionalQuantity, OptionalQuantityList, OptionalRun, Quantity, QuantityList
from labctl.probe import Probe
from labctl.procedure import Procedure


class Loop(Procedure):
    """A loop."""

    temperature = OptionalQuantity("stay", "Temperature", unit="K", above_zero=True)
    maximum_field = Quantity("0.5 T", "Field at the loop's ends", above_zero=True)
    rate = Quantity("100 Oe/s", "Field rate", above_zero=True, maximum="200 Oe/s")
    movement = Choice("continuous", "How the field moves", options=["continuous", "step"], called="sweep")
    loops = Count(1, "Loops", minimum=1, maximum=100)
    probe = Probe()


@pytest.mark.parametrize(
    ("text", "tesla"),
    [("5 kOe", 0.5), ("0.5 T", 0.5), ("500 mT", 0.5), ("0.5T", 0.5), (0.25, 0.25), ("0.25", 0.25), ("30m", 0.03)],
)
def test_a_field_may_be_written_in_any_of_its_units(text: object, tesla: float) -> None:
    assert Loop(maximum_field=text).maximum_field == tesla


def test_text_without_a_unit_is_in_the_declared_one_and_a_number_is_in_si_units() -> None:
    assert Loop(rate="50").rate == 0.005
    assert Loop(rate=0.005).rate == 0.005
    loop = Loop(rate="50 Oe/s")
    loop.rate = loop.rate
    assert loop.rate == 0.005


def test_the_hundredth_microampere_is_exact() -> None:
    assert Loop(probe_current="100 uA").values()["probe_current"] == 1e-4


def test_a_default_is_converted_too() -> None:
    loop = Loop()
    assert (loop.temperature, loop.maximum_field, loop.rate, loop.loops) == (None, 0.5, 0.01, 1)


def test_parameters_keep_their_written_order_and_the_probe_brings_its_own() -> None:
    names = list(Loop.declared_parameters())
    assert names[:5] == ["temperature", "maximum_field", "rate", "sweep", "loops"]
    assert [name.partition("_")[0] for name in names[5:]] == ["probe"] * len(names[5:])
    assert len(names) > 8


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maximum_field", "5 parsec"), ("maximum_field", "5 A"), ("maximum_field", "nan"), ("maximum_field", math.nan),
        ("maximum_field", math.inf), ("maximum_field", 0), ("maximum_field", "-1 T"), ("maximum_field", None),
        ("maximum_field", True), ("maximum_field", "banana"), ("maximum_field", ""), ("rate", 0),
        ("rate", "-5 Oe/s"), ("rate", "201 Oe/s"), ("rate", "100 Oe"), ("temperature", "cold"), ("temperature", 0),
        ("sweep", "sideways"), ("loops", 1.5), ("loops", 0), ("loops", 101), ("loops", "two"), ("loops", "1 T"),
        ("probe_current", "0 A"), ("probe_nplc", "100 PLC"), ("probe_compliance", "0.01 V"), ("probe_read", "guess"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_sentence_that_names_it(name: str, value: object) -> None:
    with pytest.raises(BadValue) as caught:
        Loop(**{name: value})
    sentence = str(caught.value)
    assert name in sentence
    assert "\n" not in sentence


def test_a_refused_value_leaves_the_old_one() -> None:
    loop = Loop(maximum_field="1 T")
    with pytest.raises(BadValue):
        loop.maximum_field = "-1 T"  # pyright: ignore[reportAttributeAccessIssue] - text is converted
    assert loop.maximum_field == 1.0


def test_a_misspelled_parameter_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match=r"temperture.*did you mean temperature"):
        Loop(temperture=5)


def test_the_word_for_leaving_out_leaves_out() -> None:
    assert Loop(temperature="stay").temperature is None
    assert Loop(temperature="250 K").temperature == 250.0


@given(st.floats(1e-12, 1e3))
def test_what_is_shown_is_read_back_exactly(value: float) -> None:
    parameter = Loop.declared_parameters()["maximum_field"]
    assert parameter.convert(parameter.show(value)) == value


def test_instances_do_not_share_values() -> None:
    first, second = Loop(maximum_field="1 T"), Loop()
    assert second.maximum_field == 0.5
    assert copy.deepcopy(first).maximum_field == 1.0


def test_pymeasures_own_views_of_the_parameters_still_work() -> None:
    loop = Loop(maximum_field="1 T")
    assert loop.parameter_values()["maximum_field"] == 1.0
    assert loop.parameter_objects()["maximum_field"].value == 1.0
    assert str(loop.parameter_objects()["maximum_field"]) == "1.0 T"
    loop.set_parameters({"maximum_field": "2 T"})
    assert loop.maximum_field == 2.0
    assert Loop().parameter_objects()["maximum_field"].value == 0.5


# ---- lists


class Series(Procedure):
    """A procedure with a list."""

    temperatures = QuantityList("300:240:-30 K", "Temperatures", above_zero=True)
    fields = QuantityList("5, 10 mT", "Fields", maximum="1 T")
    refinement = OptionalQuantity("none", "Refinement", unit="K", default="3 K")


def test_a_list_is_a_tuple_in_si_units_whichever_way_it_is_written() -> None:
    series = Series()
    assert series.temperatures == (300.0, 270.0, 240.0)
    assert series.fields == (0.005, 0.01)
    for written in ("5, 10", "5:10:5 mT", [0.005, 0.01], ("5 mT", "100 Oe"), [0.005, "10"]):
        series.set(fields=written)
        assert series.fields == (0.005, 0.01)
    series.set(fields=0.25)
    assert series.fields == (0.25,)


def test_a_list_is_written_so_that_it_comes_back_exactly() -> None:
    parameter = Series.declared_parameters()["fields"]
    value = parameter.convert("0.1, 0.3:0.9:0.2, 1000 mT")
    assert parameter.convert(parameter.show(value)) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperatures", ""),
        ("temperatures", []),
        ("temperatures", "300, 0 K"),
        ("temperatures", "300:310:-5 K"),
        ("fields", "0.5, 2 T"),
        ("fields", "1, x"),
        ("fields", [math.nan]),
        ("fields", True),
    ],
)
def test_a_list_with_a_value_that_does_not_fit_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(BadValue, match=name):
        Series(**{name: value})


def test_a_quantity_that_may_be_left_out_may_have_a_default() -> None:
    assert Series().refinement == 3.0
    assert Series(refinement="none").refinement is None
    assert Series.declared_parameters()["refinement"].shown_default() == "3 K"
    assert Loop.declared_parameters()["temperature"].shown_default() == "stay"


@pytest.mark.parametrize(
    ("default", "unit", "value"),
    [("0.5", "", 0.5), ("20", "mT", 0.02), ("1 T", "mT", 1.0), ("20mT", None, 0.02), ("1e-3 /K", None, 1e-3)],
)
def test_the_declared_unit_stands_behind_the_default_or_beside_it(default: str, unit: str | None, value: float) -> None:
    assert Quantity(default, "x", unit=unit).convert(default) == value


@pytest.mark.parametrize("default", ["20", "-3.", "", 0.02, 5])
def test_a_default_without_a_unit_is_refused_unless_a_plain_number_is_meant(default: object) -> None:
    with pytest.raises(BadValue, match=r"the default of this Quantity.*e\.g\. '20 mT'"):
        Quantity(default, "x")  # pyright: ignore[reportArgumentType] - what people write


def test_the_default_of_a_list_has_its_unit_behind_it() -> None:
    assert QuantityList("0:2:1, 5", "x", unit="").convert("1, 2") == (1.0, 2.0)
    assert QuantityList("10, 20 mT", "x").convert("5") == (0.005,)


def test_a_value_may_stand_twice_unless_another_parameter_is_for_that() -> None:
    assert QuantityList("10, 20 mT", "x").convert("10, 20, 10") == (0.01, 0.02, 0.01)
    once = QuantityList("10, 20 mT", "x", each_once="repeats says how often each is sent")
    absent = OptionalQuantityList("none", "x", unit="mT", each_once="repeats says how often each is sent")
    for each in (once, absent):
        assert each.convert("10, 20") == (0.01, 0.02)
        for twice in ("10, 20, 10", "10:30:10 mT, 100 Oe", [0.01, "10"], ("10", "20, 10")):
            with pytest.raises(BadValue, match=r"has 10 mT more than once; give each value once: repeats says how"):
                each.convert(twice)
    assert absent.convert("none") == ()


def test_a_list_without_a_unit_is_refused() -> None:
    with pytest.raises(BadValue, match=r"QuantityList, '1, 2', has no unit"):
        QuantityList("1, 2", "x")


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("10", "10 Oe/s"), (" 1e1", "1e1 Oe/s"), (0.01, "0.01 T/s"), (np.float64(0.01), "0.01 T/s"), (5, "5 T/s"),
        ("10 Oe/s", ""), ("5n", ""), ("0", ""), (0, ""),
    ],
)  # fmt: skip
def test_a_number_without_a_unit_is_said_with_the_one_that_it_is_given(given: object, taken: str) -> None:
    rate = Quantity("100 Oe/s", "Field rate")
    assert rate.taken(given) == taken
    if taken:
        assert rate.convert(given) == rate.convert(taken)


def test_of_lists_and_plain_numbers_too() -> None:
    fields = QuantityList("10, 20 mT", "Fields")
    assert (fields.taken("1:3:1, 5"), fields.taken([0.001, 0.002])) == ("1:3:1, 5 mT", "0.001, 0.002 T")
    assert (fields.taken("1, 2 mT"), fields.taken(["1 mT"])) == ("", "")
    assert Quantity("1", "x", unit="").taken("3") == Count(1, "x", minimum=1, maximum=3).taken("3") == ""
    assert bare_numbers(Loop.declared_parameters(), {"rate": "50", "loops": "2", "sweep": "step"}) == {
        "rate": "50 Oe/s"
    }


class Stairs(Procedure):
    """A row of currents that may be left out."""

    currents = OptionalQuantityList("from approach", "Currents", unit="mA", above_zero=True)


def test_a_list_may_be_left_out() -> None:
    assert Stairs().currents == ()
    assert Stairs(currents="1, 2, 5").currents == (1e-3, 2e-3, 5e-3)
    assert Stairs(currents="1:3:1 mA").currents == (1e-3, 2e-3, 3e-3)
    stairs = Stairs(currents="from approach")
    stairs.currents = stairs.currents
    assert stairs.currents == ()
    shown = Stairs.declared_parameters()["currents"]
    assert shown.convert(shown.show(stairs.currents)) == ()
    assert shown.convert(shown.show((1e-3, 2e-3))) == (1e-3, 2e-3)
    assert shown.shown_default() == "from approach"
    assert shown.choices() == "from approach | a list in mA above 0"
    for wrong in ("0 mA", "1 K", "", []):
        with pytest.raises(BadValue):
            Stairs(currents=wrong)


class Joined(Procedure):
    """Takes in another run."""

    other_run = OptionalRun("none", "Run along the other axis")


def test_a_run_is_its_full_path_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    joined = Joined()
    assert joined.other_run == ""
    joined.other_run = "runs/0007-x"
    assert joined.other_run == str(tmp_path / "runs" / "0007-x")
    shown = Joined.declared_parameters()["other_run"]
    assert shown.convert(shown.show(joined.other_run)) == joined.other_run
    assert shown.show("") == "none"
    assert shown.convert(shown.show("")) == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("0 ms, 1 ms", "widths is 0 s, but must be above zero"),
        ("-1, 2 ms", "widths is -1 ms, but must be above zero"),
        ("1 us", "widths is 1 us, below its smallest value 50 us"),
        ("49.99999 us", "widths is 49.99999 us, below its smallest value 50 us"),
        ("3 s", "widths is 3 s, above its largest value 1 s"),
    ],
)
def test_a_refused_value_of_a_list_has_its_unit(given: str, said: str) -> None:
    class Timed:
        widths = QuantityList("1, 2 ms", "Widths", minimum="50 us", maximum="1 s", above_zero=True)

    with pytest.raises(BadValue, match=f"^{said}"):
        Timed().widths = given


def test_a_refused_number_has_its_unit() -> None:
    class Timed:
        width = Quantity("1 ms", "Width", minimum="50 us")

    with pytest.raises(BadValue, match=r"^width is 10 us, below its smallest value 50 us"):
        Timed().width = 1e-5


def test_a_limit_is_said_in_the_unit_in_which_it_was_declared() -> None:
    class Slow:
        rate = Quantity("2 K/min", "Rate", minimum="0.01 K/min", maximum="20 K/min")

    with pytest.raises(BadValue, match=r"^rate is 100 K/min, above its largest value 20 K/min$"):
        Slow().rate = "100 K/min"
    assert vars(Slow)["rate"].choices() == "from 0.01 K/min to 20 K/min"


def test_a_refused_angle_is_in_degrees() -> None:
    class Turned:
        angles = QuantityList("0, 30 deg", "Angles", minimum="0 deg")

    with pytest.raises(BadValue, match=r"^angles is -30 deg, below its smallest value 0 deg"):
        Turned().angles = "-30, 30 deg"
