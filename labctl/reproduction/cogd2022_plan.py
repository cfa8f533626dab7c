"""What is run for the paper on switching plasticity of [Co/Gd]6 multilayers.

Settings are the paper's where its text has them: read current, width and height of the pulses, in-plane fields, the
train that demagnetises, the inputs of the neuron. The in-plane fields of its figure 2(a), the steps of the pulses and
the shapes of the spikes are in figures only; those here are labctl's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from labctl.reproduction.measured import MILLI
from labctl.reproduction.planned import Planned, Runs
from labctl.reproduction.tilting_field import anisotropy_field

SAMPLES: Mapping[str, str] = {
    "0": "cogd2022-alox0", "0.5": "cogd2022-alox0.5", "1": "cogd2022-alox1", "1.5": "cogd2022-alox1.5", "2": "cogd2022",
}  # fmt: skip
"""Sample records by the thickness of their oxide in nm."""
THICKNESSES = tuple(SAMPLES)
FIELDS = (20, 40, 80, 120, 160)
"""mT, in-plane fields on the sample under 1 nm; 80 mT are the paper's common field."""
COMMON = 80
"""mT."""
PULSES = {"pulse_max": "30 mA", "pulse_width": "10 ms", "probe_current": "0.1 mA", "reads": "3"}
LOOPS = {**PULSES, "pulse_step": "0.5 mA", "order": "+"}
SCATTERED = (("1", 20), ("1", 40), ("0", COMMON), ("0.5", COMMON))
"""Oxides in nm and fields in mT in which the first part of the film that switches takes the rest along: the current of
that one scatters from loop to loop by a milliampere, and these loops are measured oftener."""
MANY = "10"
DEVICE = {**PULSES, "in_plane_field": "-50 mT"}
"""Synapse and neuron, under 2 nm."""
TRAIN = {"demag_start": "28 mA", "demag_step": "0.5 mA", "demag_offset": "0 A"}
"""The paper's train, with nothing added."""
SPIKES = {**TRAIN, "delays": "1, 2, 4, 6, 8, 10, 11, 12, 13, 14 ms"}
FEW_DELAYS = "1, 2, 3, 4, 6, 8 ms"
CHOSEN = (
    "Before the loops of a sample `align` finds the angle of the rotator at which its film lies in the field.",
    "In-plane fields on the film under 1 nm: 200, 400, 800, 1200 and 1600 Oe; those of figure 2(a) are in it only.",
    "Current loops have steps of 0.5 mA and are measured three times; each state is read three times, after 1 s.",
    "Under 1 nm in 200 and 400 Oe, and under 0 and 0.5 nm in 800 Oe the first nucleus decides: ten loops are measured.",
    "Harmonic Hall voltages are measured with 1.12 mA (peak), up to half of the anisotropy field, along the current.",
    "A spike is 10 mA for 1 ms, and then a tail of the other sign, from 0.8 of that falling along a line for 13 ms.",
    "In the other shape the tail falls exponentially; in -800 Oe a spike has 0.67 of the switching current there.",
    "Minor loops go up to 8, 12, 15, 18, 22 and 30 mA; their states are watched for 100 s.",
)
"""What of the runs the paper does not state."""
HARMONICS = {"axis": "along", "amplitudes": "1.12 mA", "points": "15"}
READS = {"0": "40"}
"""Readings at each field; the film without oxide is the one whose torque is claimed, and the stiffest."""
HALF = 0.5
"""In-plane field over anisotropy field that all thicknesses are compared at."""
OF_SWITCHING = 0.67
"""Height of a spike over the current that switches half of the film, in a field in which nobody has chosen it yet."""


def aligned(thickness: str) -> str:
    """Return the name of the run that finds where a sample's film lies in the field."""
    return f"align-{thickness}nm"


def field_loop(thickness: str) -> str:
    """Return the name of a Hall loop in a field along the normal."""
    return f"hall-{thickness}nm"


def harmonics(thickness: str) -> str:
    """Return the name of a sample's harmonic Hall run."""
    return f"harmonics-{thickness}nm"


def current_loop(thickness: str, field: int | str) -> str:
    """Return the name of current loops of a thickness in nm in a field in mT, or at `half` of the anisotropy field."""
    return f"sot-{thickness}nm-{field}{'' if field == 'half' else 'mT'}"


COMMON_LOOPS = tuple(current_loop(thickness, COMMON) for thickness in THICKNESSES)
FIELD_LOOPS = tuple(current_loop("1", field) for field in FIELDS)
HARMONIC_RUNS = tuple(harmonics(thickness) for thickness in THICKNESSES)
HALF_LOOPS = tuple(current_loop(thickness, "half") for thickness in THICKNESSES)
DEVICE_LOOPS = "sot-2nm-both-signs"
STDP, OTHER_SHAPE, OTHER_FIELD = "stdp", "stdp-exponential", "stdp-80mT"
DEMAGNETISE, MINOR_LOOPS, NEURON = "demagnetise", "minor-loops", "neuron"


