"""A procedure in one file: `labctl run mine.py:MyLoop`.

The file is run as Python runs a script: its folder is searched first for what it imports, so helper modules can lie
beside it. It is run anew every time, so what was edited is what counts.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import sys
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import decode_source, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from pymeasure.experiment import Procedure as PymeasureProcedure

from instruments.errors import LabError, UnknownName, UsageError
from labctl import labtime
from labctl.guarding import PACKAGES, hiding
from labctl.keywords import unknown_keyword
from labctl.procedure import Procedure
from labctl.visa_door import VisaDoor, as_default, too_early

_FILE = re.compile(r"(?P<file>.+\.py)(?::(?P<name>.*))?", re.DOTALL)
_folders: list[Path] = []
"""Folders whose files were run so far."""


_sources: WeakKeyDictionary[type[PymeasureProcedure], SourceFile] = WeakKeyDictionary()


class _Running:
    """Which file is being imported at this moment."""

    path: Path | None = None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Where a procedure comes from.

    Attributes:
        path: The file, absolute.
        text: What stood in it.
        door: Where the instruments that it opens by itself are found.
    """

    path: Path
    text: str
    door: VisaDoor


def is_file(name: str) -> bool:
    """Whether a procedure's name is that of a file, e.g. `mine.py` or `C:/lab/mine.py:MyLoop`."""
    return _FILE.fullmatch(name) is not None


def load(name: str, *, lab_time: bool = False) -> type[PymeasureProcedure]:
    """Run a file and return the procedure in it.

    Args:
        name: `mine.py:MyLoop`, or `mine.py` where there is only one.
        lab_time: Whether the procedure is going to run on a simulated lab's clock.

    Raises:
        UnknownName: There is no such file, or no such procedure in it.
        UsageError: The file cannot be run, what is named is no procedure, or it has several and none is named.
    """
    match = _FILE.fullmatch(name)
    assert match is not None, name
    path = Path(match["file"]).expanduser().absolute()
    text = _text_of(path)
    module, door = _run(path, lab_time=lab_time)
    _refuse_lost_class(text, path.name)
    kind = _chosen(module, match["name"], match["file"])
    _sources[kind] = SourceFile(path, text, door)
    return kind


def source_of(kind: type[PymeasureProcedure]) -> SourceFile | None:
    """Return the file that a procedure comes from; None for what is installed, and for what was typed in.

    A class that somebody's program hands over was not read from a file here, but its file is known all the same.
    """
    if kind in _sources:
        return _sources[kind]
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if not isinstance(file, str) or kind.__module__.partition(".")[0] in labtime.OURS:
        return None
    path = Path(file).absolute()
    if not path.is_file() or not labtime.lies_in(path, [path.parent]) or labtime.is_installed(path):
        return None
    return SourceFile(path, _text_of(path), VisaDoor())


def being_imported() -> Path | None:
    """Return the file that is being imported at this moment."""
    return _Running.path


def _text_of(path: Path) -> str:
    try:
        return decode_source(path.read_bytes())
    except FileNotFoundError:
        beside = [file.name for file in path.parent.glob("*.py")]
        near = difflib.get_close_matches(path.name, beside, n=1)
        hint = f"did you mean {near[0]}?" if near else "give the path of a Python file, e.g. mine.py:MyLoop"
        raise UnknownName(f"{path} does not exist; {hint}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (SyntaxError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no text in UTF-8 ({error}); save it as UTF-8") from error


def _run(path: Path, *, lab_time: bool) -> tuple[ModuleType, VisaDoor]:
    _own_packages_first()
    hidden = hiding(path.parent)
    if hidden is not None:
        raise UsageError(f"{hidden}: the folder of {path.name} is searched first; give that file another name")
    _search_first(path.parent)
    name = _module_name(path)
    loader = (labtime.LabTimeLoader if lab_time else labtime.FreshLoader)(name, str(path))
    spec = spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    door = VisaDoor()
    standing = labtime.standing_still([path.parent]) if lab_time else nullcontext()
    try:
        with as_default(door), standing, _importing(path):
            loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever somebody's file raises is one sentence
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise _refusal(path, error) from error
    if door.tried:
        raise UsageError(f"{path.name}: {too_early(door.tried[0])}")
    return module, door


def _refuse_lost_class(text: str, file: str) -> None:
    """Refuse a file in which a class takes the place of another one of the same name, as a copied one does.

    Raises:
        UsageError: There is one.
    """
    written: dict[str, int] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            before = written.setdefault(node.name, node.lineno)
            if before != node.lineno:
                raise UsageError(
                    f"{file}, line {node.lineno}: a second class {node.name} takes the place of the one in line "
                    f"{before}; give one of them another name"
                )


def _own_packages_first() -> None:
    """Load what a file of the same name beside a procedure would hide: `procedures.py` is what people call theirs."""
    for name in PACKAGES:
        import_module(name)


