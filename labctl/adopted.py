"""Procedures that were written for pymeasure, run as they are.

`startup`, `execute`, `shutdown`, `emit`, `should_stop`, `is_last`, parameters and metadata keep the meaning that
pymeasure's Worker gives them. What such a procedure emits is recorded row by row; it can be aborted, but not carried on
after it died, since nobody knows what its loops carry from one row to the next.
"""

from __future__ import annotations

import copy
import math
import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import pint
from pymeasure.experiment import FloatParameter, IntegerParameter, ListParameter, Parameter, VectorParameter
from pymeasure.experiment import Procedure as PymeasureProcedure
from pymeasure.units import ureg

from instruments import units
from instruments.errors import Aborted, BadValue, ComplianceFault, LabError, UsageError
from labctl.bare_numbers import taken_for
from labctl.misspelt import OF_PYMEASURE, misspelt
from labctl.number_texts import is_number
from labctl.procedure import Procedure
from labctl.setting import Setting

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

OUR_COLUMNS = ("Block", "Attempt")
"""Columns that every run adds."""


class AdoptedParameter(Setting[Any]):
    """A parameter of a pymeasure procedure, which checks what it is given by pymeasure's own rules.

    Its value is kept under a key that is no attribute, since it may be called like anything: `sample`, `run`, `values`.
    """

    def __init__(self, attribute: str, parameter: Parameter) -> None:
        super().__init__(parameter.default, str(parameter.description or parameter.name), called=attribute)
        self._attribute = f"parameter {attribute}"
        self._own = parameter
        self.name = parameter.name
        self.units = str(getattr(parameter, "units", None) or "")
        self.default = parameter.value if parameter.is_set() else None

    def convert(self, value: Any) -> Any:
        """Return what pymeasure's parameter makes of it. A unit other than its own is converted first.

        Raises:
            BadValue: It does not fit, or is not a finite number where one is wanted.
        """
        if value is None:
            return None
        own = copy.deepcopy(self._own)
        try:
            own.value = self._in_own_unit(value)
        except (ValueError, TypeError, LookupError, OverflowError) as error:
            hint = f"; it may be {limits}" if (limits := self.choices()) else ""
            why = " ".join(str(error).split())
            raise BadValue(f"{self.called} is {value!r}, which does not fit: {why}{hint}") from error
        made = own.value
        if any(isinstance(number, float) and not math.isfinite(number) for number in _items(made)):
            raise BadValue(f"{self.called} is {value!r}, but must be a finite number")
        if isinstance(made, str) and not made.isprintable():
            raise BadValue(f"{self.called} is {made!r}, but must be one line of text")
        return made

    def _in_own_unit(self, value: Any) -> Any:
        """Convert `0.003 A` and `3mA` for a parameter in mA; what labctl does not know is left to pymeasure."""
        if not isinstance(self._own, FloatParameter | IntegerParameter):
            return value
        made: Any = self._number(value) if isinstance(value, str) else value
        if not isinstance(self._own, IntegerParameter) or not isinstance(made, float):
            return made
        if not made.is_integer():
            raise ValueError("a whole number is wanted")
        return int(made)

    def _number(self, text: str) -> float:
        number, _, unit = text.strip().partition(" ")
        if is_number(number) and unit.strip() in {"", self.units}:
            return float(number)
        if not number[:1].isdigit() and number[:1] not in {"+", "-", "."}:
            raise ValueError("a number is wanted")
        try:
            return units.in_unit(units.parse(text, self.units), self.units)
        except BadValue as error:
            raise ValueError(str(error)) from error

    def convert_list(self, text: str) -> list[Any]:
        """Return the values of a list such as "1, 2, 5 mA" or, of numbers, "0:10:0.5 mA".

        Raises:
            BadValue: A value does not fit, or there is none.
        """
        if not isinstance(self._own, FloatParameter | IntegerParameter):
            return super().convert_list(text)
        numbers = units.parse_list(text, self.units, self.called)
        return [self.convert(units.in_unit(number, self.units)) for number in numbers]

    def taken(self, given: Any) -> str:
        """Say what a number without a unit is taken for: the parameter's own unit, for texts and numbers alike."""
        return taken_for(given, self.units, self.units) if isinstance(self._own, FloatParameter) else ""

    def show(self, value: Any) -> str:
        """Write a value exactly, with its unit."""
        if value is None:
            return ""
        text = repr(list(value)).replace(" ", "") if isinstance(value, list | tuple) else _exact(value)
        return f"{text} {self.units}".rstrip()

    def shown_default(self) -> str:
        """Return the default with its unit."""
        return self.show(self.default)

    def is_set(self) -> bool:
        """Tell whether there is a default."""
        return self.default is not None

    def choices(self) -> str:
        """Say what may be entered."""
        own = self._own
        if isinstance(own, ListParameter):
            return " | ".join(map(str, own.choices))
        if isinstance(own, VectorParameter):
            return "a list, e.g. [1,2,3]"
        parts: list[str] = []
        for word, name, absent in (("from", "minimum", -1e9), ("to", "maximum", 1e9)):
            limit = getattr(own, name, None)
            if limit is not None and limit != absent:
                parts.append(f"{word} {limit:g} {self.units}".rstrip())
        return " ".join(parts) or ("true | false" if type(own).__name__ == "BooleanParameter" else "")


