"""Figures of what the papers did not try; see `benchmarks.beyond_the_papers`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labctl.analysis.activation_laws import Fitted
from labctl.analysis.switching_probability import wilson
from labctl.frame import AMBER, FAINT, GREEN, PALETTE, QUIET, Caption, fit_labels, framed, name_curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = Caption("benchmarks/beyond_the_papers.py", simulated=True)
BLUE, RED = PALETTE[:2]
Numbers = dict[str, Any]


def save(figure: Figure, path: Path) -> None:
    """Write a figure that is small enough for a page."""
    fit_labels(figure)
    figure.savefig(path, dpi=100)


def _of(numbers: Numbers, name: str, factor: float = 1.0) -> Any:
    return factor * np.array(numbers[name], dtype=float)


def pulse_width(numbers: Numbers, fitted: Fitted) -> Figure:
    figure, axes = framed("Switching current against the width of the pulse", "cogd2022-alox0, 80 mT, 300 K", CAPTION)
    axes.set(xlabel="Pulse width (s)", ylabel="Switching current I50 (mA)", xscale="log")
    widths = np.geomspace(4e-5, 1.2e-1, 100)
    axes.plot(widths, 1e3 * fitted.current(widths), color=QUIET, linewidth=1.1, label="droplet: 1/I straight in ln t")
    axes.errorbar(
        numbers["width"], _of(numbers, "current", 1e3), _of(numbers, "error", 1e3), fmt="o", color=BLUE, capsize=3,
        label="measured",
    )  # fmt: skip
    name_curves(axes)
    return figure


def temperature(numbers: Numbers) -> Figure:
    said = "cotb2025, 25 mT in the plane, pulses of 10 ms; compensation at 275 K"
    figure, (left, right) = framed("Across compensation", said, CAPTION, columns=2)
    left.set(xlabel="Temperature (K)", ylabel="Switching current (mA)")
    right.set(xlabel="Temperature (K)", ylabel="Sign", ylim=(-1.6, 2.4), yticks=[-1, 0, 1])
    words = {"sublattice": "walls aligned by a sublattice", "net": "by the net moment"}
    for (key, label), colour, marker in zip(words.items(), (BLUE, RED), "os", strict=True):
        kelvin = _of(numbers[key], "temperature")
        left.plot(kelvin, abs(_of(numbers[key], "switching_current_up", 1e3)), f"{marker}-", color=colour, label=label)
        right.plot(kelvin, _of(numbers[key], "sense"), f"{marker}-", color=colour, label=f"by current, {label}")
    field = numbers["field"]
    right.plot(_of(field, "temperature"), _of(field, "polarity"), "^--", color=GREEN, label="loop by field")
    other = left.twinx()
    other.spines["top"].set_visible(False)
    other.plot(_of(field, "temperature"), _of(field, "coercive_field_up", 1e3), "^--", color=GREEN)
    other.set(ylabel="Coercive field (mT)", ylim=(0.0, 800.0))
    other.yaxis.label.set_color(GREEN)
    for axes in (left, right):
        axes.axvline(275.0, color=FAINT, linewidth=0.8, zorder=0)
    left.set_ylim(8.0, 26.0)
    name_curves(left, loc="upper right")
    name_curves(right, loc="upper left")
    return figure


def reversed_field(numbers: Numbers, zero: float) -> Figure:
    said = "cotb2025, 300 K, pulses of 10 ms up to 20 mA, each field after a saturation of 0.5 T along the normal"
    figure, axes = framed("Sign of the field in the plane", said, CAPTION)
    axes.set(xlabel="Field in the plane, as asked for (mT)", ylabel="Sense x switching ratio")
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    axes.axvspan(-2.0, 2.0, color=GREEN, alpha=0.13, linewidth=0, label="what the magnet may hold")
    axes.axvline(1e3 * zero, color=AMBER, linestyle="--", linewidth=1.2, label="middle of both halves")
    axes.plot(_of(numbers, "in_plane_field", 1e3), _of(numbers, "signed"), "o-", color=BLUE, label="measured")
    name_curves(axes, loc="upper left")
    return figure


def zero_field(numbers: Numbers) -> Figure:
    said = f"cogd2022, 300 K, after degauss; P(up after +I) - P(up after -I) = {numbers['difference']:.2f} "
    figure, axes = framed("Pulses of 30 mA without a field", f"{said}± {numbers['error']:.2f}", CAPTION)
    axes.set(xlabel="Pulse", ylabel="Hall resistance after it (Ω)")
    hall, sign = _of(numbers, "hall"), _of(numbers, "sign")
    for which, colour, marker, label in (
        (1.0, RED, "+", "after a positive pulse"),
        (-1.0, BLUE, "x", "a negative one"),
    ):
        places = np.flatnonzero(sign == which)
        axes.plot(places + 1, hall[places], marker, color=colour, markersize=5, label=label)
    axes.margins(y=0.15)
    name_curves(axes, loc="center left")
    return figure


def grains(numbers: Numbers) -> Figure:
    said = "pulses of 10 ms from 28 mA down in steps of 0.5 mA, in -50 mT"
    figure, axes = framed("What demagnetising trains leave", said, CAPTION)
    axes.set(ylabel="Magnetisation m", ylim=(-1.15, 1.15), xlim=(-0.5, len(numbers) - 0.5))
    axes.axhspan(-0.1, 0.1, color=GREEN, alpha=0.13, linewidth=0, label="|m| < 0.1")
    for place, found in enumerate(numbers.values()):
        left = np.array(found["m"])
        axes.plot(place + np.linspace(-0.3, 0.3, left.size), left, "o", color=PALETTE[place], markersize=5)
    verdicts = ["demagnetised" if f["yes"] else str(f["note"]).partition(":")[0] for f in numbers.values()]
    labels = [f"{name}\n{verdict}" for name, verdict in zip(numbers, verdicts, strict=True)]
    axes.set_xticks(range(len(numbers)), labels)
    name_curves(axes, loc="upper left", bbox_to_anchor=(0.0, 0.66))
    return figure


def draws(numbers: Numbers) -> Figure:
    count = len(numbers["fields"])
    said = f"{count} draws of the device; pulses of 10 ms up to 30 mA"
    figure, (left, middle, right) = framed("Trends from device to device", said, CAPTION, columns=3)
    left.set(xlabel="Field in the plane (mT)", ylabel="Window (mA)")
    middle.set(xlabel="Field in the plane (mT)", ylabel="Switching ratio")
    right.set(xlabel="AlOx thickness (nm)", ylabel="Window at 80 mT (mA)")
    style: Any = {"color": BLUE, "alpha": 0.45, "linewidth": 0.9, "markersize": 3.5}
    for draw, windows in zip(numbers["fields"], numbers["windows"], strict=True):
        fields = _of(draw, "in_plane_field", 1e3)
        left.plot(fields, _of(draw, "current_window", 1e3), "o-", **style)
        middle.plot(fields, _of(draw, "switching_ratio"), "o-", **style)
        right.plot(numbers["thickness"], 1e3 * np.array(windows), "o-", **style)
    for axes in (left, right):
        axes.set_ylim(0.0, None)
    return figure


def far_below(numbers: Numbers, width: float) -> Figure:
    said = "cogd2022-alox0, 80 mT, 300 K, pulses of 1 ms; 95 % intervals, and upper bounds where nothing switched"
    figure, axes = framed("Rate of switching against the pulse current", said, CAPTION)
    axes.set(xlabel="Pulse current (mA)", ylabel="Rate while the pulse lasts (1/s)", yscale="log", ylim=(1e-9, 1e5))
    currents, rates, errors = _of(numbers, "current", 1e3), _of(numbers, "rate"), _of(numbers, "error")
    axes.fill_between(
        currents, rates * np.exp(-2.0 * errors), rates * np.exp(2.0 * errors), color=QUIET, alpha=0.2, linewidth=0
    )
    axes.plot(currents, rates, color=QUIET, label="law through the currents of eight widths, ± 2 sd")
    told: set[str] = set()
    for current, switched, trials in zip(currents, numbers["switched"], numbers["trials"], strict=True):
        word = "nothing switched: upper bound, 95 %" if switched == 0 else "counted, 95 %"
        label = "" if word in told else word
        if switched == 0:
            bound = wilson(0, trials).above
            axes.plot(current, -math.log1p(-bound) / width, "v", color=RED, label=label)
        elif switched < trials:
            part = wilson(switched, trials)
            low, at, high = (-math.log1p(-p) / width for p in (part.low, switched / trials, part.high))
            axes.errorbar(current, at, [[at - low], [high - at]], fmt="o", color=BLUE, capsize=3, label=label)
        told.add(word)
    name_curves(axes, loc="upper left")
    return figure
