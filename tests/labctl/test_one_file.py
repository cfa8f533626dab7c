from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from instruments.errors import LabError, UnknownName, UsageError
from labctl import one_file
from labctl.procedures import load_procedure, name_of, run_name, spelled
from procedures.ahe import AnomalousHallLoop

LOOP = "from labctl import Procedure\nclass MyLoop(Procedure):\n    '''A loop.'''\n"
TWO = LOOP + "class Other(MyLoop):\n    pass\nclass _Base(Procedure):\n    pass\nnumber = 3\nclass Thing:\n    pass\n"


def write(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(name: object) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(UsageError) as caught:
        one_file.load(str(name))
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_procedure_is_named_or_is_the_only_one(tmp_path: Path) -> None:
    path = write(tmp_path, LOOP)
    for name in (f"{path}:MyLoop", f"{path}"):
        kind = load_procedure(name)
        assert kind.__name__ == "MyLoop"
        assert kind.__module__ == "mine"
        assert run_name(name, kind) == "my-loop"
        source = one_file.source_of(kind)
        assert source is not None
        assert (source.path, source.text) == (path, LOOP)


@pytest.mark.parametrize(
    ("name", "is_file"),
    [
        ("mine.py", True),
        ("mine.py:MyLoop", True),
        (r"C:\lab\mine.py:MyLoop", True),
        (r"C:\lab\mine.py", True),
        ("../x y/mine.py:", True),
        ("ahe", False),
        ("mine:MyLoop", False),
        ("mine.pyc", False),
        (".py", False),
    ],
)
def test_what_is_a_file(name: str, is_file: bool) -> None:
    assert one_file.is_file(name) is is_file


def test_a_path_of_windows_is_cut_at_the_right_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, LOOP, r"C:\lab\mine.py" if os.name != "nt" else "mine.py")
    name = r"C:\lab\mine.py:MyLoop" if os.name != "nt" else f"{tmp_path / 'mine.py'}:MyLoop"
    assert one_file.load(name).__name__ == "MyLoop"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x = 1\ndef f(:\n    pass\n", ["mine.py, line 2: ", "def f(:"]),
        ("if True:\nx = 1\n", ["mine.py, line 2: expected an indented block"]),
        ("\nimport no_such_package_at_all.part\n", ["mine.py, line 2", "'no_such_package_at_all'", "install it"]),
        ("from labctl import Procedur\n", ["mine.py, line 1: cannot import", "Procedur"]),
        ("x = 1\ny = x / 0\n", ["mine.py, line 2: ZeroDivisionError: division by zero"]),
        ("raise ValueError('several\\n lines')\n", ["line 1: ValueError: several lines"]),
        ("import sys\nsys.exit(3)\n", ["mine.py, line 2", "ends the program", "__main__"]),
        (LOOP + "    a = __import__('labctl').Quantity('5 parsec', 'x')\n", ["mine.py, line 4: 'parsec'"]),
        (LOOP + "    a = __import__('labctl').Quantity('five T', 'x')\n", ["mine.py, line 4: ", "is no number"]),
        ("import labctl\nlabctl.run('ahe', simulate=True)\n", ["mine.py, line 2", "labctl.run()", "__main__"]),
        ("raise ImportError('No Qt bindings could be found')\n",
         ["line 1: cannot import: No Qt", "no window is needed", "__main__", "or install PyQt6 in"]),
        ("import PyQt5.QtWidgets\n", ["line 1: cannot import: No module", "below if __name__", "or install PyQt5 in"]),
        ("x = 1\n", ["has no procedure", "labctl.Procedure"]),
        (TWO, ["2 procedures, MyLoop and Other", "mine.py:MyLoop"]),
        ("\0", ["mine.py"]),
        ("import pyvisa\npyvisa.ResourceManager('@py').open_resource('GPIB0::12::INSTR')\n",
         ["mine.py, line 2: GPIB0::12::INSTR is opened while", "startup()"]),
        ("import pyvisa\ntry:\n    pyvisa.ResourceManager().open_resource('GPIB::5')\nexcept Exception:\n    pass\n"
         + LOOP, ["GPIB0::5::INSTR is opened while"]),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, parts: list[str]) -> None:
    sentence = refusal(write(tmp_path, text))
    for part in parts:
        assert part in sentence


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("MyLop", ["no procedure 'MyLop'", "did you mean MyLoop?", "MyLoop and Other"]),
        ("", ["no procedure ''", "MyLoop and Other"]),
        ("Thing", ["is a class but no procedure", "MyLoop and Other"]),
        ("number", ["is a int but no procedure"]),
        ("Procedure", ["is a class but no procedure"]),
    ],
)
def test_a_name_that_is_none_gets_the_nearest_and_all(tmp_path: Path, name: str, parts: list[str]) -> None:
    sentence = refusal(f"{write(tmp_path, TWO)}:{name}")
    for part in parts:
        assert part in sentence