class Adopted(Procedure):
    """A pymeasure procedure as one of labctl's; `adopt` makes a subclass for each."""

    guest: ClassVar[type[PymeasureProcedure]] = PymeasureProcedure
    parameters_by_name: ClassVar[Mapping[str, AdoptedParameter]] = {}

    def __init__(self, **parameters: Any) -> None:
        try:
            self.own: Any = self.guest()
            self.DATA_COLUMNS = tuple(self.own.DATA_COLUMNS)
            super().__init__(**parameters)
            self._units: Mapping[str, Any] = self.parse_columns(self.DATA_COLUMNS)
        except (ValueError, TypeError, AttributeError) as error:
            if isinstance(error, LabError):
                raise
            raise UsageError(f"{self.guest.__name__} cannot be made: {' '.join(str(error).split())}") from error
        self._asks = False
        self._told: set[str] = set()
        _check_columns(self.guest.__name__, self.DATA_COLUMNS)

    def _update_parameters(self) -> None:
        """Begin with the defaults."""
        self._parameters = {}
        for parameter in self.parameters_by_name.values():
            parameter.__set__(self, parameter.default)

    @classmethod
    def declared_parameters(cls) -> dict[str, Setting[Any]]:
        """Return the parameters by attribute, in the order in which they were written."""
        return dict(cls.parameters_by_name)

    def values(self) -> dict[str, Any]:
        """Return the parameters' values as they go into a file: in their own units, choices of other kinds as text."""
        return {name: _plain(value) for name, value in self._chosen().items()}

    def _chosen(self) -> dict[str, Any]:
        return {name: parameter.__get__(self, type(self)) for name, parameter in self.parameters_by_name.items()}

    def check(self) -> None:
        """Refuse a parameter without a value, as pymeasure does before it starts.

        Raises:
            UsageError: One has neither default nor value.
        """
        for name, value in self._chosen().items():
            if value is None:
                raise UsageError(f"{self.guest.__name__} needs a value for {name}; give it with -p {name}=...")

    def startup(self) -> None:
        """Hand over parameters and the ways out, then start up as it does."""
        own = self.own
        own.set_parameters({name: value for name, value in self._chosen().items() if value is not None})
        own.emit, own.should_stop, own.is_last = self._emit, self._should_stop, lambda: True
        own.status = PymeasureProcedure.RUNNING
        wrong = misspelt(self.guest, PymeasureProcedure.__mro__, OF_PYMEASURE)
        if wrong is not None:  # it may be called by a program of theirs, so that it is no more than worth a word
            self._tell_once(wrong)
        own.startup()

    def execute(self) -> None:
        """Measure as it does; what ended because it was asked to is aborted, not finished."""
        self.run.check()
        self.own.evaluate_metadata()
        for metadata in self.own.metadata_objects().values():
            self.run.note("metadata", name=str(metadata.name), value=str(metadata))
        self.own.execute()
        self.run.check()
        self.own.status = PymeasureProcedure.FINISHED

    def shutdown(self) -> None:
        """Clean up as it does, whatever came before."""
        if self.own.status == PymeasureProcedure.RUNNING:
            self.own.status = PymeasureProcedure.ABORTED
        self.own.shutdown()

    def figure(self, data: pd.DataFrame, results: Results) -> Figure | None:
        """Draw the first column against the others."""
        from labctl.plain_figure import plot_columns

        del results
        chosen = [f"{parameter.name} {text}" for parameter, text in self._shown() if text]
        return plot_columns(
            data,
            columns=self.DATA_COLUMNS,
            title=self.summary().rstrip("."),
            subtitle=textwrap.shorten(", ".join(chosen), 110, placeholder=" ..."),
            caption=self.caption,
        )

    def _shown(self) -> list[tuple[AdoptedParameter, str]]:
        """Return the parameters with their values as text."""
        values = self._chosen()
        return [(parameter, parameter.show(values[name])) for name, parameter in self.parameters_by_name.items()]

    # ---- what pymeasure's Worker puts in the place of the procedure's own methods

    def _should_stop(self) -> bool:
        self._asks = True
        try:
            self.run.check()
        except Aborted:
            return True
        return False

    def _go_on(self) -> None:
        """End a procedure that was asked to stop and never looks; one that looks is left to end by itself."""
        try:
            self.run.check()
        except Aborted:
            if not self._asks:
                raise

    def _emit(self, topic: str, record: Any) -> None:
        if topic == "results":
            self._record_row(record)
        elif topic == "batch results":
            self._record_batch(record)
        elif topic == "progress":
            self.run.path.within = min(1.0, max(0.0, float(record) / 100))
            self._go_on()

    def _record_batch(self, record: Mapping[str, Sequence[Any]]) -> None:
        lengths = {len(values) for values in record.values()}
        if len(lengths) != 1:
            raise BadValue(f"emit('batch results') was given columns of {sorted(lengths)} values; give them one length")
        for index in range(lengths.pop()):
            self._record_row({name: values[index] for name, values in record.items()})

    def _record_row(self, record: Mapping[str, Any]) -> None:
        """Record a row; a column that is not given is not a number, as in pymeasure's files."""
        for name in record:
            if name not in self.DATA_COLUMNS:
                self._tell_once(
                    f"emit('results') was given {name!r}, which is not among DATA_COLUMNS; it is not recorded"
                )
        row = {name: self._cell(name, record.get(name, math.nan)) for name in self.DATA_COLUMNS}
        try:
            self.run.record(row)
        except ComplianceFault:  # a column of theirs is called like the one by which labctl marks such a reading
            self._go_on()
        except Aborted:
            if not self._asks:
                raise

    def _cell(self, column: str, value: Any) -> Any:
        """Return what can stand in the file, quantities in the column's unit."""
        unit = self._units.get(column)
        if isinstance(value, str) and unit is not None:
            try:
                value = ureg.Quantity(value)
            except (pint.PintError, ValueError, TypeError, SyntaxError):
                return self._no_number(column, value)
        if isinstance(value, pint.Quantity):
            return self._magnitude(column, cast("Any", value), unit)
        if isinstance(value, np.generic | np.ndarray) and value.size == 1:
            value = value.item()
        if value is None or isinstance(value, int | float | str):
            return value
        if isinstance(value, Decimal):
            return float(value)
        return str(value) if unit is None else self._no_number(column, value)

    def _magnitude(self, column: str, value: Any, unit: Any) -> Any:
        try:
            return float(value.m_as(unit) if unit is not None else value.to_base_units().magnitude)
        except (pint.PintError, TypeError):
            return self._no_number(column, value)

    def _no_number(self, column: str, value: Any) -> float:
        self._tell_once(f"emit('results') was given {value!r} for {column!r}, which is no number in its unit")
        return math.nan

    def _tell_once(self, sentence: str) -> None:
        if sentence not in self._told and len(self._told) < 20:
            self._told.add(sentence)
            self.run.remark(sentence)


