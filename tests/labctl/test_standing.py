"""A run that stands still because somebody who watches over it asks for that."""

from __future__ import annotations

from typing import Any

import pytest

from labctl import abort
from labctl.abort import AbortSwitch
from labctl.supervision import child
from tests.simulated import QUICK, Simulate


def test_a_run_stands_without_current_and_with_its_field_held_until_it_may_go_on(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[float, float]] = []
    said: list[str] = []
    lab = simulate.labs

    def ask(run: Any) -> None:
        said.append(f"{child._standing} {run.interlocks.asked_by} {len(seen)}")
        if run.points == 40 and not seen:
            monkeypatch.setattr(child, "_standing", "LW")

    def stand() -> None:
        lab[-1].clock.sleep(60.0)  # a lab whose time flows
        seen.append((lab[-1].wiring.source.voltage(), lab[-1].cryostat.field(lab[-1].clock.now())))
        if len(seen) == 5:
            monkeypatch.setattr(child, "_standing", "")

    monkeypatch.setattr(child, "stand", stand)
    done, calm = simulate(watch=ask, **QUICK), simulate(**QUICK)
    assert done.outcome.status == "finished"
    assert {voltage for voltage, _ in seen} == {0.0}
    assert len({round(field, 4) for _, field in seen[1:]}) == 1
    stands, on = [each for each in done.directory.events() if each.get("event") == "pause"]
    assert (stands["now"], stands["by"], stands["points"], on["now"]) == ("stands", "LW", 40, "goes on")
    assert on["stood_s"] >= 300.0
    assert [each for each in dict.fromkeys(said) if "LW" in each] == [f"LW LW {number}" for number in range(5)]
    assert done.value("coercive_field_up") == pytest.approx(calm.value("coercive_field_up"), abs=2e-3)
    done.assert_source_off()


def test_outputs_are_turned_off_while_a_run_stands_and_on_again_before_it_goes_on(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    on: list[bool] = []
    lab = simulate.labs

    def ask(run: Any) -> None:
        if run.points == 40 and not on:
            monkeypatch.setattr(child, "_standing", "LW")

    def stand() -> None:
        device: Any = lab[-1].devices["source"]
        on.append(bool(device.value("OUTP")))
        monkeypatch.setattr(child, "_off", "KM" if len(on) == 2 else "")
        if len(on) == 5:
            monkeypatch.setattr(child, "_standing", "")

    monkeypatch.setattr(child, "stand", stand)
    done, calm = simulate(watch=ask, **QUICK), simulate(**QUICK)
    assert done.outcome.status == "finished"
    assert on == [True, True, False, False, False]
    (said,) = [each for each in done.directory.events() if each.get("event") == "by hand"]
    assert (said["do"], said["by"], said["outputs_turned_off"], said["points"]) == ("source_off", "KM", 1, 40)
    assert done.value("coercive_field_up") == pytest.approx(calm.value("coercive_field_up"), abs=2e-3)
    done.assert_source_off()


def test_who_is_stopped_for_good_stops_what_begins_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abort, "_FOR_GOOD", [])
    abort.ask("somebody")
    with AbortSwitch() as switch:
        assert not switch.asked  # nothing was on
    abort.ask("the death of its supervisor", for_good=True)
    with AbortSwitch() as switch:
        assert switch.asked == "the death of its supervisor"
