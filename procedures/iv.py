"""Current against voltage of a tunnel junction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procedures.biased import Biased

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results


class CurrentVoltage(Biased):
    """Current against voltage of a tunnel junction, 0 to +, to - and back to 0.

    First the largest bias is approached in ten steps of both signs; after each the resistance is read at the record's
    probe voltage, 1 mV or so. A change by more than 2 % ends the run with the junction at zero. Then the bias goes
    around in ramps, and at each point voltage and current are both measured, on fixed ranges that hold what the
    approach has shown. In the end the resistance is read once more.

    Above 10 kohm a source-measure unit sets the voltage, senses it at leads of its own where these are cabled, and
    measures the current. Below, a current is driven and the nanovoltmeter reads the voltage.

    The sample gets up to `maximum_bias`, which stays within its record's largest bias. The field stays as it is.
    """

    main_results = ("cubic_coefficient", "conductance_zero_bias", "asymmetry", "hysteresis")

    def measure(self) -> None:
        """Sweep."""
        for cycle in self.track("cycle", list(range(1, self.cycles + 1)), restart=True):
            for _ in self.around(cycle):
                pass

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find how the current bends, and whether it repeats; see `procedures.iv_results`."""
        from procedures.iv_results import results_of

        return results_of(data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the curve, its odd and its even part."""
        from procedures.iv_results import figure_of

        title = " of ".join(filter(None, ["I-V curve", self.sample_name]))
        return figure_of(data, results, title=title, caption=self.caption)