def test_a_file_that_is_not_there_gets_the_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, LOOP, "loops.py")
    assert "did you mean loops.py?" in refusal(tmp_path / "loop.py")
    assert "does not exist; give the path" in refusal(tmp_path / "nowhere" / "x.py")
    (tmp_path / "folder.py").mkdir()
    assert "cannot read" in refusal(tmp_path / "folder.py")
    (tmp_path / "latin.py").write_bytes("# µ".encode("latin-1"))
    assert "UTF-8" in refusal(tmp_path / "latin.py")


def test_modules_beside_the_file_are_found_and_those_of_another_folder_are_not(tmp_path: Path) -> None:
    kinds: list[object] = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(folder, f"NUMBER = {number}\n", "helper_of_test.py")
        (folder / "parts_of_test").mkdir()
        write(folder / "parts_of_test", "", "__init__.py")
        write(folder / "parts_of_test", f"PART = {number}\n", "one.py")
        path = write(folder, LOOP + "    from helper_of_test import NUMBER\n    from parts_of_test.one import PART\n")
        kind: object = one_file.load(str(path))
        kinds.append((vars(kind)["NUMBER"], vars(kind)["PART"]))
    assert kinds == [(1, 1), (2, 2)]


def test_a_mistake_in_a_module_beside_the_file_is_named_there(tmp_path: Path) -> None:
    write(tmp_path, "def f(:\n", "helper_with_slip.py")
    assert refusal(write(tmp_path, "import helper_with_slip\n" + LOOP)).startswith("helper_with_slip.py, line 1: ")
    write(tmp_path, "\n\nraise KeyError('x')\n", "helper_that_raises.py")
    assert refusal(write(tmp_path, "import helper_that_raises\n" + LOOP)).startswith("helper_that_raises.py, line 3: ")


def test_what_was_edited_in_the_same_second_is_what_counts(tmp_path: Path) -> None:
    path = write(tmp_path, LOOP + "    value = 1\n")
    assert vars(one_file.load(str(path)))["value"] == 1
    write(tmp_path, LOOP + "    value = 2\n")
    assert vars(one_file.load(str(path)))["value"] == 2
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize("name", ["procedures.py", "test.py", "numpy.py", "my loop-3.py", "labctl.py", "queue.py"])
def test_a_file_may_be_called_like_something_else(tmp_path: Path, name: str) -> None:
    before = {module: sys.modules.get(module) for module in ("procedures", "numpy", "labctl", "queue")}
    kind = one_file.load(str(write(tmp_path, LOOP + "import procedures.ahe\nimport numpy.linalg\n", name)))
    assert kind.__module__.isidentifier()
    assert all(sys.modules.get(module) is loaded for module, loaded in before.items())
    assert issubclass(load_procedure("ahe"), AnomalousHallLoop)
    sys.path.remove(str(tmp_path))  # a later import of the standard library's queue must not find this one


@pytest.mark.parametrize("name", ["mine:MyLoop", "./mine", "C:\\lab\\mine"])
def test_what_looks_like_a_file_and_is_none_gets_the_form(name: str) -> None:
    with pytest.raises(UnknownName, match=r"is no Python file; .* mine\.py:MyLoop"):
        load_procedure(name)


def test_names_of_runs() -> None:
    assert [spelled(name) for name in ("MyLoop", "AHELoop", "IV", "My_Loop2", "_X", "Loop3D", "___")] == [
        "my-loop", "ahe-loop", "iv", "my-loop2", "x", "loop3-d", "procedure",
    ]  # fmt: skip
    assert name_of(AnomalousHallLoop) == "ahe"


def test_a_class_of_somebodys_program_has_its_file_and_an_installed_one_has_none() -> None:
    class Mine(AnomalousHallLoop):
        pass

    source = one_file.source_of(Mine)
    assert source is not None
    assert source.path == Path(__file__)
    assert one_file.source_of(AnomalousHallLoop) is None


def test_the_errors_are_labctls_own(tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        one_file.load(str(tmp_path / "x.py"))
    with pytest.raises(LabError) as caught:
        one_file.load(str(write(tmp_path, "1/0\n")))
    assert caught.value.exit_code == 2
