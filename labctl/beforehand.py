"""What is looked at before a run sends its first byte: the experiment as it is written, its parameters, the station."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pymeasure.experiment import Procedure as PymeasureProcedure

from instruments.errors import BadValue, Refused, UnknownName, UsageError
from labctl import discovery, informed, limits, one_file, simulation
from labctl.adopted import Adopted
from labctl.bare_numbers import bare_numbers
from labctl.journal import CONTACTS, latest
from labctl.learning import journal_of
from labctl.misspelt import ATTRIBUTES, HOOKS, misspelt
from labctl.own_code import own_code
from labctl.procedure import Procedure
from labctl.procedures import guest_of
from labctl.records import suggest
from labctl.request import device_name
from labctl.run_places import check_place
from labctl.sample import SampleRecord, connections
from labctl.sample_sections import KINDS
from labctl.station import ROLES, Station

if TYPE_CHECKING:
    from labctl.request import Request


DRIVING = frozenset({"source", "smu"})
"""Roles that send a current through the sample."""


def check_request(request: Request, *, contacts: bool = True) -> None:
    """Hand station and sample to the procedure, and refuse what can be known to fail before anything is sent.

    Args:
        request: What is asked.
        contacts: Whether contacts have to be checked by now; runs before this one may still do it.

    Raises:
        UsageError: Parameters that do not fit, a role, driver or cable that is missing.
        LimitExceeded: What is asked for exceeds a limit.
    """
    procedure = request.procedure
    if request.resume is None and not request.any_folder and (request.lab is not None or not request.simulate):
        check_place(request.out, f"{request.name}-{request.sample.name}")
    check_written(procedure)
    limits.check_overrides(request.overrides, request.station)
    procedure.station, procedure.sample = limits.relieved(request.station, request.sample, request.overrides)
    procedure.sample_device = device_name(request.sample.name, request.sample_seed if request.simulate else None)
    procedure.sample_journal = journal_of(request)
    informed.inform(request)
    check_shape(request.name, procedure.shapes, request.sample)
    procedure.forewarnings = ()
    _check_given_current(request)
    with own_code(procedure, "check() failed"):
        procedure.check()
    for role in procedure.roles:
        _find_driver(request.station, role, request.name)
    connections(request.station, request.sample)
    if request.simulate:
        simulation.check(request.station, request.sample, procedure.roles)
    with own_code(procedure, "demands() failed"):
        demands = procedure.demands()
    try:
        limits.check(demands, request.station, request.sample, request.overrides, procedure.roles, _bare(request))
    except BadValue as error:
        where = one_file.written_at(guest_of(type(procedure)), "demands")
        raise BadValue(f"{where}: {error}") from error
    if not isinstance(procedure, Adopted) and "probe_current" in procedure.declared_parameters():
        current = procedure.probe_settings().current
        limits.check_reversal(current, request.station, request.sample, request.overrides)
    if contacts:
        check_contacts(request)


def _check_given_current(request: Request) -> None:
    """Refuse a probe current that was given, before a compliance of kilovolts is derived from it.

    Raises:
        LimitExceeded: It exceeds a limit.
    """
    procedure = request.procedure
    if isinstance(procedure, Adopted) or "probe_current" not in procedure.declared_parameters():
        return
    current = procedure.values()["probe_current"]
    if isinstance(current, float):
        asked = {"current": current}
        limits.check(asked, request.station, request.sample, request.overrides, procedure.roles, _bare(request))


def _bare(request: Request) -> list[float]:
    """Return the values of parameters that were given as numbers without a unit, in SI units; of a list its largest."""
    values = request.procedure.values()
    names = bare_numbers(request.procedure.declared_parameters(), request.given)
    given = [values[name] for name in names]
    return [max(value, key=abs) if isinstance(value, tuple) else value for value in given if value is not None]


def check_contacts(request: Request) -> None:
    """On hardware, refuse a current through contacts that nobody has checked in this mounting, or that are bad.

    Raises:
        Refused: There is no passed contact check, and no override.
    """
    procedure = request.procedure
    drives = isinstance(procedure, Adopted) or not DRIVING.isdisjoint(procedure.roles)
    if request.simulate or request.lab is not None or not (drives and procedure.needs_contacts):
        return
    if limits.UNCHECKED_CONTACTS in request.overrides:
        return
    journal = journal_of(request)
    found = None if journal is None else latest(journal.since_mounting(), CONTACTS)
    if found is None:
        why = "its journal has no contact check since it was mounted"
    else:
        said = found.values.get("good_for", {}).get(request.name, "pass" if found.values.get("passed") else "failed")
        why = "" if said == "pass" else f"its last contact check says: {said}"
    if why:
        raise Refused(
            f"no current was sent through sample {request.sample.label}, since {why}; run contact-check, or permit it "
            f"for this run with --override {limits.UNCHECKED}=contacts"
        )


def check_shape(name: str, shapes: Sequence[str], sample: SampleRecord) -> None:
    """Refuse an experiment on a sample that it is not made for.

    Args:
        name: What the experiment is called.
        shapes: Kinds of sample that it is for; empty where any will do.
        sample: What is mounted.

    Raises:
        UsageError: The sample is of another kind.
    """
    if shapes and sample.geometry.kind not in shapes:
        wanted = " or ".join(KINDS.get(shape, shape) for shape in shapes)
        raise UsageError(
            f"{name} measures {wanted}, but sample {sample.label} is {KINDS[sample.geometry.kind]}; name another "
            "sample with --sample, or take another experiment (`labctl list`)"
        )


def _find_driver(station: Station, role: str, needed_by: str) -> None:
    driver = station.instrument(role, needed_by).driver
    try:
        discovery.find("instruments", driver)
    except UnknownName as error:
        raise UnknownName(f"station {station.name!r} cannot be used here, because of its {role}: {error}") from error


def check_written(procedure: Procedure) -> None:
    """Refuse a class that lacks what every experiment has; mostly a name in it is misspelt.

    Raises:
        UsageError: It has no `execute`, no columns, `roles` that are none, or a name that is nearly one of a hook; the
            sentence says what is like it there.
    """
    kind = guest_of(type(procedure))
    if kind.execute is PymeasureProcedure.execute:
        raise _lacking(kind, "execute", "it has no execute(), so there is nothing to run", "write def execute(self):")
    if isinstance(procedure, Adopted):
        return
    wrong = misspelt(kind, Procedure.__mro__, [*HOOKS, *ATTRIBUTES] if procedure.DATA_COLUMNS else HOOKS)
    if wrong is not None:
        raise UsageError(wrong)
    for name in ("roles", "DATA_COLUMNS"):
        given: Any = getattr(procedure, name)
        if isinstance(given, str):
            where = one_file.written_at(kind, "")
            raise UsageError(
                f"{where}: {name} is the text {given!r}, but must be a list; write {name} = ({given!r},) with the comma"
            )
    for role in procedure.roles:
        if role not in ROLES:
            where = one_file.written_at(kind, "")
            raise UsageError(f"{where}: {role!r} is not a role; {suggest(role, ROLES)}roles are {', '.join(ROLES)}")
    lacking = [role for role in ("source", "voltmeter") if role not in procedure.roles]
    if lacking and type(procedure).startup is Procedure.startup and "probe_current" in procedure.declared_parameters():
        roles = ", ".join(f'"{role}"' for role in (*procedure.roles, *lacking))
        raise UsageError(
            f"{one_file.written_at(kind, '')}: its Probe() reads with the {' and the '.join(lacking)}, which it does "
            f"not ask for; write roles = ({roles}{',' * (roles.count(',') == 0)})"
        )
    if not procedure.DATA_COLUMNS:
        raise _lacking(kind, "DATA_COLUMNS", "its DATA_COLUMNS is empty", 'write DATA_COLUMNS = ("Field (T)", ...)')


def _lacking(kind: type[PymeasureProcedure], wanted: str, what: str, otherwise: str) -> UsageError:
    own = [base for base in kind.__mro__ if base not in (*Procedure.__mro__, Adopted)]
    near = difflib.get_close_matches(wanted, [name for base in own for name in vars(base)], n=1, cutoff=0.7)
    hint = f"is {near[0]} meant for {wanted}?" if near and near[0] != wanted else otherwise
    return UsageError(f"{one_file.written_at(kind, near[0] if near else '')}: {what}; {hint}")
