"""Commands that try what the papers did not, and how they are run; see `benchmarks.beyond_the_papers`."""

from __future__ import annotations

import contextlib
import io
import json
import math
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from labctl.cli.main import run_command

WIDTHS = (
    "labctl run pulse-width --simulate --sample cogd2022-alox0 --seed 1 -p pulse_max='28 mA' -p in_plane_field='80 mT' "
    "-p widths='{widths}' --override pulse_energy='20 mJ'"
)
ALL_WIDTHS = "50 us, 150 us, 0.44 ms, 1.3 ms, 3.9 ms, 11 ms, 34 ms, 100 ms"
TEMPERATURES = "300, 290, 285, 280, 278, 275, 272, 270, 265, 260, 250, 240 K"
CURRENT_LOOPS = (
    "labctl run sot-switching --simulate --sample {sample} --seed 1 -p pulse_max='20 mA' -p pulse_width='10 ms' "
    "-p order=+ -p loops=1 -p saturation='3 T' --over temperature='{temperatures}'"
)
FIELD_LOOPS = (
    "labctl run ahe --simulate --seed 1 -p maximum_field='3 T' -p survey_rate='150 Oe/s' "
    "--over temperature='{temperatures}'"
)
THROUGH_ZERO = (
    "labctl run sot-field-series --simulate --seed 1 -p pulse_max='20 mA' -p pulse_width='10 ms' -p order=+ -p loops=1 "
    "--over in_plane_field='{fields}'"
)
FIELDS = "-25, -15, -8, -4, -2, -1, 0, 1, 2, 4, 8, 15, 25 mT"
SERVED = "labctl simulate --sample cogd2022 --clock virtual --seed 1"
DEGAUSS = "labctl run degauss --lab {lab}"
ZERO_FIELD = (
    "labctl run switching-probability {where} -p pulse_max='30 mA' -p pulse_width='10 ms' -p in_plane_field='0 T' "
    "-p saturation='50 mT' -p mode=grid -p levels=1 -p lowest='30 mA' -p highest='30 mA' -p repeats={repeats} "
    "-p reads=2"
)
DEMAGNETISE = (
    "labctl run demagnetise --simulate --sample {sample} --seed 1 -p pulse_max='30 mA' -p pulse_width='10 ms' "
    "-p in_plane_field='-50 mT' -p demag_start='28 mA' -p demag_step='0.5 mA' -p repeats={repeats} -p reads=2"
)
DRAW_FIELDS = (
    "labctl run sot-field-series --simulate --sample cogd2022-alox1 --seed {draw} --sample-seed {draw} "
    "-p pulse_max='30 mA' -p pulse_width='10 ms' -p order=+ -p loops=1 -p pulse_step='1 mA' "
    "--over in_plane_field='40, 80, 160 mT'"
)
DRAW_OXIDES = (
    "labctl run sot-switching --simulate --sample {sample} --seed {draw} --sample-seed {draw} -p pulse_max='30 mA' "
    "-p pulse_width='10 ms' -p order=+ -p loops=1 -p pulse_step='1 mA' -p in_plane_field='80 mT'"
)
OXIDES = {
    0.0: "cogd2022-alox0", 0.5: "cogd2022-alox0.5", 1.0: "cogd2022-alox1", 1.5: "cogd2022-alox1.5", 2.0: "cogd2022",
}  # fmt: skip
"""nm of aluminium oxide, and the record."""
RARE = (
    "labctl run switching-probability --simulate --sample cogd2022-alox0 --seed 1 -p pulse_max='30 mA' "
    "-p in_plane_field='80 mT' -p mode=grid -p lowest='8 mA' -p highest='22 mA' -p levels={levels} "
    "-p repeats={repeats} -p reads=2"
)
PULSE = 1e-3
"""s: width of the pulses of `RARE`, which is the default."""

NET_MOMENT = """\
schema = 1
name = "net-moment"
title = "Pt/CoTb whose walls are aligned by the net moment"
based_on = "cotb2025"

[model]
walls_aligned_by = { value = "net moment", mark = "A" }
"""
GRAINS = """\
schema = 1
name = "grains-{count}"
title = "[Co/Gd]6 film of so many grains: {count}"
based_on = "cogd2022"

[model]
hysterons = {{ value = {count}, mark = "A" }}
"""

Numbers = dict[str, Any]


def run(command: str, folder: Path) -> Numbers:
    """Carry out what a user would type, below a folder, and return its JSON.

    Raises:
        RuntimeError: It did not finish.
    """
    printed = io.StringIO()
    words = shlex.split(command)[1:]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        code = run_command([*words, "--json", "--out", str(folder)])
    said: Numbers = json.loads(printed.getvalue())
    if code:
        raise RuntimeError(f"{command}: {said['error']}")
    return said


def value(results: Mapping[str, Any], name: str) -> float:
    """Return a result as a number; NaN where there is none."""
    found = results.get(name, {}).get("value")
    return math.nan if found is None else float(found)


def uncertainty(results: Mapping[str, Any], name: str) -> float:
    """Return the standard uncertainty of a result; NaN where there is none."""
    found = results.get(name, {}).get("uncertainty")
    return math.nan if found is None else float(found)


def over(said: Numbers, name: str, *results: str) -> Numbers:
    """Return the parameter that a series goes over, and results of its runs, each a list."""
    found = {result: [value(child["results"], result) for child in said["children"]] for result in results}
    return {name: [child["parameters"][name]["value"] for child in said["children"]], **found}


@contextlib.contextmanager
def served() -> Generator[Path]:
    """Serve a simulated lab, as in another terminal, and yield the file with its addresses."""
    words = [sys.executable, "-m", *shlex.split(SERVED)]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            (lab := Path(folder) / "lab.json").write_text(server.stdout.readline(), encoding="utf-8")
            yield lab
        finally:
            server.terminate()
            server.communicate(timeout=30)
