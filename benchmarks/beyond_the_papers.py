"""What the papers did not try, tried on the simulated station: do results move as physics says?

Each item is what a user types. Its commands run as they stand here, the numbers are those of their `--json` and of the
rows that they leave, and nothing looks at the simulated sample itself. The page docs/beyond-the-papers.md holds the
commands, the figures and the sentences that this prints.

    .venv/bin/python -m benchmarks.beyond_the_papers               all items: figures into docs/images, sentences
    .venv/bin/python -m benchmarks.beyond_the_papers grains draws  those of these names
"""

from __future__ import annotations

import math
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import labctl
from benchmarks import beyond_commands as commands
from benchmarks import beyond_figures as figures
from benchmarks.beyond_commands import Numbers, over, run, served, uncertainty, value
from labctl.analysis import activation_laws
from labctl.analysis.switching_probability import rate as rate_of
from labctl.analysis.switching_probability import wilson
from labctl.parameters import QuantityList

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
DRAWS = 20
KEPT = 19
"""Of the draws in which a trend has to have its sign."""

COUNTED = re.compile(r"(\d+) of (\d+) pulses of ([\d.]+ \w+) switched")
RATES = ("switched", "trials", "rate", "error")


@dataclass(frozen=True, slots=True)
class Item:
    """Something that the papers did not try.

    Attributes:
        name: What it is called here, and its figure.
        measure: Runs the commands, with a folder for all that they leave, and returns numbers.
        draw: Makes the figure of the numbers.
        say: Returns in words what is seen.
    """

    name: str
    measure: Callable[[Path], Numbers]
    draw: Callable[[Numbers], Figure]
    say: Callable[[Numbers], str]

    def sentence(self, numbers: Numbers) -> str:
        """Return the sentence with a capital."""
        said = self.say(numbers)
        return said[0].upper() + said[1:]


# ---- pulse width


def pulse_width(folder: Path, widths: str = commands.ALL_WIDTHS) -> Numbers:
    results = run(commands.WIDTHS.format(widths=widths), folder)["results"]
    numbers: Numbers = {"width": [], "current": [], "error": []}
    count = len(widths.split(","))
    for place, width in enumerate(QuantityList("1 s", "").convert(widths), 1):
        numbers["width"].append(width)
        numbers["current"].append(value(results, f"half_current_{place}"))
        numbers["error"].append(uncertainty(results, f"half_current_{place}"))
    if count >= activation_laws.FEWEST:
        numbers["barrier"] = {law: value(results, f"barrier_{law}") for law in activation_laws.LAWS}
        numbers["chi_square"] = {law: value(results, f"chi_square_{law}") for law in activation_laws.LAWS}
    return numbers


def law_of(numbers: Numbers) -> activation_laws.Fitted:
    """Return the law of a droplet, 1/I straight in ln t, through the currents of all widths."""
    fitted = activation_laws.fit("inverse", numbers["width"], numbers["current"], numbers["error"])
    if isinstance(fitted, str):
        raise TypeError(fitted)
    return fitted


def say_pulse_width(numbers: Numbers) -> str:
    first, last = (1e3 * numbers["current"][place] for place in (0, -1))
    falls = all(one > two for one, two in zip(numbers["current"][:-1], numbers["current"][1:], strict=True))
    square = ", ".join(f"{law} {number:.1f}" for law, number in numbers["chi_square"].items())
    return (
        f"I50 falls from {first:.2f} mA at 50 us to {last:.2f} mA at 100 ms, {'' if falls else 'not '}at every width; "
        f"chi-square of the laws of activation for 6 degrees of freedom: {square}."
    )


# ---- temperature


def current_loops(folder: Path, sample: str, temperatures: str) -> Numbers:
    names = ("switching_current_up", "switching_current_down", "switching_ratio", "sense")
    command = commands.CURRENT_LOOPS.format(sample=sample, temperatures=temperatures)
    return over(run(command, folder), "temperature", *names)


