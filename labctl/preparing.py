"""From what a run is asked in words to a run that can be carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from instruments.errors import BadValue
from labctl.active_run import Watcher
from labctl.asked import Asked
from labctl.bare_numbers import bare_numbers
from labctl.beforehand import check_request
from labctl.limits import parse_overrides
from labctl.parametrised import check_names
from labctl.procedure import Procedure
from labctl.procedures import load_procedure, run_name
from labctl.remote import in_its_lab, read_addresses
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.sample import load_sample
from labctl.series import carry_out_series, check_series
from labctl.series_axes import Axis, parse_over
from labctl.series_children import Child, requests_of
from labctl.station import load_station

DEFAULT_SAMPLE = "cotb2025"
"""What is mounted in a simulated station if nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is carried out, and for whom.

    Attributes:
        station: A shipped name or a file.
        simulate: Whether on its simulated twin in the run's process.
        lab: File with the line that `labctl simulate` printed.
        keeper: Number of the process that keeps the station over several runs.
        item: Which item of a queue it is.
    """

    station: str
    simulate: bool = False
    lab: Path | None = None
    keeper: int | None = None
    item: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run or a series that can be carried out.

    Attributes:
        request: What is asked.
        axes: What is varied; nothing of a single run.
        make: Makes a procedure from what is varied.
    """

    request: Request
    axes: Sequence[Axis]
    make: Callable[..., Procedure]

    def check(self) -> Sequence[Child]:
        """Refuse what can be known to fail before anything is sent, but for contacts that may still be checked.

        Returns:
            The runs of a series, each with what the journal knows of it; none of a single run.

        Raises:
            LabError: The sentence says what is wrong.
        """
        request = self.request if self.request.lab is None else in_its_lab(self.request)
        if self.axes:
            return check_series(request, self.axes, self.make, contacts=False)
        check_request(request, contacts=False)
        return ()

    def taken(self, asked: Asked) -> dict[str, str]:
        """Return what numbers without a unit are taken for, by what was written, e.g. {"step=10": "10 mT"}.

        Args:
            asked: What this was prepared from.
        """
        declared = type(self.request.procedure).declared_parameters()
        bare = bare_numbers(declared, asked.parameters)
        found = {f"{name}={asked.parameters[name]}": text for name, text in bare.items()}
        return found | {f"{axis.name}={axis.given}": text for axis in self.axes if (text := axis.taken())}

    def requests(self) -> list[Request]:
        """Return what each of its runs is asked to do, in the lab in which it is carried out."""
        request = self.request if self.request.lab is None else in_its_lab(self.request)
        return requests_of(request, self.axes, self.make) if self.axes else [request]

    def carry_out(self, watch: Watcher | None = None) -> Outcome:
        """Carry it out, from its first byte to its figure."""
        if self.axes:
            return carry_out_series(self.request, self.axes, self.make, watch)
        return carry_out(self.request, watch)


def prepare(asked: Asked, place: Place) -> Prepared:
    """Find everything that is named, and convert the parameters.

    Raises:
        UsageError: A name, a unit or a value does not fit.
    """
    lab_time = place.simulate or place.lab is not None or asked.rehearse
    kind = load_procedure(asked.procedure, lab_time=lab_time)
    check_names(asked.procedure, asked.parameters, kind.declared_parameters())
    axes = parse_over(asked.over, asked.procedure, kind, asked.parameters)
    request = Request(
        name=run_name(asked.procedure, kind),
        procedure=kind(**asked.parameters),
        station=load_station(place.station),
        sample=load_sample(asked.sample or default_sample(place)),
        simulate=place.simulate,
        seed=asked.seed,
        sample_seed=asked.sample_seed,
        out=Path(asked.out),
        user=asked.user,
        notes=asked.notes,
        tags=tuple(asked.tags),
        overrides=parse_overrides(asked.overrides),
        lab=place.lab,
        keeper=place.keeper,
        item=place.item,
        rehearse=asked.rehearse,
        any_folder=asked.any_folder,
        given=asked.parameters,
    )
    return Prepared(request, axes, partial(kind, **asked.parameters))


def default_sample(place: Place) -> str:
    """Return the sample where nobody names one.

    Raises:
        BadValue: There is none on hardware.
    """
    if place.lab is not None:
        return read_addresses(place.lab).sample or DEFAULT_SAMPLE
    if place.simulate:
        return DEFAULT_SAMPLE
    raise BadValue(
        "a run on hardware needs a sample record; name it with --sample (`labctl list` shows the shipped ones)"
    )