def adopt(guest: type[PymeasureProcedure]) -> type[Procedure]:
    """Return a pymeasure procedure's class as one of labctl's.

    Raises:
        UsageError: Its columns are called like those that every run adds.
    """
    if issubclass(guest, Procedure):
        return guest
    found: dict[str, Parameter] = {}
    for base in reversed(guest.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Parameter):
                found[name] = value
            else:
                found.pop(name, None)
    members = {
        "guest": guest,
        "parameters_by_name": {name: AdoptedParameter(name, parameter) for name, parameter in found.items()},
        "DATA_COLUMNS": tuple(guest.DATA_COLUMNS),
        "__doc__": guest.__doc__ if guest.__doc__ not in {None, PymeasureProcedure.__doc__} else guest.__name__,
        "__module__": guest.__module__,
        "__qualname__": guest.__qualname__,
    }
    _check_columns(guest.__name__, guest.DATA_COLUMNS)
    return type(guest.__name__, (Adopted,), members)


def _check_columns(name: str, columns: Sequence[str]) -> None:
    taken = [column for column in OUR_COLUMNS if column in columns]
    if taken:
        raise UsageError(f"{name} has a column {taken[0]!r}, which every run of labctl adds; give yours another name")


def _items(value: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list | tuple) else [value]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("Sequence[Any]", value)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _exact(value: Any) -> str:
    return repr(value) if isinstance(value, float) and type(value) is float else str(value)
