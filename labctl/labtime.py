"""The lab's time for programs that were written for real time.

Somebody's procedure waits with `time.sleep`, stamps its rows with `time.time()` and names things by `datetime.now()`.
On a simulated station all of these have to follow the lab's clock, or a wait of an hour costs an hour and no lab time
passes. So the modules of such a program see stand-ins of `time` and `datetime`; everybody else's, labctl's recorder
among them, keep the real ones. On the wall clock nothing is replaced.

What a program reaches in another way (`threading.Event().wait(5)`, `numpy.datetime64("now")`) stays in real time.
"""

from __future__ import annotations

import builtins
import datetime as _datetime
import importlib.machinery
import sys
import time as _time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from instruments.clock import Clock, VirtualClock, WallClock

OURS = frozenset({"labctl", "instruments", "simulators", "procedures", "pyvisa_labctl"})
"""Packages that are handed a clock and need no stand-in."""

ROOT = Path(__file__).resolve().parent.parent
"""Where these packages lie."""

TRANSPORTS = frozenset({"pyvisa", "pyvisa_py", "pyvisa_sim"})
"""Packages that wait for a wire, which is in real time."""

OTHERS = OURS | TRANSPORTS | {"matplotlib", "numpy", "pandas", "pint", "pydantic", "rich", "scipy", "typer"}
"""Packages that need not be looked at: no driver is among them."""

_looked_at: dict[str, tuple[int, int, bool]] = {}
"""Whether a module talks to instruments, by its name, with its identity and size when it was looked at."""


GLANCES, TICK = 100, 1e-3
"""Looks at a clock that stands still which cost nothing, and the s that each further one takes: so `while time.time() <
end` ends on a clock, too, that only moves when somebody waits."""


class _Shown:
    """Which clock the stand-ins show; None for the computer's own."""

    clock: Clock | None = None
    last = -1.0
    glances = 0

    @classmethod
    def look(cls) -> Clock | None:
        """Return the clock, for somebody who reads it."""
        clock = cls.clock
        if clock is None:
            return None
        now = clock.now()
        cls.glances = cls.glances + 1 if now == cls.last else 0
        if cls.glances > GLANCES:
            clock.sleep(TICK)
            now = clock.now()
        cls.last = now
        return clock


def _sleep(seconds: float, /) -> None:
    if _Shown.clock is None:
        _time.sleep(seconds)
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    _Shown.clock.sleep(float(seconds))


def _seconds(real: Any) -> Any:
    """Make the stand-in of a clock that counts from an arbitrary moment."""
    return lambda: real() if (clock := _Shown.look()) is None else clock.now()


def _nanoseconds(real: Any) -> Any:
    return lambda: real() if (clock := _Shown.look()) is None else round(clock.now() * 1e9)


def _date() -> float:
    """Return the seconds since 1970."""
    return _time.time() if (clock := _Shown.look()) is None else clock.utc().timestamp()


def _with_now(real: Any) -> Any:
    """Make the stand-in of a function that takes seconds since 1970 and means now without."""
    return lambda seconds=None, /: real(_date() if seconds is None else seconds)


def _time_stand_in() -> ModuleType:
    module = ModuleType("time", _time.__doc__)
    vars(module).update(vars(_time))
    vars(module).update(
        sleep=_sleep,
        time=_date,
        time_ns=lambda: _time.time_ns() if _Shown.clock is None else round(_date() * 1e6) * 1000,
        monotonic=_seconds(_time.monotonic),
        monotonic_ns=_nanoseconds(_time.monotonic_ns),
        perf_counter=_seconds(_time.perf_counter),
        perf_counter_ns=_nanoseconds(_time.perf_counter_ns),
        localtime=_with_now(_time.localtime),
        gmtime=_with_now(_time.gmtime),
        ctime=_with_now(_time.ctime),
        asctime=lambda moment=None, /: _time.asctime(moment or _time.localtime(_date())),
        strftime=lambda form, moment=None, /: _time.strftime(form, moment or _time.localtime(_date())),
    )
    return module


class _LikeDate(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _datetime.date)


class _LikeDatetime(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _datetime.datetime)


class LabDate(_datetime.date, metaclass=_LikeDate):
    """A date whose today is the lab's."""

    @classmethod
    def today(cls) -> Self:
        """Return the lab's date, in the computer's time zone."""
        return cls.fromtimestamp(_date())


class LabDatetime(_datetime.datetime, metaclass=_LikeDatetime):
    """A date and time whose now is the lab's."""

    @classmethod
    def now(cls, tz: _datetime.tzinfo | None = None) -> Self:
        """Return the lab's date and time."""
        return cls.fromtimestamp(_date(), tz)

    @classmethod
    def today(cls) -> Self:
        """Return the lab's date and time, in the computer's time zone."""
        return cls.now()

    @classmethod
    def utcnow(cls) -> Self:
        """Return the lab's date and time in UTC, without saying so."""
        return cls.fromtimestamp(_date(), _datetime.UTC).replace(tzinfo=None)


def _datetime_stand_in() -> ModuleType:
    module = ModuleType("datetime", _datetime.__doc__)
    vars(module).update(vars(_datetime))
    vars(module).update(datetime=LabDatetime, date=LabDate)
    return module


STAND_INS: Mapping[str, ModuleType] = {"time": _time_stand_in(), "datetime": _datetime_stand_in()}
"""What a program sees as the modules of these names."""

_REAL: Mapping[str, ModuleType] = {"time": _time, "datetime": _datetime}


