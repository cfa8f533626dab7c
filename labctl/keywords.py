"""A call with an argument that there is not, `self.settle(feild=0.1)`: which one was meant.

Python's own words name neither the right argument nor the choice.
"""

from __future__ import annotations

import difflib
import inspect
import re
import sys
from typing import Any

from labctl.labtime import OURS

_UNEXPECTED = re.compile(r"(?P<call>[\w.]+)\(\) got an unexpected keyword argument '(?P<given>\w+)'")


def unknown_keyword(error: BaseException) -> str | None:
    """Say which argument was meant where somebody gave labctl's own functions one that they do not have.

    Returns:
        A sentence without its end; None for every other error, and for functions that are not labctl's.
    """
    match = _UNEXPECTED.match(str(error)) if isinstance(error, TypeError) else None
    function = None if match is None else _called(match["call"])
    if match is None or function is None:
        return None
    name = match["call"].rpartition(".")[2] if not match["call"].endswith(".__init__") else match["call"].split(".")[-2]
    known = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY} and parameter.name != "self"
    ]
    folded = {parameter.lower(): parameter for parameter in known}
    near = difflib.get_close_matches(match["given"].lower(), folded, n=1)
    hint = f"did you mean {folded[near[0]]}?" if near else f"it has {', '.join(known) or 'none'}"
    return f"{name}() has no argument {match['given']!r}; {hint}"


def _called(qualified: str) -> Any:
    """Return one of labctl's functions by the name that Python gives it in an error, e.g. `Procedure.track`."""
    first, *rest = qualified.split(".")
    for name, module in list(sys.modules.items()):
        found: Any = getattr(module, first, None) if name.partition(".")[0] in OURS else None
        if getattr(found, "__module__", None) != name:
            continue
        for part in rest:
            found = getattr(found, part, None)
        if inspect.isroutine(found):
            return found
    return None
