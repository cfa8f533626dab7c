"""A table of numbers in a text file, whoever wrote it: its names, its rows, and where they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from instruments.errors import UsageError
from labctl.analysis.readings import FloatArray
from labctl.elsewhere.cells import FORMS, GROUPED_FORMS, Form, holds_thousands, is_empty, names_in
from labctl.elsewhere.headings import is_unit, with_unit

SAMPLE = 400
"""Lines by which the form of a table is told."""
FEWEST_NUMBERS = 2
"""Numbers that a row needs: a field and what was measured in it."""
BLANKS = 0.9
"""What blanks count as a separator beside another one that reads as many numbers: settings, too, have blanks."""
FAR = 12
"""Lines above the first row that are looked at for names."""
_COMMENT = ("#", "%", "//", "!", "'")
_NO_COMMENT = re.compile(r"#(?:n/?a|value!|ref!|div/0!|name\?|num!|null!)(?=[\s,;|]|$)", re.IGNORECASE)
"""What a spreadsheet writes into a cell without a number."""
_RULE = re.compile(r"[\s|+:=*_-]*")


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it stands in a file.

    Attributes:
        path: The file.
        names: Of the columns, as written; "column 3" where there are none.
        named: Whether the file names them.
        cells: Row by row, each as many as there are names.
        lines: Number of each row's line in the file, from 1.
        form: How numbers are written.
        notes: What was left out, in sentences.
    """

    path: Path
    names: tuple[str, ...]
    named: bool
    cells: Sequence[Sequence[str]]
    lines: Sequence[int]
    form: Form
    notes: tuple[str, ...]

    def texts(self, column: int) -> list[str]:
        """The cells of a column as they are written."""
        return [row[column] for row in self.cells]

    def numbers(self, column: int) -> FloatArray:
        """The numbers of a column, nan where a cell holds none."""
        return self.form.numbers(self.texts(column))

    def holds_numbers(self, column: int) -> bool:
        """Whether there is any number in a column."""
        return any(self.form.is_number(row[column]) for row in self.cells)

    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.cells)