def plan() -> list[Planned]:
    """Return all runs; those that take longest come as early as they can."""
    return [
        *(Planned(aligned(thickness), "align", sample) for thickness, sample in SAMPLES.items()),
        *(_loops(thickness, COMMON) for thickness in THICKNESSES),
        *(_harmonics(thickness) for thickness in THICKNESSES),
        *_synapse_and_neuron(),
        *(_at_half(thickness) for thickness in THICKNESSES),
        *(_loops("1", field) for field in FIELDS if field != COMMON),
        *(
            Planned(field_loop(thickness), "ahe", sample, {"probe_current": "0.1 mA"})
            for thickness, sample in SAMPLES.items()
        ),
    ]


def _loops(thickness: str, field: int) -> Planned:
    parameters = {**LOOPS, "in_plane_field": f"{field} mT"}
    if (thickness, field) in SCATTERED:
        parameters["loops"] = MANY
    planned = Planned(current_loop(thickness, field), "sot-switching", SAMPLES[thickness], parameters)
    return _turned(planned, thickness)


def _turned(planned: Planned, thickness: str) -> Planned:
    """Have a run use the angle of the rotator that `align` has found for the sample."""
    name = aligned(thickness)
    return Planned(
        planned.name, planned.procedure, planned.sample, planned.parameters, (name,), lambda runs: _angle(runs, name)
    )


def _angle(runs: Runs, name: str) -> dict[str, str]:
    return {"angle": f"{runs[name].number('in_plane_angle')[0]:.3f} deg"}


def _harmonics(thickness: str) -> Planned:
    """Harmonic Hall voltages up to half of the anisotropy field, which the loops in the common field tell before."""
    turning, loops = aligned(thickness), current_loop(thickness, COMMON)

    def learned(runs: Runs) -> dict[str, str]:
        field = MILLI * HALF * anisotropy_field(runs[loops]).value
        return {**_angle(runs, turning), "maximum_field": f"{field:.0f} mT"}

    parameters = {**HARMONICS, "reads": READS.get(thickness, "6")}
    return Planned(
        harmonics(thickness), "harmonic-hall", SAMPLES[thickness], parameters, (turning, loops), learned
    )  # fmt: skip


def _at_half(thickness: str) -> Planned:
    """Loops in half of the anisotropy field that the harmonics have told, to 1 mT."""
    turning, before = aligned(thickness), harmonics(thickness)

    def learned(runs: Runs) -> dict[str, str]:
        field = MILLI * HALF * runs[before].number("anisotropy_field")[0]
        return {**_angle(runs, turning), "in_plane_field": f"{field:.0f} mT"}

    return Planned(
        current_loop(thickness, "half"), "sot-switching", SAMPLES[thickness], LOOPS, (turning, before), learned
    )


def _synapse_and_neuron() -> list[Planned]:
    device = SAMPLES["2"]
    stdp = {**DEVICE, **SPIKES, "amplitude": "10 mA"}
    runs = [
        Planned(STDP, "stdp", device, stdp),
        Planned(OTHER_SHAPE, "stdp", device, {**stdp, "tail_shape": "exponential", "delays": FEW_DELAYS}),
        Planned(MINOR_LOOPS, "minor-loops", device, {**DEVICE, "i_max": "8, 12, 15, 18, 22, 30 mA"}),
        Planned(NEURON, "neuron", device, {**DEVICE, "inputs": "-5:30:1 mA"}),
        Planned(DEMAGNETISE, "demagnetise", device, {**DEVICE, **TRAIN}),
        Planned(DEVICE_LOOPS, "sot-switching", device, {**DEVICE, "pulse_step": "0.5 mA", "order": "+ -"}),
    ]
    return [*(_turned(planned, "2") for planned in runs), _in_another_field(device)]


def _in_another_field(device: str) -> Planned:
    """Spike timing in the common field, with spikes as high over the switching current as `stdp` takes by itself."""
    turning, loops = aligned("2"), current_loop("2", COMMON)

    def learned(runs: Runs) -> dict[str, str]:
        half = MILLI * runs[loops].number("switching_current_up")[0]
        return {**_angle(runs, turning), "amplitude": f"{OF_SWITCHING * half:.1f} mA"}

    parameters = {**DEVICE, **SPIKES, "delays": FEW_DELAYS, "repeats": "4", "in_plane_field": f"-{COMMON} mT"}
    return Planned(OTHER_FIELD, "stdp", device, parameters, (turning, loops), learned)
