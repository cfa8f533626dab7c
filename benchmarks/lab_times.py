"""What each experiment costs in laboratory time with its defaults, beside what an experienced lab plans for it.

The laboratory's time is that of the simulated clock: it depends on no computer's speed, so there is nothing to repeat.
An experiment is one line of `TABLE`.

    .venv/bin/python -m benchmarks.lab_times                 all of them
    .venv/bin/python -m benchmarks.lab_times cooldown align  those whose name has one of these words
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labctl import discovery
from labctl.run import Request, carry_out
from labctl.sample import load_sample
from labctl.station import load_station

STATION, SAMPLE, SEED = "ppms", "cotb2025", 3
JUNCTION = "fimtj2026"


@dataclass(frozen=True, slots=True)
class Line:
    """An experiment as it is run.

    Attributes:
        name: What it is called in the table.
        procedure: Its name in `labctl list`.
        planned: What an experienced lab plans for it.
        stepped: What it takes with the field stepped from point to point and waited for, where that is usual.
        why: Why the time as run is another than the planned one.
        parameters: Those that are not left at their defaults.
        sample: Name of the sample's record.
    """

    name: str
    procedure: str
    planned: str
    stepped: str = ""
    why: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    sample: str = SAMPLE


TABLE: Sequence[Line] = (
    Line(
        "contact-check", "contact-check", "3 to 5 min",
        why="cables move at once in the simulated lab; an operator moves them 23 times, 10 s each or so",
    ),
    Line("degauss", "degauss", "8 to 9 min"),
    Line(
        "cooldown, 300 K to 50 K", "cooldown", "54 min",
        why="in the end the sample is waited for until it has 0.04 K to go, longer than three time constants",
    ),
    Line(
        "rt, 300 K to 50 K and back, 2 K/min", "rt", "4.2 h", parameters={"begin": "300 K"},
        why="the plan has the ramps only; the sample is waited for at both ends, before and after each",
    ),
    Line("align", "align", "34 min", why="21 angles instead of 19, and turned back in the end"),
    Line(
        "approach", "approach", "2.5 min",
        why="the plan has the pulses alone; saturating both ways, resting and turning there and back add 10 min",
    ),
    Line("pulse-delay", "pulse-delay", "not planned", parameters={"current": "20 mA", "width": "10 ms"}),
    Line(
        "minor-loops", "minor-loops", "72 min", parameters={"pulse_max": "20 mA", "pulse_width": "10 ms"},
        why="the saturated states first, and 7 states held for 100 s each",
    ),
    Line(
        "demagnetise", "demagnetise", "4 s and a check", "2.3 min",
        parameters={"pulse_max": "20 mA", "pulse_width": "10 ms"},
        why="a train takes 3.3 s; the rest is the field, the saturated states, rising pulses, and ten repeats",
    ),
    Line("levels", "levels", "not planned", parameters={"pulse_max": "20 mA", "pulse_width": "10 ms"}),
    Line(
        "switching-probability", "switching-probability", "7 min", parameters={"pulse_max": "20 mA"},
        why="30 trials of this film, which switches grain by grain, and turning and resting in the field",
    ),
    Line(
        "pulse-width, 50 us to 34 ms", "pulse-width", "not planned",
        parameters={"pulse_max": "20 mA", "widths": "50 us, 150 us, 0.44 ms, 1.3 ms, 3.9 ms, 11 ms, 34 ms"},
    ),
    Line(
        "harmonic-hall, one axis, 3 amplitudes", "harmonic-hall", "66 min", "2 h",
        parameters={"maximum_field": "250 mT"},
        why="the plan has 22 min an amplitude, and sweeps; here the field stops at 21 points for each harmonic",
    ),
    Line("ahe, survey of 0.5 T at 50 Oe/s", "ahe", "8 min", "67 to 127 min"),
    Line(
        "ahe, two rates, window of 0.1 T", "ahe", "5 min", "67 to 127 min", parameters={"window": "0.1 T"},
        why="1.5 times the coercive field of 68 mT on both sides takes 200 s; 5 min are for a film with 25 mT",
    ),
    Line(
        "ahe, two rates, 3 loops", "ahe", "14 min", "3.4 to 6.4 h", parameters={"window": "0.1 T", "loops": 3},
        why="the same window, three times",
    ),
    Line("ahe, stepped by 2.5 mT", "ahe", "67 to 127 min", parameters={"sweep": "step"}),
    Line(
        "ahe-temperature, 8 temperatures", "ahe-temperature", "2 h", "10 to 17 h",
        parameters={"temperatures": "300:230:-10 K", "refinement": "none"},
        why="next to compensation loops are measured again, up to 1 T",
    ),
    Line(
        "ahe-temperature, as it is by default", "ahe-temperature", "2 h", "10 to 17 h",
        why="7 temperatures, and 2 more around compensation, for which the sample goes back first",
    ),
    Line("tmr-loop, survey of 2 T", "tmr-loop", "not planned", "67 to 127 min", sample=JUNCTION),
    Line(
        "tmr-loop, two rates, 1 T", "tmr-loop", "12 min", "67 to 127 min", sample=JUNCTION,
        why="saturating first takes 100 s, and the field rests before each branch and in the end",
        parameters={"maximum_field": "1 T", "soft_field": "60 mT", "hard_field": "0.45 T"},
    ),
    Line(
        "tmr-angle, 7 angles, from 300 K to 15 K", "tmr-angle", "75 min", sample=JUNCTION,
        why="cooling and waiting for the sample take 2.4 h; the first angle is measured twice, and 85° goes to 5 T",
        parameters={"temperature": "15 K"},
    ),
    Line(
        "tmr-bias, 12 biases, from 300 K to 15 K", "tmr-bias", "not planned", sample=JUNCTION,
        why="2.4 h of it as for tmr-angle", parameters={"temperature": "15 K"},
    ),
    Line(
        "thermal-write, cooled from 300 K", "thermal-write", "2.5 h", sample=JUNCTION,
        why="the plan has the cycles alone; cooling takes 2.2 h at 2 K/min, loops before and after 2 h",
    ),
    Line(
        "tmr-temperature, 9 temperatures", "tmr-temperature", "3.6 h", "18 h", sample=JUNCTION,
        why="75 min of it are the way from 300 K to 10 K, which the plan does not have; fields and windows follow the "
        "loops before",
    ),
    Line("log", "log", "as long as you say"),
    Line("moment-loop, 0.8 T at 50 Oe/s", "moment-loop", "not planned"),
    Line("read-heating", "read-heating", "not planned", why="four loops of 7 min after the resistance"),
    Line("read-heating, resistance alone", "read-heating", "not planned", parameters={"loops": 0}),
)  # fmt: skip
"""Add an experiment as a line."""


def lab_time(line: Line) -> float:
    """Carry an experiment out on the simulated station, throw its files away, and return its lab time in s."""
    kind: Any = discovery.load("procedures", line.procedure)
    with tempfile.TemporaryDirectory() as folder:
        outcome = carry_out(
            Request(
                line.procedure, kind(**line.parameters), load_station(STATION), load_sample(line.sample), simulate=True,
                seed=SEED, out=Path(folder),
            ),
            analyse=False,
        )  # fmt: skip
    if outcome.status != "finished":
        raise RuntimeError(f"{line.name}, which is to be measured, {outcome.status}: {outcome.error}")
    return outcome.lab_time_s


def text(seconds: float) -> str:
    """Write a lab time as people say it."""
    if seconds < 5400.0:
        return f"{seconds / 60.0:.1f} min"
    return f"{seconds / 3600.0:.1f} h"


def rows(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the rows of a Markdown table, each measured when it is asked for."""
    yield "| experiment | as run | planned | field stepped, as usual | why another |"
    yield "| --- | --- | --- | --- | --- |"
    for line in lines:
        rest = line.name.removeprefix(line.procedure)
        yield (
            f"| `{line.procedure}`{rest} | {text(lab_time(line))} | {line.planned} | {line.stepped or '–'} "
            f"| {line.why or '–'} |"
        )


def main(words: Sequence[str]) -> int:
    """Print the table."""
    chosen = [line for line in TABLE if not words or any(word in line.name for word in words)]
    for row in rows(chosen):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
    return 0 if chosen else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
