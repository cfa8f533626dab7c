"""The math of a 2400: its list of expressions, built-in ones and those of the user, and what it makes of readings.

Source: 2400 series user's manual, sections 8 and 18 (CALCulate1).
"""

from __future__ import annotations

from collections.abc import Sequence

from instruments.scpi import INVALID_STRING_DATA, SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley2400 import BUILT_IN, TABLE
from simulators.devices.smu_formula import NOT_THERE, Formula, parse
from simulators.devices.smu_sense import SenseUnit
from simulators.devices.smu_settings import Place
from simulators.exchange import command, query

INSUFFICIENT_DATA = 801
LIST_FULL = 804
UNDEFINED_EXISTS = 805
NOT_FOUND = 806
DEFINITION_NOT_ALLOWED = 807
CANNOT_BE_DELETED = 808

MOST_EXPRESSIONS = 5
"""So many can be the user's own."""

MATH_ON = TABLE["CALC:STAT"].header
MATH_NAME = TABLE["CALC:MATH:NAME"].header

_BUILT_IN = {
    "POWER": parse("(VOLT * CURR)"),
    "OFFCOMPOHM": parse("((VOLT[1] - VOLT[0]) / (CURR[1] - CURR[0]))"),
    "VOLTCOEF": parse("(((RES[1] - RES[0]) / (RES[1] * (VOLT[1] - VOLT[0]))) * 100)"),
    "VARALPHA": parse("(log(CURR[1] / CURR[0]) / log(VOLT[1] / VOLT[0]))"),
}
"""The manual gives the equations, and no text of theirs (unsure: what CALCulate1:MATH? answers)."""


class ExpressionUnit(SenseUnit):
    """Everything of a 2400 that calculates with readings."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._expressions: dict[str, Formula | None] = dict(_BUILT_IN)
        self._vector: list[Sequence[float]] = []

    # ---- results

    def calculate(self, values: Sequence[float]) -> tuple[float, bool]:
        """Take another reading; return the result, and whether there is one: a vector has to be complete.

        Args:
            values: Voltage in V, current in A, resistance in ohm, time in s.
        """
        formula = self._expressions.get(str(self.settings[MATH_NAME]))
        if not self.settings[MATH_ON] or formula is None:
            return NOT_THERE, False
        if not formula.size:
            return formula((values,)), True
        self._vector.append(values)
        if len(self._vector) < formula.size:
            return NOT_THERE, False
        result = formula(self._vector)
        self._vector.clear()
        return result, True

    def vector_incomplete(self) -> bool:
        """Whether a vector has been begun; it is forgotten, and that goes into the error queue."""
        begun = bool(self._vector)
        if begun:
            self._vector.clear()
            self.status.report(INSUFFICIENT_DATA)
        return begun

    # ---- the list

    def knows_expression(self, name: str) -> bool:
        """Whether an expression of this name is defined."""
        return self._expressions.get(name) is not None

    def forget_expressions(self) -> None:
        """Delete the user's own expressions; the power is selected."""
        self._expressions = {name: self._expressions[name] for name in _BUILT_IN}
        self.settings[MATH_NAME] = "POWER"

    def forget_undefined(self) -> None:
        """Drop a name to which no expression was given (assumed of *RST: the manual does not say)."""
        self._expressions = {name: formula for name, formula in self._expressions.items() if formula is not None}

    @command("CALC:MATH:NAME")
    def _name_expression(self, name: str) -> None:
        """Select an expression that there is, or give a name to one that is defined next.

        A name is text that can be shown (the number of the error is unsure); a line feed would end the catalog's line.
        """
        if not (name.isascii() and name.isprintable()):
            raise ScpiError(INVALID_STRING_DATA, repr(name))
        known = _spelled(name, self._expressions)
        if known is None:
            if _spelled(name, BUILT_IN) is not None:
                raise ScpiError(SETTINGS_CONFLICT, f"{name} is for the front panel")
            if None in self._expressions.values():
                raise ScpiError(UNDEFINED_EXISTS, "another name has no expression yet")
            if len(self._expressions) - len(_BUILT_IN) >= MOST_EXPRESSIONS:
                raise ScpiError(LIST_FULL, f"{MOST_EXPRESSIONS} expressions of one's own are all there can be")
            self._expressions[name] = None
        self._vector.clear()
        self.settings[MATH_NAME] = known or name

    @command("CALC:MATH")
    def _define(self, text: str) -> None:
        """The formula goes to the name that is selected."""
        name = str(self.settings[MATH_NAME])
        if name in _BUILT_IN or name not in self._expressions:
            raise ScpiError(DEFINITION_NOT_ALLOWED, "no name was given for it")
        self._expressions[name] = parse(text)
        self._vector.clear()

    @query("CALC:MATH")
    def _ask_definition(self) -> str:
        formula = self._expressions.get(str(self.settings[MATH_NAME]))
        return "()" if formula is None else formula.text

    @query("CALC:MATH:CAT")
    def _ask_catalog(self) -> str:
        own = [name for name in self._expressions if name not in _BUILT_IN]
        return ",".join('"{}"'.format(name.replace('"', '""')) for name in (*BUILT_IN, *own))

    @command("CALC:MATH:DEL")
    def _delete(self, name: str) -> None:
        """The power takes the place of one that was selected (assumed)."""
        if _spelled(name, BUILT_IN) is not None:
            raise ScpiError(CANNOT_BE_DELETED, name)
        known = _spelled(name, self._expressions)
        if known is None:
            raise ScpiError(NOT_FOUND, name)
        del self._expressions[known]
        if self.settings[MATH_NAME] == known:
            self.settings[MATH_NAME] = "POWER"

    @command("CALC:MATH:DEL:ALL")
    def _delete_all(self) -> None:
        selected = self.settings[MATH_NAME]
        self.forget_expressions()
        if selected in _BUILT_IN:
            self.settings[MATH_NAME] = selected


def _spelled(name: str, names: Sequence[str] | dict[str, Formula | None]) -> str | None:
    """Find a name whatever its capitals (assumed)."""
    return next((known for known in names if known.upper() == name.upper()), None)