def temperature(folder: Path) -> Numbers:
    (record := folder / "net-moment.toml").write_text(commands.NET_MOMENT, encoding="utf-8")
    samples = {"sublattice": "cotb2025", "net": shlex.quote(str(record))}
    found = {key: current_loops(folder, sample, commands.TEMPERATURES) for key, sample in samples.items()}
    fields = ("coercive_field_up", "coercive_field_down", "anomalous_hall_resistance", "polarity")
    command = commands.FIELD_LOOPS.format(temperatures=commands.TEMPERATURES)
    return {**found, "field": over(run(command, folder), "temperature", *fields)}


def say_temperature(numbers: Numbers) -> str:
    def ends(key: str, name: str) -> str:
        known = [one for one in numbers[key][name] if not math.isnan(one)]
        return f"{known[0]:g} to {known[-1]:g}"

    loops = numbers["sublattice"]
    currents = [1e3 * current for current in loops["switching_current_up"]]
    ratios = [ratio for ratio in loops["switching_ratio"] if not math.isnan(ratio)]
    without = [f"{t:g} K" for t, r in zip(loops["temperature"], loops["switching_ratio"], strict=True) if math.isnan(r)]
    fields = [1e3 * field for field in numbers["field"]["coercive_field_up"] if not math.isnan(field)]
    return (
        f"from 300 K to 240 K the switching current grows from {currents[0]:.2f} mA to {currents[-1]:.2f} mA; the "
        f"ratio is {min(ratios):.3f} to {max(ratios):.3f}, and not given at {', '.join(without) or 'no temperature'}; "
        f"sense {ends('sublattice', 'sense')}; with walls aligned by the net moment {ends('net', 'sense')}; loops by "
        f"field: coercive field up to {max(fields):.0f} mT, polarity {ends('field', 'polarity')}."
    )


# ---- sign of the field in the plane


def reversed_field(folder: Path, fields: str = commands.FIELDS) -> Numbers:
    names = ("hall_swing_current", "switching_ratio", "sense", "switching_current_up")
    numbers = over(run(commands.THROUGH_ZERO.format(fields=fields), folder), "in_plane_field", *names)
    signs = [0.0 if math.isnan(sense) else sense for sense in numbers["sense"]]
    numbers["signed"] = [sign * ratio for sign, ratio in zip(signs, numbers["switching_ratio"], strict=True)]
    return numbers


def zero_of(numbers: Numbers) -> float:
    """Return the nominal field in T in the middle between those at which a half is switched one way and the other."""
    fields, signed = np.array(numbers["in_plane_field"]), np.array(numbers["signed"])
    return 0.5 * sum(float(np.interp(half, signed, fields)) for half in (-0.5, 0.5))


def say_reversed_field(numbers: Numbers) -> str:
    pairs = list(zip(numbers["in_plane_field"], numbers["signed"], strict=True))
    below, above = ([signed for field, signed in pairs if sign * field >= 8e-3] for sign in (-1.0, 1.0))
    return (
        f"what pulses switch over what a field does, with the sign of the sense: {max(below):.3f} and below from -8 mT "
        f"on, {min(above):.3f} and above from 8 mT on, {dict(pairs)[0.0]:.3f} at 0 mT; both halves are symmetric "
        f"about {1e3 * zero_of(numbers):.1f} mT."
    )


# ---- zero field


def zero_field(folder: Path) -> Numbers:
    with served() as lab:
        name = shlex.quote(str(lab))
        run(commands.DEGAUSS.format(lab=name), folder)
        return pulses_without_field(folder, f"--lab {name}", 200)


