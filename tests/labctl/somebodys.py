"""Procedures as other people write them, for tests: text of files."""

from __future__ import annotations

PYMEASURE_IV = '''\
import logging
from time import sleep, time

from helper_of_iv import average
from pymeasure.experiment import BooleanParameter, FloatParameter, IntegerParameter, ListParameter, Procedure
from pymeasure.instruments.keithley import Keithley2182, Keithley6221

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())

START = time()


class IV(Procedure):
    """Current-voltage curve."""

    max_current = FloatParameter("Maximum Current", units="mA", default=0.1, minimum=-100, maximum=100)
    points = IntegerParameter("Points", default=5, minimum=2)
    delay = FloatParameter("Delay", units="s", default=0.5)
    reverse = BooleanParameter("Reverse", default=False)
    mode = ListParameter("Mode", choices=["dc", "slow"], default="dc")

    DATA_COLUMNS = ["Current (A)", "Voltage (V)", "Time (s)"]

    def startup(self):
        log.info("Connecting")
        self.source = Keithley6221("GPIB0::12::INSTR")
        self.meter = Keithley2182("GPIB::7", read_termination="\\n")
        self.source.source_compliance = 10
        self.source.source_range = 1e-3
        self.source.enable_source()
        sleep(2)

    def execute(self):
        for i in range(self.points):
            current = self.max_current * 1e-3 * i / (self.points - 1)
            self.source.source_current = current
            sleep(self.delay)
            voltage = average([self.meter.voltage for _ in range(3)])
            self.emit("results", {"Current (A)": current, "Voltage (V)": voltage, "Time (s)": time() - START})
            self.emit("progress", 100 * i / self.points)
            if self.should_stop():
                log.warning("Stopped by the user")
                break

    def shutdown(self):
        log.info("Finished")


if __name__ == "__main__":
    raise RuntimeError("this is no program here")
'''

HELPER_OF_IV = "def average(values):\n    return sum(values) / len(values)\n"

LABCTL_LOOP = '''\
from labctl import Probe, Procedure, Quantity, Result, Results, plot_columns
from labctl.reversal import COLUMNS


class StepLoop(Procedure):
    """Hall resistance at a few fields."""

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = COLUMNS

    largest = Quantity("0.2 T", "Field at the ends", above_zero=True)
    probe = Probe()

    def demands(self):
        return {"field": self.largest}

    def execute(self):
        for reading in self.steps(fields=[self.largest, 0.0, -self.largest], rate=0.01):
            self.record(**reading)

    def analyse(self, data):
        hall = data["Hall resistance (ohm)"]
        return Results({"swing": Result(hall.max() - hall.min(), None, "ohm", "this run", why="single points")})

    def figure(self, data, results):
        return plot_columns(data, x="Field (T)", y=["Hall resistance (ohm)"], title="Steps", caption=self.caption)
'''
