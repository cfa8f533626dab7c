"""The table of what is wrong, on the simulated Model 6000."""

from __future__ import annotations

import pytest

from tests.simulators.devices.model6000_errors import WRONG, Wrong
from tests.simulators.devices.test_model6000 import Dialogue


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.message or "nothing")
def test_what_is_wrong_changes_nothing_and_is_advised_against(wrong: Wrong) -> None:
    dialogue = Dialogue()
    for message in wrong.before:
        dialogue.send(message)
    dialogue.clock.sleep(wrong.wait)
    known = dialogue.ask(wrong.kept)
    advisory = int(dialogue.ask("ADVNUM?").rstrip(";"))
    revision = dialogue.cryostat.revision
    dialogue.send(wrong.message)
    silent = dialogue.device.ready_at() is None
    assert silent == (wrong.message != "GETDAT? 16")
    dialogue.device.clear()
    assert int(dialogue.ask("ADVNUM?").rstrip(";")) == advisory + wrong.advisories
    assert dialogue.ask(wrong.kept) == known
    assert dialogue.cryostat.revision == revision


def test_the_table_is_long_enough_and_its_rows_differ() -> None:
    assert len({(wrong.message, wrong.before) for wrong in WRONG}) == len(WRONG)
    assert sum(wrong.tag in {"manual", "wild"} for wrong in WRONG) >= 15
    assert sum(wrong.advisories == 0 for wrong in WRONG) >= 3