def pulses_without_field(folder: Path, where: str, repeats: int) -> Numbers:
    said = run(commands.ZERO_FIELD.format(where=where, repeats=repeats), folder)
    rows: Any = labctl.load(said["run"])
    trials = rows[rows["Step"] == "trial"].groupby(["Block", "State"], sort=False)
    results = said["results"]
    return {
        "hall": trials["Hall resistance (ohm)"].mean().tolist(),
        "sign": trials["Sign"].first().tolist(),
        "difference": value(results, "up_difference_1"),
        "error": uncertainty(results, "up_difference_1"),
        "changed": results["changed_states"]["note"],
    }


def say_zero_field(numbers: Numbers) -> str:
    return (
        f"P(up after +I) - P(up after -I) = {numbers['difference']:.2f} ± {numbers['error']:.2f}, with 200 pulses of "
        f"30 mA of either sign; {numbers['changed']}."
    )


# ---- films of few grains


def grains(folder: Path, repeats: int = 6) -> Numbers:
    samples = {
        "many grains": "cogd2022",
        "no oxide": "cogd2022-alox0",
        "1 grain": of_grains(folder, 1),
        "5 grains": of_grains(folder, 5),
    }
    return {name: one_film(folder, sample, repeats) for name, sample in samples.items()}


def of_grains(folder: Path, count: int) -> str:
    """Write the record of a film of so many grains, and return its name as a shell takes it."""
    (record := folder / f"grains-{count}.toml").write_text(commands.GRAINS.format(count=count), encoding="utf-8")
    return shlex.quote(str(record))


def one_film(folder: Path, sample: str, repeats: int) -> Numbers:
    said = run(commands.DEMAGNETISE.format(sample=sample, repeats=repeats), folder)
    rows, results = labctl.load(said["run"]), said["results"]
    trains: Any = rows[rows["Step"] == "demagnetise"].groupby(["Repeat", "State"])["Hall resistance (ohm)"].mean()
    half = 0.5 * value(results, "saturated_swing")
    return {
        "m": ((trains - value(results, "zero_resistance")) / half).tolist(),
        "yes": results["demagnetised"]["value"],
        "note": results["demagnetised"]["note"],
        "largest": value(results, "largest_magnetisation"),
    }


def say_grains(numbers: Numbers) -> str:
    said = [
        f"{name}: {'demagnetised' if found['yes'] else found['note'].partition(';')[0]}, largest |m| "
        f"{found['largest']:.3f}"
        for name, found in numbers.items()
    ]
    return "; ".join(said) + "."


# ---- device draws


def draws(folder: Path, count: int = DRAWS, oxides: Mapping[float, str] = commands.OXIDES) -> Numbers:
    by_field: list[Numbers] = []
    by_oxide: list[list[float]] = []
    for draw in range(1, count + 1):
        said = run(commands.DRAW_FIELDS.format(draw=draw), folder)
        by_field.append(over(said, "in_plane_field", "current_window", "switching_ratio"))
        runs = [run(commands.DRAW_OXIDES.format(sample=sample, draw=draw), folder) for sample in oxides.values()]
        by_oxide.append([value(said["results"], "current_window") for said in runs])
    return {"fields": by_field, "thickness": [*oxides], "windows": by_oxide}


def trends(numbers: Numbers) -> dict[str, int]:
    """Count the draws in which each trend has its sign: the slope of a straight line through all points."""

    def slope(x: Sequence[float], y: Sequence[float]) -> float:
        return float(np.polyfit(x, y, 1)[0])

    fields = numbers["fields"]
    return {
        "window grows with the field": sum(slope(d["in_plane_field"], d["current_window"]) > 0.0 for d in fields),
        "ratio falls with the field": sum(slope(d["in_plane_field"], d["switching_ratio"]) < 0.0 for d in fields),
        "window grows with the oxide": sum(slope(numbers["thickness"], w) > 0.0 for w in numbers["windows"]),
    }


def say_draws(numbers: Numbers) -> str:
    count = len(numbers["fields"])
    return "; ".join(f"{name} in {kept} of {count} draws" for name, kept in trends(numbers).items()) + "."


# ---- far below


