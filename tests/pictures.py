"""Pictures of runs in tests: the first of each make is laid out and drawn in full, a further one gets its bytes.

A figure is always built, with all its curves and words. What laying it out and drawing its dots could find besides is
found in the first of its make: hundreds of runs draw the same few, and nobody looks at them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

NUMBERS = re.compile(r"[-+−±\d.,×⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
Make = tuple[object, ...]


def make_of(figure: Figure) -> Make:
    """What is drawn, without its numbers: panels, kinds and counts of what is in them, words."""
    return (tuple(figure.get_size_inches()), *_words(figure.texts), *(_panel(axes) for axes in figure.axes))


def _panel(axes: Axes) -> Make:
    legend = axes.get_legend()
    return (
        axes.get_visible(), axes.get_xscale(), axes.get_yscale(), axes.get_xlabel(), axes.get_ylabel(),
        axes.get_title(loc="left"), len(axes.lines), len(axes.collections), len(axes.patches), len(axes.images),
        _words(axes.texts), () if legend is None else _words(legend.get_texts()),
    )  # fmt: skip


def _words(texts: Iterable[Text]) -> tuple[str, ...]:
    return tuple(NUMBERS.sub("0", text.get_text()) for text in texts)


def once_of_each(save: Callable[[Figure, Path], None]) -> Callable[[Figure, Path], None]:
    """Save figures as `figures.save` does, but those of a make that was saved already with the bytes of that one."""
    known: dict[Make, bytes] = {}

    def saved(figure: Figure, path: Path) -> None:
        make = (path.suffix, *make_of(figure))
        if make in known and path.parent.is_dir() and not path.exists():
            path.write_bytes(known[make])
        else:
            save(figure, path)
            known[make] = path.read_bytes()

    return saved
