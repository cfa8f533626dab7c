"""The figure of a contact check: every lead is seen, however small its resistance."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from labctl.contacts.check import Check, LeadState
from labctl.contacts.figure import contacts
from labctl.frame import Caption


@pytest.mark.parametrize(
    ("resistances", "scale", "mark", "marked"),
    [
        ((0.02, -0.4, 0.3, 12.0), "linear", "o", 3),
        ((0.02, -0.4, 5e3, 12.0), "log", "<", 2),
        ((25.0, 24.0, 26.0, 12.0), "log", "<", 0),
    ],
)
def test_leads_of_next_to_nothing_are_seen(resistances: tuple[float, ...], scale: str, mark: str, marked: int) -> None:
    leads = tuple(LeadState(f"L{ohm:g}", ohm, 0.9, None, None, 0.0, 0.0, ()) for ohm in resistances)
    check = Check(leads, {}, (), None, None, 0.0, 0.0, None, 1e7, {}, (), None, 0.0, None)
    panel = contacts(check, title="Contacts", subtitle="how", caption=Caption()).axes[1]
    low, high = panel.get_xlim()
    assert panel.get_xscale() == scale
    marks = [float(np.asarray(line.get_xdata())[0]) for line in panel.lines if line.get_marker() == mark]
    assert len(marks) == marked
    assert all(low <= place < high for place in marks)
    boxes = [patch for patch in panel.patches if isinstance(patch, Rectangle) and patch.get_width() > 0.5]
    bars = [patch.get_x() + patch.get_width() for patch in boxes]
    assert sorted(bars) == pytest.approx(sorted(ohm for ohm in resistances if ohm >= 1.0))
