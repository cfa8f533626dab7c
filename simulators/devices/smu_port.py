"""The digital output of a 2400, which a handler of components is wired to.

Four lines, low or high. A pattern is put on lines 1 to 3 first, on line 4 10 us later, for line 4 is what many handlers
take as end of test; it is taken away in the opposite order.

Source: 2400 series user's manual, sections 12 (binning systems), 13 and 18 (SOURce2).
"""

from __future__ import annotations

import math

SKEW = 10e-6
"""s; line 4 comes so much later than the others, and goes so much earlier."""

_LINE_4 = 0x8
_OTHERS = 0x7


class DigitalPort:
    """The lines, and what they show when.

    Attributes:
        default: The pattern while no limit test has said anything.
        end_of_test: Whether line 4 is run as end of test or busy (3 bits), and not with the pattern.
        busy: Whether line 4 then says that a test is under way; else that it has ended.
        asserted: The level of line 4 that says so.
    """

    def __init__(self) -> None:
        self.default = 15
        self.end_of_test = False
        self.busy = False
        self.asserted = False
        self._pattern = self.default
        self._shown = -math.inf
        self._cleared = -math.inf
        self._testing = False

    def show(self, pattern: int, time: float, width: float) -> None:
        """Put the pattern of a result on the lines from a lab time in s on.

        Args:
            pattern: Bit 0 for line 1.
            time: When.
            width: How long line 4 shows it, in s; infinite until it is cleared.
        """
        self._pattern, self._shown, self._cleared = pattern, time, time + SKEW + width

    def clear(self) -> None:
        """Show the default pattern from now on."""
        self._cleared = -math.inf

    def test(self, *, running: bool) -> None:
        """Take note of a test that has begun, or ended."""
        self._testing = running

    def lines(self, time: float) -> int:
        """Return what the lines show at a lab time in s that is not past; bit 0 for line 1."""
        shown = self._shown <= time < self._cleared + SKEW
        strobe = self._shown + SKEW <= time < self._cleared
        others = (self._pattern if shown else self.default) & _OTHERS
        if self.end_of_test:
            on = self._testing if self.busy else strobe
            return others | (_LINE_4 if on == self.asserted else 0)
        return others | ((self._pattern if strobe else self.default) & _LINE_4)
