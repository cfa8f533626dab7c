"""What several runs of a series have to say, said once where it is the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def gathered(said: Iterable[tuple[int, str]]) -> list[str]:
    """Return each sentence once, after the numbers of the runs it is of: "run 3: ...", "runs 1-4 and 6: ...".

    Args:
        said: Number of the run and sentence, in the order of the runs.
    """
    runs: dict[str, list[int]] = {}
    for number, sentence in said:
        of = runs.setdefault(sentence, [])
        if number not in of:
            of.append(number)
    return [f"run{'s' * (len(of) > 1)} {_numbers(of)}: {sentence}" for sentence, of in runs.items()]


def _numbers(numbers: Sequence[int]) -> str:
    """Write numbers that rise: three and more in a row as the first and the last."""
    rows: list[list[int]] = []
    for number in numbers:
        if rows and number == rows[-1][-1] + 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    parts = [
        part for row in rows for part in ([f"{row[0]}-{row[-1]}"] if len(row) > 2 else [str(each) for each in row])
    ]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
