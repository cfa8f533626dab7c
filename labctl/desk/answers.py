"""What a desk can be asked, and which function answers it; nothing else is imported before it is needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from instruments.errors import UnknownName

ANSWERS: dict[str, str] = {
    "analyse_run": "labctl.desk.run_details:analyse_run",
    "asked_of": "labctl.desk.run_details:asked_of",
    "check": "labctl.desk.checks:check",
    "columns": "labctl.desk.columns:columns",
    "drop_preset": "labctl.desk.presets:drop_preset",
    "export_run": "labctl.desk.run_details:export_run",
    "form": "labctl.desk.forms:form",
    "keep_preset": "labctl.desk.presets:keep_preset",
    "map_choices": "labctl.desk.series_map:map_choices",
    "note": "labctl.desk.notes:note",
    "presets": "labctl.desk.presets:presets",
    "procedures": "labctl.desk.procedures:procedures",
    "processed": "labctl.desk.processed:processed",
    "rehearse": "labctl.desk.rehearsals:rehearse",
    "run": "labctl.desk.run_details:run",
    "run_facts": "labctl.desk.run_facts:run_facts",
    "run_row": "labctl.desk.history:run_row",
    "runs": "labctl.desk.history:runs",
    "runs_fitting": "labctl.desk.history:runs_fitting",
    "sample": "labctl.desk.samples:sample",
    "sample_check": "labctl.desk.sample_forms:sample_check",
    "sample_form": "labctl.desk.sample_forms:sample_form",
    "sample_journal": "labctl.desk.sample_journal:sample_journal",
    "sample_log": "labctl.desk.sample_journal:sample_log",
    "sample_write": "labctl.desk.sample_forms:sample_write",
    "samples": "labctl.desk.samples:samples",
    "series": "labctl.desk.series:series",
    "series_map": "labctl.desk.series_map:series_map",
    "station": "labctl.desk.stations:station",
    "stations": "labctl.desk.stations:stations",
}
"""Question -> `module:function`. A function takes what was asked by name, and returns what JSON can hold. One that
takes `telling` can say how far it is, and hears whether the answer is still wanted (`labctl.desk.loop.Telling`)."""


def answer_of(question: str) -> Callable[..., Any]:
    """Return the function that answers a question.

    Raises:
        UnknownName: There is no such question.
    """
    if question not in ANSWERS:
        raise UnknownName(f"a desk cannot be asked for {question!r}; it knows {', '.join(sorted(ANSWERS))}")
    module, _, name = ANSWERS[question].partition(":")
    return getattr(import_module(module), name)