def _form_of(lines: Sequence[str]) -> Form | None:
    """The form in which most cells of most lines are numbers; None when no line has two of them in any."""
    middle = max(0, len(lines) // 2 - SAMPLE // 4)
    sample = lines if len(lines) <= SAMPLE else [*lines[middle : middle + SAMPLE // 2], *lines[-SAMPLE // 2 :]]
    shown = [line for line in sample if not is_comment(line)]
    scores = [_score(shown, form) for form in FORMS]
    best = int(np.argmax(scores))
    grouped = [_score(shown, form) for form in GROUPED_FORMS]
    more = int(np.argmax(grouped))
    if grouped[more] > scores[best]:
        return GROUPED_FORMS[more]
    if scores[best] <= 0:
        return None
    form = FORMS[best]
    other = Form(form.separator, "," if form.decimal == "." else ".", grouped=True)
    hidden = any(holds_thousands(column, form.decimal) for column in _columns(shown, form))
    return other if hidden and _score(shown, other) >= scores[best] else form


def _columns(lines: Sequence[str], form: Form) -> Iterator[tuple[str, ...]]:
    """The columns of the usual rows among lines."""
    rows = [row for row in map(form.split, lines) if _is_row(row, form)]
    width = Counter(map(len, rows)).most_common(1)[0][0]
    return zip(*(row for row in rows if len(row) == width), strict=True)


def _score(lines: Sequence[str], form: Form) -> float:
    rows = [row for row in map(form.split, lines) if _is_row(row, form)]
    if not rows:
        return 0.0
    width = Counter(map(len, rows)).most_common(1)[0][0]
    usual = [row for row in rows if len(row) == width]
    share = sum(sum(map(form.is_number, row)) / sum(not is_empty(cell) for cell in row) for row in usual)
    return share if form.separator else BLANKS * share


def _is_row(row: Sequence[str], form: Form) -> bool:
    count = 0
    for cell in row:
        count += form.is_number(cell)
        if count >= FEWEST_NUMBERS:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the rows of a table have in common.

    Attributes:
        form: How numbers are written.
        width: Cells of a row.
        first: The first column that holds numbers.
    """

    form: Form
    width: int
    first: int

    def lacks_reading(self, row: Sequence[str]) -> bool:
        """Whether a line is a row of the table without a reading, with nothing or some word in its place.

        What is set, not measured, stands behind its word: `Current,0.1` is none.
        """
        if self.is_hollow(row):
            return len(row) == self.width
        return len(row) == self.width and self.form.is_number(row[self.first])

    def is_hollow(self, row: Sequence[str]) -> bool:
        """Whether a line has nothing but numbers and empty cells."""
        return all(self.form.is_number(cell) or is_empty(cell) for cell in row)


def _shape_of(rows: Sequence[Sequence[str]], form: Form) -> _Shape:
    width = Counter(map(len, rows)).most_common(1)[0][0]
    usual = [row for row in rows if len(row) == width][:SAMPLE]
    counts = [sum(form.is_number(row[place]) for row in usual) for place in range(width)]
    first = next((place for place, count in enumerate(counts) if count > len(usual) / 2), 0)
    return _Shape(form, width, first)


def is_comment(line: str) -> bool:
    """Whether a line is blank, a comment or a rule."""
    if _RULE.fullmatch(line) is not None:
        return True
    text = line.lstrip()
    return text.startswith(_COMMENT) and _NO_COMMENT.match(text) is None


def plain_table(path: Path, lines: Sequence[str], *, finished: bool) -> Table:
    """Find the table among the lines of a text file.

    Raises:
        UsageError: There is none.
    """
    form = _form_of(lines)
    if form is None:
        raise UsageError(
            f"{path} holds no table of numbers: no lines with two or more numbers each, separated by commas, "
            "semicolons, tabs or blanks, were found in it"
        )
    split = {number: form.split(line) for number, line in enumerate(lines) if not is_comment(line)}
    rows = [number for number, row in split.items() if _is_row(row, form)]
    shape = _shape_of([split[number] for number in rows], form)
    width = shape.width
    first = _first_row(rows, split, shape)
    names = _names_above(lines, first, shape)
    notes: list[str] = []
    used = _used(rows, first, split, shape)
    last = _second_table(lines, used, names, split, shape)
    if last is not None:
        notes.append(f"another table begins at line {last + 1}; its rows were left out")
        used = [number for number in used if number < last]
    width = max(width, len(names)) if form.separator and names else width
    fitting = [number for number in used if _fits(split[number], width, form)]
    if not finished and used and used[-1] == len(lines) - 1 and _is_torn([split[number] for number in used], form):
        notes.append("the last line is torn and was left out")
        last_used = used.pop()
        fitting = [number for number in fitting if number != last_used]
    if len(fitting) < len(used):
        notes.append(f"{lines_were(len(used) - len(fitting))} left out for another number of columns")
    titles = tuple(names[i] if i < len(names) and names[i] else f"column {i + 1}" for i in range(width))
    cells = [padded(split[number], width) for number in fitting]
    return Table(path, titles, bool(names), cells, [number + 1 for number in fitting], form, tuple(notes))


def _used(rows: Sequence[int], first: int, split: Mapping[int, list[str]], shape: _Shape) -> list[int]:
    """The table's rows from the first to the last reading, with those in between that lack one: they count, too."""
    known = set(rows)
    return [
        number
        for number, row in split.items()
        if first <= number <= rows[-1] and (number in known or shape.lacks_reading(row))
    ]


def _is_torn(rows: Sequence[Sequence[str]], form: Form) -> bool:
    """Whether the last row is shorter than the others, or its last number has fewer digits than any before."""
    *before, last = (row for row in rows if _is_row(row, form))
    if not before:
        return False
    width = Counter(map(len, before)).most_common(1)[0][0]
    usual = [row for row in before if len(row) == width]
    return len(last) < width or len(last[-1]) < min(len(row[-1]) for row in usual)


def lines_were(count: int) -> str:
    """`1 line was`, `3 lines were`."""
    return "1 line was" if count == 1 else f"{count} lines were"


def padded(row: Sequence[str], width: int) -> list[str]:
    """A row with exactly so many cells."""
    return [*row[:width], *[""] * (width - len(row))]


def _fits(row: Sequence[str], width: int, form: Form) -> bool:
    """Whether a row's cells stand in their columns: blanks do not show where one is missing."""
    return len(row) == width if not form.separator else not any(row[width:])


def _first_row(rows: Sequence[int], split: Mapping[int, list[str]], shape: _Shape) -> int:
    """The first row of the table: of the lines that look like rows those above a gap may speak of settings.

    Lines of the table that lack a reading make no gap.
    """
    usual = [number for number in rows if len(split[number]) == shape.width]
    known = set(usual)
    numbers = [number for number in sorted(split) if number in known or not shape.lacks_reading(split[number])]
    place = {number: index for index, number in enumerate(numbers)}
    start, best, longest = usual[0], usual[0], 0
    for index, number in enumerate(usual):
        if index and place[number] != place[usual[index - 1]] + 1:
            start = number
        if place[number] - place[start] + 1 > longest and place[number] - place[start] + 1 >= 3:
            best = start
            break
        if place[number] - place[start] + 1 > longest:
            best, longest = start, place[number] - place[start] + 1
    return best


def _names_above(lines: Sequence[str], first: int, shape: _Shape) -> list[str]:
    """The names of the columns from the lines above the first row, with units from a line of their own."""
    form, width = shape.form, shape.width
    plain: list[list[str]] = []
    commented: list[list[str]] = []
    looked_at = 0
    for line in reversed(lines[:first]):
        text = line.strip()
        if text and not plain and not is_comment(line) and _lacks_reading(form.split(line), shape):
            continue
        looked_at += 1
        if looked_at > FAR:
            break
        if not text:
            continue
        if is_comment(line):
            if not plain:
                commented.append(_as_names(text.lstrip("#%/!' \t"), form, width))
            continue
        found = _as_names(text if not form.separator else line, form, width)
        if not found:
            break
        plain.append(found)
    return _joined(plain) or _joined([names for names in commented if names][:3])


def _lacks_reading(row: Sequence[str], shape: _Shape) -> bool:
    return shape.lacks_reading(row) or shape.is_hollow(row)


def _as_names(line: str, form: Form, width: int) -> list[str]:
    """The names in a line, none when it is no line of names: a name is no number, and as many are needed as columns."""
    ways = [way for way in names_in(line, form) if sum(map(bool, way)) >= 2 or width == 1]
    for place, way in enumerate(ways):
        bare = _without_empty_end(way)
        fits = len(bare) == width or (place == 0 and len(way) == width and len(bare) > width / 2)
        if fits and not any(map(form.is_number, way)):
            return way[:width]
    first = _without_empty_end(ways[0]) if ways else []
    enough = len(first) > width / 2 and not any(map(form.is_number, first))
    return first if form.separator and enough else []


def _without_empty_end(cells: Sequence[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return list(cells[:end])


def _joined(above: Sequence[list[str]]) -> list[str]:
    """Names with their units, from lines in the order from the first row upwards.

    Plotting programs write names, units and comments below each other.
    """
    if not above:
        return []
    place = next((i for i, cells in enumerate(above[:3]) if _are_units(cells)), None)
    if place is None or place + 1 >= len(above):
        return above[0]
    names, units = above[place + 1], above[place]
    return [with_unit(name, units[i] if i < len(units) else "") for i, name in enumerate(names)]


def _are_units(cells: Sequence[str]) -> bool:
    said = [cell for cell in cells if cell]
    return bool(said) and sum(map(is_unit, said)) > len(said) / 2


def _second_table(
    lines: Sequence[str], rows: Sequence[int], names: Sequence[str], split: Mapping[int, list[str]], shape: _Shape
) -> int | None:
    """Where a line among the rows names other columns than the first one did."""
    if not rows or not names:
        return None
    row_lines = set(rows)
    for number in sorted(split):
        if rows[0] < number < rows[-1] and number not in row_lines and not shape.is_hollow(split[number]):
            found = _as_names(lines[number], shape.form, len(split[rows[0]]))
            if len(found) == len(names) and found != list(names) and not _are_units(found):
                return number
    return None