def far_below(folder: Path, levels: int = 15, repeats: int = 200, widths: str = commands.ALL_WIDTHS) -> Numbers:
    by_width = pulse_width(folder, widths)
    fitted = law_of(by_width)
    results = run(commands.RARE.format(levels=levels, repeats=repeats), folder)["results"]
    numbers: Numbers = {"current": [], **{name: [] for name in RATES}}
    for place in range(1, levels + 1):
        found = results[f"probability_plus_{place}"]
        counted = COUNTED.match(found.get("note") or found["why"])
        assert counted is not None
        current = QuantityList("1 A", "").convert(counted[3])[0]
        rate, error = rate_by(fitted, current)
        for name, number in zip(
            numbers, (current, int(counted[1]), int(counted[2]), rate, error), strict=True
        ):  # fmt: skip
            numbers[name].append(number)
    return {**numbers, "by_width": by_width["current"]}


def rate_by(fitted: activation_laws.Fitted, current: float) -> tuple[float, float]:
    """Return the rate in 1/s at which pulses of a current in A switch, and the uncertainty of its logarithm.

    By a law through the currents at which every second pulse of other widths switches.
    """
    place = (1.0 / current - fitted.offset) / fitted.slope
    gradient = np.array([-1.0, -place]) / fitted.slope
    error = math.sqrt(float(gradient @ fitted.covariance @ gradient))
    return math.log(2.0) / (activation_laws.ATTEMPT * math.exp(min(place, 600.0))), error


def agreeing(numbers: Numbers) -> list[bool]:
    """Say of each current whether 95 % intervals of what was counted and of what the law says overlap."""
    found: list[bool] = []
    for switched, trials, rate, error in zip(*(numbers[name] for name in RATES), strict=True):
        part = wilson(switched, trials)
        least, most = (1.0 - math.exp(-commands.PULSE * rate * math.exp(sign * 2.0 * error)) for sign in (-1.0, 1.0))
        found.append(least <= part.high and most >= part.low)
    return found


def say_far_below(numbers: Numbers) -> str:
    agree = agreeing(numbers)
    never = [place for place, switched in enumerate(numbers["switched"]) if switched == 0]
    parts = [
        f"{1e3 * numbers['current'][place]:g} mA: 0 of {numbers['trials'][place]}, below "
        f"{rate_of(wilson(0, numbers['trials'][place]).above, commands.PULSE):.0f} per s with 95 %, the law says "
        f"{numbers['rate'][place]:.1g} per s"
        for place in (never[0], never[-1])
    ]
    return (
        f"{'; '.join(parts)}; at {sum(agree)} of {len(agree)} currents the 95 % intervals of what was counted and of "
        "the law through the switching currents of all widths overlap."
    )


ITEMS: Sequence[Item] = (
    Item("pulse-width", pulse_width, lambda n: figures.pulse_width(n, law_of(n)), say_pulse_width),
    Item("temperature", temperature, figures.temperature, say_temperature),
    Item("reversed-field", reversed_field, lambda n: figures.reversed_field(n, zero_of(n)), say_reversed_field),
    Item("zero-field", zero_field, figures.zero_field, say_zero_field),
    Item("grains", grains, figures.grains, say_grains),
    Item("draws", draws, figures.draws, say_draws),
    Item("far-below", far_below, lambda n: figures.far_below(n, commands.PULSE), say_far_below),
)


def main(names: Sequence[str]) -> int:
    """Run items, write their figures, and print their sentences."""
    chosen = [item for item in ITEMS if not names or item.name in names]
    for item in chosen:
        with tempfile.TemporaryDirectory() as folder:
            numbers = item.measure(Path(folder))
        figures.save(item.draw(numbers), IMAGES / f"beyond-{item.name}.png")
        sys.stdout.write(f"{item.name}: {item.sentence(numbers)}\n")
        sys.stdout.flush()
    return 0 if chosen else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
