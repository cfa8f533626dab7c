"""What the magnet may hold beside the reported field: its remanence, or what the last degauss left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from labctl.journal import Journal, quantity
from labctl.procedure import Procedure
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.cooldown import Cooldown
from procedures.flux import said_of
from procedures.rt import FIELD_NOTE, ResistanceTemperature
from tests.simulated import Simulate

LEFT = 2e-4
HERE = "299.95 K"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, "cotb2025")


def degaussed(journal: Journal) -> None:
    journal.append("degauss", {"field_uncertainty": quantity(LEFT, "T")}, run="2026-03-01/0001-degauss")


def moved(journal: Journal, run: str, *fields: float) -> None:
    """A run that has been in these fields, T, and left its health in the journal."""
    folder = journal.path.parent.parent / run
    folder.mkdir(parents=True)
    pd.DataFrame({"Field (T)": fields}).to_csv(folder / "data.csv", index=False)
    journal.append("health", {"when": "end"}, run=run)


def told(journal: Journal, procedure: Procedure) -> Any:
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cotb2025")
    procedure.sample_journal = journal
    return procedure.informed().get("trapped_field")


@pytest.mark.parametrize("kind", [Cooldown, ResistanceTemperature])
def test_what_a_degauss_left_holds_until_a_larger_field(journal: Journal, kind: type[Procedure]) -> None:
    assert told(journal, kind()) is None
    degaussed(journal)
    known = told(journal, kind())
    assert known.value == LEFT
    assert known.why.startswith("since the magnet was degaussed on ")
    assert known.why.endswith(" by 0001-degauss, with no field above 20 mT after it")
    moved(journal, "2026-03-01/0002-log", 0.0, -0.02)
    assert told(journal, kind()) is not None
    assert told(journal, kind(field="50 mT")) is None
    moved(journal, "2026-03-01/0003-ahe", 0.0, -0.5)
    assert told(journal, kind()) is None
    degaussed(journal)
    assert told(journal, kind()) is not None
    journal.append("mounting", {"text": "puck 3"})
    assert told(journal, kind()) is None


def test_a_run_that_cannot_be_read_may_have_been_anywhere(journal: Journal) -> None:
    degaussed(journal)
    journal.append("health", {"when": "end"}, run="2026-03-01/0002-gone")
    assert told(journal, ResistanceTemperature()) is None


def test_what_degausses_itself_asks_no_journal(journal: Journal) -> None:
    degaussed(journal)
    assert told(journal, Cooldown(degauss="yes")) is None


def test_the_note_says_what_the_uncertainty_rests_on(simulate: Simulate, journal: Journal) -> None:
    degaussed(journal)
    procedure = ResistanceTemperature()
    known = told(journal, procedure)
    assert said_of(procedure, None, FIELD_NOTE) == FIELD_NOTE
    procedure.known = {"trapped_field": known}
    assert "degauss before" not in said_of(procedure, LEFT, FIELD_NOTE)
    assert said_of(procedure, LEFT, FIELD_NOTE) == f"the uncertainty is what may be trapped {known.why}"
    done = simulate(Cooldown(end=HERE, trapped_field="0.3 mT"))
    assert done.uncertainty("cooldown_field") == 3e-4
    assert done.outcome.results["cooldown_field"]["note"] == "the uncertainty is the trapped_field that was given"


def test_a_cooldown_that_degaussed_says_so_in_the_journal(simulate: Simulate) -> None:
    done = simulate(Cooldown(end=HERE, degauss="yes"))
    procedure = Cooldown(end=HERE, degauss="yes")
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cotb2025")
    learned = dict(procedure.learned(done.rows, procedure.analyse(done.rows)))
    assert learned["degauss"]["field_uncertainty"] == quantity(LEFT, "T")
    plain = Cooldown(end=HERE)
    plain.station, plain.sample = procedure.station, procedure.sample
    assert "degauss" not in dict(plain.learned(done.rows, plain.analyse(done.rows)))