def _search_first(folder: Path) -> None:
    """Search a folder first, and forget modules that were found in another procedure's folder under the same name."""
    hidden: set[str] = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        home = _home(Path(file)) if isinstance(file, str) else folder
        beside = (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()
        if beside and home != folder and home in _folders:
            hidden.add(name)
    for name in [name for name in sys.modules if name.partition(".")[0] in hidden]:
        del sys.modules[name]
    if folder not in _folders:
        _folders.append(folder)
    if str(folder) in sys.path:
        sys.path.remove(str(folder))
    sys.path.insert(0, str(folder))


def _home(file: Path) -> Path:
    """Return the folder that was searched for a module's file."""
    return file.parents[1] if file.name == "__init__.py" else file.parent


def _module_name(path: Path) -> str:
    """Return the file's name as a module's, or a longer one where that is taken (test.py, numpy.py)."""
    stem = re.sub(r"\W", "_", path.stem)
    loaded = getattr(sys.modules.get(stem), "__file__", None)
    elsewhere = [entry for entry in sys.path if Path(entry).absolute() not in _folders]
    taken = (
        stem in sys.stdlib_module_names
        or (stem in sys.modules and (loaded is None or Path(loaded).parent not in _folders))
        or PathFinder.find_spec(stem, elsewhere) is not None
    )
    return f"{stem}_py" if taken else stem


@contextmanager
def _importing(path: Path) -> Generator[None]:
    before, _Running.path = _Running.path, path
    try:
        yield
    finally:
        _Running.path = before


def _refusal(path: Path, error: BaseException) -> UsageError:
    """Say in one sentence what is wrong with a file that could not be run, and where."""
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, LabError):
        # Up to Python 3.11 an error of a parameter's default comes wrapped into another one.
        where, sentence = place(error, path), str(error.__cause__)
    elif isinstance(error, SyntaxError):
        name = Path(error.filename or path).name
        text = f": {error.text.strip()}" if error.text and error.text.strip() else ""
        where, sentence = f"{name}, line {error.lineno}", f"{error.msg}{text}"
    elif isinstance(error, ModuleNotFoundError) and not _without_windows(error):
        where = place(error, path)
        sentence = (
            f"there is no module {error.name!r}; install it in labctl's environment, or put {error.name}.py beside "
            "the file"
        )
    elif isinstance(error, ImportError):
        where, sentence = place(error, path), f"cannot import: {str(error).rstrip('.')}{_without_windows(error)}"
    elif isinstance(error, SystemExit):
        where = place(error, path)
        sentence = 'the file ends the program; put what is to be run as a script below if __name__ == "__main__":'
    elif isinstance(error, LabError):
        where, sentence = place(error, path), str(error)
    else:
        where, sentence = place(error, path), said(error)
    return UsageError(f"{where}: {sentence}")


_WINDOWS = re.compile(r"\bQt|PyQt|PySide|pyqtgraph")


def _without_windows(error: ImportError) -> str:
    """Say what to do about a file that imports windows, which labctl runs procedures without; empty for any other."""
    if not _WINDOWS.search(f"{error.name or ''} {error}"):
        return ""
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else "PyQt6"
    return (
        "; no window is needed to run a procedure with labctl: move that import, and the class of the window, below "
        f'if __name__ == "__main__":, or install {missing} in labctl\'s environment'
    )


ENDED_THE_PROGRAM = "it ended the program (sys.exit); raise an error that says why instead"


def said(error: BaseException) -> str:
    """Return kind and text of an error in one line; of what should have been an error, what it was."""
    text = " ".join(str(error).split())
    if isinstance(error, SystemExit):
        why = f", saying {text!r}" if text and not isinstance(error.code, int) and error.code is not None else ""
        return ENDED_THE_PROGRAM.replace(";", f"{why};")
    advice = unknown_keyword(error)
    if advice is not None:
        return advice
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def place(error: BaseException, path: Path) -> str:
    """Return the innermost line of a procedure's own files from which an error came, e.g. `mine.py, line 7`."""
    return line_of(error, path) or path.name


def line_of(error: BaseException, path: Path) -> str:
    """Return the same as `place`, but nothing for an error that came from no line of theirs."""
    lines = [
        f"{Path(frame.f_code.co_filename).name}, line {line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if labtime.lies_in(Path(frame.f_code.co_filename), [path.parent])
    ]
    return lines[-1] if lines else ""


def written_at(kind: type[PymeasureProcedure], attribute: str) -> str:
    """Return where a class or one of its methods is written, e.g. `mine.py, line 7`, or as much of that as is known."""
    function: Any = inspect.getattr_static(kind, attribute, None) if attribute else None
    code = getattr(function, "__code__", None)
    if code is not None:
        return f"{Path(code.co_filename).name}, line {code.co_firstlineno}"
    source = source_of(kind)
    return kind.__name__ if source is None else f"{source.path.name}, {kind.__name__}"


def procedures_in(module: ModuleType) -> Iterator[type[PymeasureProcedure]]:
    """Yield the procedures that a module defines, in the order in which they were written."""
    for value in list(vars(module).values()):
        if _is_procedure(value) and value.__module__ == module.__name__ and not value.__name__.startswith("_"):
            yield value


def _is_procedure(value: Any) -> bool:
    bases = (PymeasureProcedure, Procedure)
    return isinstance(value, type) and issubclass(value, PymeasureProcedure) and value not in bases


def _chosen(module: ModuleType, name: str | None, file: str) -> type[PymeasureProcedure]:
    own = {kind.__name__: kind for kind in procedures_in(module)}
    listed = f"it has {' and '.join(own)}" if own else "it has none"
    if name is None:
        if len(own) == 1:
            return next(iter(own.values()))
        if own:
            named = f"{file}:{next(iter(own))}"
            raise UsageError(f"{file} has {len(own)} procedures, {' and '.join(own)}; name one, e.g. {named}")
        raise UnknownName(
            f"{file} has no procedure; write a class that subclasses labctl.Procedure, e.g. class MyLoop(Procedure)"
        )
    value = vars(module).get(name)
    if value is None:
        near = difflib.get_close_matches(name, own, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UnknownName(f"{file} has no procedure {name!r}; {hint}{listed}")
    if not _is_procedure(value):
        what = "a class" if isinstance(value, type) else f"a {type(value).__name__}"
        raise UsageError(
            f"{name} in {file} is {what} but no procedure, which subclasses labctl.Procedure or pymeasure's; {listed}"
        )
    return value
