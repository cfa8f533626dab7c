"""Thousands of damaged files: read, or refused in one sentence; never anything else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from instruments.errors import UsageError
from labctl.elsewhere.adoption import adopt
from labctl.elsewhere.quantities import HALL_LOOP_COLUMNS
from tests.labctl.elsewhere.files import multivu, rows

PIECES = (b",", b";", b"\t", b"\n", b"\r\n", b'"', b"nan", b"inf", b"-", b"1e999", b"[Data]", b"[Header]", b"#", b"\0",
          b"(", b")", b"Oe", b"\xff", b"9" * 400, b"1,5", b" ", b"=", b":", b"'")  # fmt: skip


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """A file after a few accidents: cut, doubled, overwritten, shuffled, or with strange pieces in it."""
    for _ in range(int(rng.integers(1, 6))):
        start, end = sorted(int(place) for place in rng.integers(0, len(content) + 1, 2))
        kind, piece = rng.integers(0, 6), PIECES[int(rng.integers(0, len(PIECES)))]
        if kind == 0:
            content = content[:start] + piece + content[start:]
        elif kind == 1:
            content = content[:start] + content[min(end, start + 60) :]
        elif kind == 2:
            content = content[:start] + content[start : start + 200] + content[start:]
        elif kind == 3:
            content = content.replace(piece, PIECES[int(rng.integers(0, len(PIECES)))], int(rng.integers(1, 50)))
        elif kind == 4:
            content = content[:start] + bytes(rng.integers(0, 256, 5, dtype=np.uint8)) + content[start + 5 :]
        else:
            content = content[: max(start, 40)]
        content = content or b"1"
    return content[:20_000]


@pytest.mark.parametrize("files", [600, pytest.param(20_000, marks=pytest.mark.endurance)])
def test_a_damaged_file_is_read_or_refused_in_one_sentence(tmp_path: Path, files: int) -> None:
    whole = ["Field (Oe),Rxy (Ohm)\n" + rows(), "Field (Oe);Rxy (Ohm)\n" + rows(";", ","), multivu()]
    # The first forty lines are as easy to damage as all, and quicker to read.
    origins = ["\n".join(text.split("\n")[:40]).encode() for text in whole]
    rng = np.random.default_rng(files)
    path = tmp_path / "loop.dat"
    read = 0
    for number in range(files):
        path.write_bytes(mutated(origins[number % len(origins)], rng))
        try:
            data = adopt(path, "ahe", HALL_LOOP_COLUMNS, []).data
        except UsageError as refused:
            assert str(refused).count("\n") == 0
            continue
        read += 1
        for column in ("Field (T)", "Hall resistance (ohm)"):
            values = data[column].to_numpy(dtype=float)
            assert not np.any(np.isinf(values))
    assert files / 10 < read < files
