"""Names in a class of one's own that are nearly those of a hook, and arguments that are nearly right."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.cli.main import run_command
from labctl.misspelt import ATTRIBUTES, HOOKS, OF_PYMEASURE
from labctl.procedure import Procedure
from tests.labctl.test_beforehand import WRITTEN, refused

SHORT = "from {module} import Procedure\n\n\nclass Loop(Procedure):\n    DATA_COLUMNS = ('A',)\n{more}"


def run(folder: Path, text: str) -> int:
    (folder / "loop.py").write_text(text)
    return run_command(["run", str(folder / "loop.py"), "--simulate", "--out", str(folder / "runs")])


@pytest.mark.parametrize(
    ("more", "name", "right"),
    [
        ("    def analyze(self, data):\n        return 1\n", "loop.py, line 18: analyze()", "analyse()"),
        ("    def start_up(self):\n        pass\n", "loop.py, line 18: start_up()", "startup()"),
        ("    def Figure(self, data, results):\n        pass\n", "loop.py, line 18: Figure()", "figure()"),
        ("    main_result = ('x',)\n", "loop.py, Loop: main_result", "main_results"),
        ("    @staticmethod\n    def chek():\n        pass\n", "chek()", "check()"),
    ],
)
def test_a_name_that_is_nearly_a_hook_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, name: str, right: str
) -> None:
    said = refused(tmp_path, capsys, f"{WRITTEN}\n{more}")
    wanted = f"{name} is none of the names that a run looks for, and nothing in Loop uses it; did you mean {right}?\n"
    assert said.endswith(wanted)


def test_a_misspelt_demand_does_not_pass_the_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(tmp_path, capsys, WRITTEN.replace("def demands", "def demand"))
    assert "did you mean demands()?" in said


@pytest.mark.parametrize(
    "more",
    [
        "    def analyze(self):\n        pass\n    def shutdown(self):\n        self.analyze()\n",
        "    def checks(self):\n        pass\n    def check(self):\n        pass\n",
        "    shape = 3\n    n = property(lambda self: self.shape)\n",
        "    def _figures(self):\n        pass\n",
        "    def plot(self):\n        pass\n    def setup(self):\n        pass\n",
        "    roled = __import__('labctl').Count(1, 'x', minimum=1, maximum=2)\n",
    ],
)
def test_a_name_of_its_own_is_none_of_anybodys_business(tmp_path: Path, more: str) -> None:
    own = SHORT.format(module="labctl", more=f"    def execute(self):\n        self.record(A=1.0)\n{more}")
    assert run(tmp_path, own) == 0


def test_a_pymeasure_procedure_runs_and_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = "    def execute(self):\n        self.emit('results', {'A': 1})\n    def start_up(self):\n        pass\n"
    assert run(tmp_path, SHORT.format(module="pymeasure.experiment", more=more)) == 0
    said = capsys.readouterr().err
    assert said.startswith("warning: loop.py, line 8: start_up() is none of the names")
    assert said.count("\n") == 1


def test_the_names_that_are_looked_for_are_those_of_the_class() -> None:
    for name in (*HOOKS, *ATTRIBUTES):
        assert hasattr(Procedure, name)
    for name in OF_PYMEASURE:
        assert hasattr(Procedure.__mro__[1], name)


# ---- arguments


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("self.settle(feild=0.1)", "settle() has no argument 'feild'; did you mean field? (loop.py, line 8)"),
        ("list(self.track('i', [1], Restart=True))", "track() has no argument 'Restart'; did you mean restart?"),
        ("list(self.sweep(to=0.1))", "sweep() has no argument 'to'; it has field, rate"),
        ("__import__('labctl').Result(1.0, uncertanty=1)", "Result() has no argument 'uncertanty'; did you mean unce"),
        ("(lambda mine: mine)(mien=1)", "TypeError: Loop.execute.<locals>.<lambda>() got an unexpected keyword"),
    ],
)
def test_an_argument_that_there_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], call: str, sentence: str
) -> None:
    more = f"    def execute(self):\n        self.record(A=1.0)\n        {call}\n"
    assert run(tmp_path, SHORT.format(module="labctl", more=more)) == 1
    said = capsys.readouterr().err
    assert f"error: {sentence}" in said
    assert "line 8" in said


def test_an_argument_of_a_parameter_that_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(tmp_path, capsys, WRITTEN.replace('"Field")', '"Field", minimun=0)'))
    assert "loop.py, line 8: Quantity() has no argument 'minimun'; " in said