def _replacements() -> dict[int, Any]:
    """Return stand-ins by the identity of what they stand for: the modules, and what programs import from them."""
    found: dict[int, Any] = {}
    for name, stand_in in STAND_INS.items():
        real = _REAL[name]
        found[id(real)] = stand_in
        for key, value in vars(stand_in).items():
            if vars(real).get(key) is not value and not key.startswith("__"):
                found[id(vars(real)[key])] = value
    return found


_REPLACEMENTS = _replacements()


def _import(name: str, within: Any = None, local: Any = None, names: Sequence[str] = (), level: int = 0) -> Any:
    """Import as ever, but for the modules that have a stand-in."""
    if name in STAND_INS and level == 0:
        return STAND_INS[name]
    return builtins.__import__(name, within, local, names, level)


class FreshLoader(importlib.machinery.SourceFileLoader):
    """Runs a file as it is now: a cached compilation is as old as its stamp, which counts whole seconds."""

    def get_code(self, fullname: str) -> Any:
        """Compile the file.

        Raises:
            SyntaxError: It is no Python.
        """
        del fullname
        return self.source_to_code(self.get_data(self.path), self.path)


class LabTimeLoader(FreshLoader):
    """Runs a file in which `import time`, wherever it stands, means the stand-in."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the file."""
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": _import}
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """Finds the modules of a program, and of pymeasure, and has them run with stand-ins."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Find a module as Python does; None where another finder should."""
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader or spec.origin is None:
            return None
        if not (fullname.startswith("pymeasure.") or lies_in(Path(spec.origin), self._folders)):
            return None
        spec.loader = LabTimeLoader(spec.loader.name, spec.loader.path)
        return spec


def lies_in(file: Path, folders: Sequence[Path]) -> bool:
    """Whether a file belongs to a program in these folders; what is installed there, or is labctl's own, does not."""
    here = file.is_relative_to(ROOT)
    if here and file.relative_to(ROOT).parts[0] in OURS:
        return False  # also where the copy of labctl is a folder beside the program
    for folder in folders:
        if file.is_relative_to(folder):
            inner = file.relative_to(folder).parts
            return not is_installed(file.relative_to(folder)) and (here or inner[0] not in OURS)
    return False


def is_installed(file: Path) -> bool:
    """Whether a file lies where packages are installed."""
    return bool({"site-packages", "dist-packages"}.intersection(file.parts))


def _guests(folders: Sequence[Path], names: Sequence[str]) -> Iterator[ModuleType]:
    """Yield the loaded modules that follow the lab's time.

    These are a program's own, pymeasure's, and those of packages that use pymeasure or pyvisa: somebody's drivers.
    """
    loaded = list(sys.modules.items())
    tops = {"pymeasure"} | {name.partition(".")[0] for name, module in loaded if _talks_to_instruments(name, module)}
    prefixes = tuple(str(folder) for folder in folders)
    for name, module in loaded:
        file = getattr(module, "__file__", None)
        near = isinstance(file, str) and file.startswith(prefixes)  # most files are not, and paths are slow
        own = name in names or (near and lies_in(Path(str(file)), folders))
        # pyvisa's resources wait between question and answer; the rest of pyvisa waits for the wire. Tests that lie in
        # such a package look at the run from outside.
        in_package = name.partition(".")[0] in tops and not name.rpartition(".")[2].startswith(("test_", "conftest"))
        if own or in_package or name.startswith("pyvisa.resources."):
            yield module


def _talks_to_instruments(name: str, module: ModuleType) -> bool:
    top = name.partition(".")[0]
    if top in OTHERS or top in sys.stdlib_module_names:
        return False
    variables = _variables(module)
    identity, size, answer = _looked_at.get(name, (0, 0, False))
    if (identity, size) != (id(module), len(variables)):
        answer = _uses_pymeasure(variables)
        _looked_at[name] = id(module), len(variables), answer
    return answer


def _uses_pymeasure(variables: Mapping[str, Any]) -> bool:
    for value in list(variables.values()):
        home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(home, str) and home.partition(".")[0] in {"pymeasure", "pyvisa"}:
            return True
    return False


def _variables(module: object) -> dict[str, Any]:
    """Return a module's names; some of what stands among the modules is none, and has none."""
    return getattr(module, "__dict__", {})


@contextmanager
def _found_with_stand_ins(folders: Sequence[Path]) -> Generator[None]:
    finder = _Finder(folders)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def standing_still(folders: Sequence[Path]) -> Generator[None]:
    """Import a program's files with stand-ins that show a simulated lab's first moment.

    Args:
        folders: Where the program's files are.
    """
    with _showing(VirtualClock()), _found_with_stand_ins(folders):
        yield


@contextmanager
def following(clock: Clock, folders: Sequence[Path], names: Sequence[str] = ()) -> Generator[None]:
    """Let a program follow a clock; on the wall clock it does already, and nothing is replaced.

    Args:
        clock: The lab's.
        folders: Where the program's files are.
        names: Modules that belong to it wherever they are.
    """
    if isinstance(clock, WallClock):
        yield
        return
    lent: list[tuple[ModuleType, str, Any]] = []
    for module in _guests(folders, names):
        for key, value in list(_variables(module).items()):
            stand_in = _REPLACEMENTS.get(id(value))
            if stand_in is not None:
                setattr(module, key, stand_in)
                lent.append((module, key, value))
    try:
        with _showing(clock), _found_with_stand_ins(folders):
            yield
    finally:
        for module, key, value in lent:
            setattr(module, key, value)


@contextmanager
def _showing(clock: Clock) -> Generator[None]:
    before, _Shown.clock, _Shown.last = _Shown.clock, clock, -1.0
    try:
        yield
    finally:
        _Shown.clock = before
