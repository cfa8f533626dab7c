"""Small experiments on a sample with a memory, without instruments: right ones and wrong ones to be carried on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from labctl.procedure import Procedure

FIELDS = (1.0, -1.0)


class Memory(Procedure):
    """An experiment on a sample whose state depends on all that it has seen since it was saturated.

    The sample is as new whenever the procedure starts up, as one in a lab in the run's own process is.
    """

    DATA_COLUMNS = ("Step", "Value")

    def startup(self) -> None:
        self.state = 0.0

    def saturate(self) -> None:
        self.state = 1.0

    def apply(self, field: float) -> None:
        self.state = 0.9 * self.state + 0.1 * field

    def visit(self, step: float, fields: tuple[float, ...] = FIELDS) -> None:
        """Apply fields one after the other and record each time."""
        for field in self.track("field", fields):
            self.apply(field)
            self.record(Step=float(step), Value=self.state)


# ---- right


class Nested(Memory):
    """A loop that can be begun again, with one in it that cannot."""

    def execute(self) -> None:
        for temperature in self.track("temperature", [10, 20, 30], restart=True):
            self.saturate()
            self.visit(temperature)


class NestedTwice(Memory):
    """Two loops that can be begun again, one in the other, with rows of the outer one before and after."""

    def execute(self) -> None:
        for temperature in self.track("temperature", [10, 20], restart=True):
            self.record(Step=float(temperature), Value=0.0)
            for repeat in self.track("repeat", range(2), restart=True):
                self.saturate()
                self.visit(temperature + repeat)
            self.record(Step=float(temperature), Value=float(len(self.recorded(f"temperature={temperature // 10}"))))


class PlainOuter(Memory):
    """A loop that can be begun again within one that cannot, and rows outside of it."""

    def execute(self) -> None:
        self.saturate()
        self.record(Step=0.0, Value=self.state)
        for sign in self.track("sign", [1, -1]):
            for temperature in self.track("temperature", [10, 20], restart=True):
                self.saturate()
                self.visit(sign * temperature)
            self.record(Step=float(sign), Value=float(len(self.recorded())))


class NoRestart(Memory):
    """Nothing that can be begun again but the whole."""

    def execute(self) -> None:
        self.saturate()
        self.visit(1)


class AdaptiveInner(Memory):
    """An inner loop over a generator that looks at what is measured."""

    def window(self) -> Iterator[float]:
        field = 1.0
        while field > 0.6:
            yield field
            field = 0.5 * self.state + 0.3 * field

    def execute(self) -> None:
        for temperature in self.track("temperature", [10, 20], restart=True):
            self.saturate()
            for field in self.track("field", self.window()):
                self.apply(field)
                self.record(Step=float(temperature), Value=self.state)


class LeftByException(Memory):
    """An inner loop that is left by an exception, which the body deals with and keeps."""

    def execute(self) -> None:
        kept: list[ValueError] = []
        for temperature in self.track("temperature", [10, 20, 30], restart=True):
            self.saturate()
            try:
                self.measure_until(temperature)
            except ValueError as error:
                kept.append(error)
            self.saturate()
            for field in self.track("again", [1.0, 2.0]):
                self.apply(field)
                self.record(Step=float(temperature), Value=self.state)

    def measure_until(self, temperature: int) -> None:
        for field in self.track("field", FIELDS, restart=True):
            self.saturate()
            self.apply(field)
            self.record(Step=float(temperature), Value=self.state)
            if temperature == 20 and field == 1:
                raise ValueError("compliance")


class LeftByBreak(Memory):
    """A loop that ends as soon as something is found, and another one after it."""

    def execute(self) -> None:
        for field in self.track("search", [0.5, 0.2, -1.0, -2.0], restart=True):
            self.saturate()
            self.apply(field)
            self.record(Step=field, Value=self.state)
            if self.state < 0.9:
                break
        for field in self.track("then", [1.0, 2.0], restart=True):
            self.saturate()
            self.apply(field)
            self.record(Step=field, Value=self.state)


class Skipping(Memory):
    """A loop that leaves bodies early by `continue`, on what an earlier block has measured."""

    def execute(self) -> None:
        for number in self.track("loop", range(1, 4), restart=True):
            if number > 1 and self.recorded("loop=1")["Value"].iloc[-1] > 0.6 and number % 2:
                continue
            self.saturate()
            self.visit(number)


class EmptyLoops(Memory):
    """Loops over nothing, within and without."""

    def execute(self) -> None:
        for _ in self.track("none", [], restart=True):
            raise AssertionError
        for number in self.track("loop", [1, 2], restart=True):
            self.saturate()
            for _ in self.track("none", np.array([]), restart=True):
                raise AssertionError
            self.visit(number)


class InHelper(Memory):
    """A loop that can be begun again in a helper that yields."""

    def prepared(self) -> Iterator[int]:
        for number in self.track("loop", [1, 2, 3], restart=True):
            self.saturate()
            yield number

    def execute(self) -> None:
        for number in self.prepared():
            self.visit(number)


class RandomOrders(Memory):
    """Fields in random orders: one for all, and in each block another one."""

    def execute(self) -> None:
        before = float(self.rng.random())
        for number in self.track("loop", self.rng.permutation(4), restart=True):
            self.saturate()
            self.visit(number, tuple(self.rng.permutation(FIELDS).tolist()))
        self.record(Step=before, Value=float(self.rng.random()))


class FineFromRecorded(Memory):
    """A second loop whose values come from the rows of the first."""

    def execute(self) -> None:
        for temperature in self.track("coarse", [10, 20, 30], restart=True):
            self.saturate()
            self.apply(temperature)
            self.record(Step=float(temperature), Value=self.state)
        centre = sum(self.recorded("coarse=1")["Value"].tolist() + self.recorded("coarse=2")["Value"].tolist())
        for field in self.track("fine", [centre, centre + 1], restart=True):
            self.saturate()
            self.apply(field)
            self.record(Step=field, Value=self.state)


class FetchedAhead(Memory):
    """All values taken from the loop before any is used: nothing can be passed over, and nothing is."""

    def execute(self) -> None:
        for number in list(self.track("loop", [1, 2], restart=True)):
            self.saturate()
            self.visit(number)

    def visit(self, step: float, fields: tuple[float, ...] = FIELDS) -> None:
        for field in fields:
            self.apply(field)
            self.record(Step=float(step), Value=self.state)


RIGHT = (Nested, NestedTwice, PlainOuter, NoRestart, AdaptiveInner, LeftByException, LeftByBreak, Skipping, EmptyLoops,
         InHelper, RandomOrders, FineFromRecorded, FetchedAhead)  # fmt: skip

# ---- wrong


class Lying(Memory):
    """A body that does not prepare the sample."""

    def execute(self) -> None:
        for temperature in self.track("temperature", [10, 20, 30], restart=True):
            self.visit(temperature)


class Carried(Memory):
    """A list that is carried from block to block."""

    def execute(self) -> None:
        switched: list[float] = []
        for temperature in self.track("temperature", [10, 20, 30], restart=True):
            self.saturate()
            self.visit(len(switched))
            switched.append(temperature)


class FineFromCarried(Memory):
    """A second loop whose values come from a list that the first has filled."""

    def execute(self) -> None:
        coarse = [0.0]
        for temperature in self.track("coarse", [10, 20, 30], restart=True):
            self.saturate()
            self.apply(temperature)
            coarse.append(self.state)
            self.record(Step=float(temperature), Value=self.state)
        centre = sum(coarse) / len(coarse)
        for field in self.track("fine", [centre, centre + 1], restart=True):
            self.saturate()
            self.apply(field)
            self.record(Step=field, Value=self.state)


class KeptGenerator(Memory):
    """A generator of random numbers that is kept in a variable."""

    def execute(self) -> None:
        kept = self.rng
        for number in self.track("loop", [1, 2, 3], restart=True):
            self.saturate()
            self.visit(number, tuple(kept.permutation(FIELDS).tolist()))


class OtherGenerator(Memory):
    """Random numbers that come from elsewhere."""

    def execute(self) -> None:
        chance = np.random.default_rng()
        for _ in self.track("loop", [1, 2], restart=True):
            self.saturate()
            self.visit(float(chance.random()))
