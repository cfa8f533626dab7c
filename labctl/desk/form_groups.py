"""Where the parameters of a form stand: in groups of what belongs together."""

from __future__ import annotations

from labctl.parameters import OptionalRun
from labctl.setting import Setting

COURSE, FIELD, CURRENT, BIAS, TEMPERATURE, READING, SELDOM, RUNS = (
    "course", "field", "current", "bias", "temperature", "reading", "seldom", "runs",
)  # fmt: skip
TITLES = {
    COURSE: "Course",
    FIELD: "Field",
    CURRENT: "Current and pulses",
    BIAS: "Bias",
    TEMPERATURE: "Temperature",
    READING: "How it is read",
    SELDOM: "Seldom changed",
    RUNS: "Other runs",
}
"""Group -> what stands above it."""
FOLDED = frozenset({READING, SELDOM, RUNS})
"""Groups that are shut in the beginning."""

_OF_UNIT = {
    "T": FIELD, "T/s": FIELD, "deg": FIELD, "rad": FIELD, "A": CURRENT, "V": BIAS, "K": TEMPERATURE, "K/s": TEMPERATURE,
}  # fmt: skip
_OF_NAME = {
    **dict.fromkeys(("sweep", "start", "axis", "saturation", "initialise"), FIELD),
    **dict.fromkeys(("width", "widths", "pulse_width", "wait_before_read", "sign", "signs", "tail", "delays"), CURRENT),
    **dict.fromkeys(("pulses", "reset", "rise", "demag_gap", "frequency"), CURRENT),
    **dict.fromkeys(("cycles", "dwell", "reversal"), BIAS),
    **dict.fromkeys(("rt_while_moving", "waiting", "directions"), TEMPERATURE),
    **dict.fromkeys(
        ("nplc", "reads", "readings", "read_by", "read_with", "settle_time", "time_constant", "slope", "settling"),
        READING,
    ),
    **dict.fromkeys(
        (
            "trapped_field", "approach", "demag_gap", "demag_offset", "resistance_change", "largest_jump",
            "resolution", "planar_hall", "planar_hall_uncertainty", "assumed_polarisation", "endurance",
            "endurance_gap", "stair_nplc", "modulation", "tail_shape", "tail_depth", "rt_while_moving", "purge",
            "per_decade", "tolerance", "heating_width", "field_limit",
        ),
        SELDOM,
    ),
}  # fmt: skip


def group_of(name: str, parameter: Setting[object]) -> str:
    """Return the group of a parameter: by its name where that is known, or else by what is measured in its unit."""
    if name.startswith("probe_"):
        return READING
    if isinstance(parameter, OptionalRun) or name.endswith(("_run", "_runs")):
        return RUNS
    return _OF_NAME.get(name) or _OF_UNIT.get(str(getattr(parameter, "si_unit", "")), COURSE)


def grouped(parameters: dict[str, Setting[object]]) -> dict[str, list[str]]:
    """Return the names in each group, groups in the order in which their first parameter was written.

    A group of one that would stand open is no group: its parameter goes to the course. What is folded comes last.
    """
    found: dict[str, list[str]] = {}
    for name, parameter in parameters.items():
        found.setdefault(group_of(name, parameter), []).append(name)
    lone = {group for group, names in found.items() if len(names) == 1 and group not in FOLDED}
    merged: dict[str, list[str]] = {}
    for name, parameter in parameters.items():
        group = group_of(name, parameter)
        merged.setdefault(COURSE if group in lone else group, []).append(name)
    order = [group for group in merged if group not in FOLDED] + [group for group in TITLES if group in FOLDED]
    return {group: merged[group] for group in order if group in merged}
