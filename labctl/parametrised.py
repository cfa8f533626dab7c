"""What has parameters: pymeasure's procedure, with values that are checked and converted as they are set."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable
from typing import Any

from pymeasure.experiment import Procedure as PymeasureProcedure

from instruments.errors import UnknownName
from labctl.probe import Probe
from labctl.setting import Setting, declared


def check_names(procedure: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse parameters that a procedure does not have.

    Raises:
        UnknownName: The first that it does not have; the sentence says which name is nearest.
    """
    known = list(known)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
            raise UnknownName(f"{procedure} has no parameter {name!r}; {hint}")


class Parametrised(PymeasureProcedure):
    """Holds the values of the parameters that its class declares.

    Raises:
        UnknownName: A parameter that it does not have was given.
        BadValue: A parameter does not fit.
    """

    def __init__(self, **parameters: Any) -> None:
        super().__init__()
        self.set(**parameters)

    def __init_subclass__(cls) -> None:
        """Give a class that declares `probe = Probe()` the parameters that belong to it."""
        super().__init_subclass__()
        for probe in [value for value in vars(cls).values() if isinstance(value, Probe)]:
            for name, parameter in probe.parameters().items():
                if name not in vars(cls):
                    setattr(cls, name, parameter)
                    parameter.__set_name__(cls, name)

    def _update_parameters(self) -> None:
        """Collect the parameters in their written order (pymeasure sorts them by name)."""
        self._parameters = {}
        for attribute, parameter in declared(type(self)):
            self._parameters[attribute] = copy.copy(parameter)
            vars(self)[attribute] = parameter.default

    @classmethod
    def declared_parameters(cls) -> dict[str, Setting[Any]]:
        """Return the parameters by the name that users give, in the order in which they were written."""
        return {parameter.called: parameter for _, parameter in declared(cls)}

    def set(self, **parameters: Any) -> None:
        """Set parameters, each checked at once.

        Raises:
            UnknownName: A parameter that the procedure does not have.
            BadValue: A value that does not fit.
        """
        known = self.declared_parameters()
        check_names(type(self).__name__, parameters, known)
        for name, value in parameters.items():
            known[name].__set__(self, value)

    def values(self) -> dict[str, Any]:
        """Return the parameters' values in SI units, None where one is left out."""
        return {name: parameter.__get__(self, type(self)) for name, parameter in self.declared_parameters().items()}
