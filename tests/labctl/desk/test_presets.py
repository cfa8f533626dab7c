"""Presets: kept as files, and read back."""

from __future__ import annotations

import pytest

from instruments.errors import BadValue, UnknownName
from labctl import paths
from labctl.desk.presets import drop_preset, keep_preset, presets

ASKED = {"parameters": {"maximum_field": "2 kOe"}, "over": [], "overrides": ["field=2 T"], "notes": "why"}


def test_a_preset_is_kept_replaced_and_forgotten() -> None:
    said = keep_preset("ahe", " quick/look µ ", ASKED)
    kept = {"parameters": {"maximum_field": "2 kOe"}, "overrides": ["field=2 T"]}
    assert said["presets"] == {"quick/look µ": kept}  # of what is asked only what belongs to a form
    keep_preset("ahe", "quick/look µ", {**ASKED, "overrides": []})
    assert presets("ahe")["presets"]["quick/look µ"] == {"parameters": {"maximum_field": "2 kOe"}}
    assert presets("log")["presets"] == {}
    assert drop_preset("ahe", "quick/look µ") == {"presets": {}, "faults": []}
    with pytest.raises(UnknownName, match="no preset 'quick/look µ'"):
        drop_preset("ahe", "quick/look µ")


def test_what_is_no_preset_hides_no_other() -> None:
    keep_preset("rt", "good", ASKED)
    (paths.state_folder() / "presets" / "rt" / "bad.json").write_text("{")
    said = presets("rt")
    assert list(said["presets"]) == ["good"]
    assert "bad.json is no preset" in said["faults"][0]


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_preset_needs_a_name(name: str) -> None:
    with pytest.raises(BadValue, match="from 1 to 60"):
        keep_preset("ahe", name, ASKED)
