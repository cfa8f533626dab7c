"""How long it takes until the window is there, beside pymeasure's ManagedWindow: each in a Python of its own, by turns.

The time is that of the whole process until its window was painted, and closed. Its worker runs already.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.harness import Comparison, alternate, main
from labctl.service.places import find_worker
from labctl.supervision.processes import ask_to_end

UNTIL_PAINTED = """
from PyQt6.QtWidgets import QApplication
def until_painted(*_):
    application = QApplication.instance()
    while not any(window.isVisible() for window in application.topLevelWidgets()):
        application.processEvents()
    for window in application.topLevelWidgets():
        if window.isVisible():
            window.grab()
    print('painted', flush=True)
    for window in application.topLevelWidgets():
        window.close()
    return 0
QApplication.exec = until_painted
"""
OURS = (
    UNTIL_PAINTED
    + """
import sys
sys.argv = ["labctl", "gui", "--simulate"]
from labctl.__main__ import main
sys.exit(main())
"""
)
THEIRS = (
    UNTIL_PAINTED
    + """
import sys
from pymeasure.display.Qt import QtWidgets
from pymeasure.display.windows import ManagedWindow
from pymeasure.experiment import FloatParameter, IntegerParameter, Procedure
class Loop(Procedure):
    field = FloatParameter("Field", units="T", default=0.5)
    rate = FloatParameter("Rate", units="T/s", default=0.01)
    points = IntegerParameter("Points", default=100)
    DATA_COLUMNS = ["Field (T)", "Resistance (ohm)"]
    def execute(self):
        pass
application = QtWidgets.QApplication(sys.argv)
window = ManagedWindow(Loop, inputs=["field", "rate", "points"], displays=["field"], x_axis="Field (T)",
                       y_axis="Resistance (ohm)")
window.show()
until_painted()
"""
)


def paint(code: str, environment: Mapping[str, str]) -> None:
    """Run a program that paints its window and closes it."""
    said = subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, check=True).stdout
    if b"painted" not in said:
        raise SystemExit(f"no window was painted: {code[-200:]}")


def measure(repeats: int) -> Sequence[Comparison]:
    with tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, "LABCTL_STATE": state, "QT_QPA_PLATFORM": "offscreen"}
        try:
            return [
                alternate(
                    "labctl gui, painted : pymeasure's ManagedWindow", lambda: paint(OURS, environment),
                    lambda: paint(THEIRS, environment), goal=1.0, repeats=repeats,
                )
            ]  # fmt: skip
        finally:
            for queue in Path(state).glob("queues/*"):
                if (worker := find_worker(queue)) is not None:
                    ask_to_end(worker.pid)


if __name__ == "__main__":
    sys.exit(main(measure))
