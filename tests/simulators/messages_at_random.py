"""Program messages at random, from a command table.

Everything is drawn from one `random.Random`, so that a seed repeats it and hypothesis can shrink it. Command tables are
read as data; the grammar (short and long forms, optional nodes, paths, numbers, units, strings) is written down here a
second time, from IEEE 488.2 section 7 and SCPI-1995 volume 1 section 6, so that what takes messages apart in the
instruments is not asked for its own opinion.
"""

from __future__ import annotations

import functools
import itertools
import random
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal

from instruments.tables.table import CommandTable, Parameter, Row, Value

MULTIPLIERS = {
    "EX": 18, "PE": 15, "T": 12, "G": 9, "MA": 6, "K": 3, "": 0, "M": -3, "U": -6, "N": -9, "P": -12, "F": -15, "A": -18
}  # fmt: skip
_BLANKS = (" ", "  ", "\t", " \t")
_CHARACTERS = "abcXYZ019 .,;:?*#()@+-_/\\\x7f\xb5"
_WITH_CHANNEL = re.compile(r"ROUTe")


@dataclass(frozen=True, slots=True)
class Piece:
    """One program message unit.

    Attributes:
        text: As it is sent.
        row: The row that it means, None if it means none.
        asked: Whether it is a query.
        values: What a command sets, as replies would give it.
        limit: Whether it asks for the limit of a setting.
        codes: The numbers of which one must be queued for the text alone; empty if nothing is wrong with it.
    """

    text: str
    row: Row | None = None
    asked: bool = False
    values: tuple[Value, ...] = ()
    limit: bool = False
    codes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Message:
    """Units that are sent as one message, up to the first that is wrong and what follows it.

    Attributes:
        data: What is sent, with the line feed at its end.
        pieces: The units that are to be carried out, in order.
        wrong: The first that is wrong by its text, None if none is.
    """

    data: bytes
    pieces: tuple[Piece, ...]
    wrong: Piece | None = None


@functools.cache
def variants(header: str) -> tuple[str, ...]:
    """Everything that a header with optional and alternative parts stands for."""
    optional = re.search(r"\[([^\[\]]*)\]", header)
    if optional is not None:
        start, end = optional.span()
        return *variants(header[:start] + optional[1] + header[end:]), *variants(header[:start] + header[end:])
    nodes = [node.split("|") for node in header.split(":") if node]
    return tuple(":".join(chosen) for chosen in itertools.product(*nodes))


@functools.cache
def short(mnemonic: str) -> str:
    """The short form: what is printed in capitals, with digits and signs."""
    return "".join(character for character in mnemonic if not character.islower() and character not in "[]")


@functools.cache
def _plain(node: str) -> tuple[str, str]:
    """A node in its short form and its number, 1 where there is none."""
    name = short(node).rstrip("0123456789")
    return name, short(node)[len(name) :] or "1"


Spelled = dict[str, list[tuple[str, ...]]]
Below = dict[tuple[tuple[str, str], ...], list[tuple[Row, tuple[str, ...]]]]


@functools.cache
def _spellings(table: CommandTable) -> tuple[Spelled, Below]:
    """All spellings of each header, and what stands on each level."""
    spelled = {row.header: [tuple(text.split(":")) for text in variants(row.header)] for row in table}
    below: Below = {}
    for row in table:
        for nodes in spelled[row.header]:
            level = tuple(map(_plain, nodes[:-1]))
            if level:
                below.setdefault(level, []).append((row, nodes))
    return spelled, below


class Writer(ABC):
    """Writes messages for one instrument.

    Args:
        dice: Where all choices come from.
        table: The instrument's command table.
        tame: Largest values of some settings, by the end of their headers: enough to keep an instrument from being busy
            for hours.
        favourites: Headers that are sent more often than others, since much depends on them.
    """

    def __init__(
        self,
        dice: random.Random,
        table: CommandTable,
        tame: dict[str, float] | None = None,
        favourites: tuple[str, ...] = (),
    ) -> None:
        self.dice = dice
        self._tame = tame or {}
        self.rows = list(table)
        self._status = [row for row in self.rows if row.header.startswith(("*", "STATus", "SYSTem:ERRor"))]
        self._favourites = [table[header] for header in favourites] or self.rows
        self.spelled, self._below = _spellings(table)

    # ---- messages

    def message(self, wrong_share: float = 0.35) -> Message:
        """Write one to five units; with this probability one of them is wrong and the message ends for the parser."""
        dice = self.dice
        count = dice.choice((1, 1, 1, 1, 2, 2, 3, 5))
        fault_at = dice.randrange(count) if dice.random() < wrong_share else None
        path: tuple[tuple[str, str], ...] = ()
        texts: list[str] = []
        pieces: list[Piece] = []
        wrong: Piece | None = None
        for number in range(count):
            piece, path = self._unit(path, first=number == 0, wrong=number == fault_at)
            texts.append(piece.text)
            if wrong is None and piece.codes:
                wrong = piece
            elif wrong is None:
                pieces.append(piece)
            if -151 in piece.codes:
                break  # an open string swallows what is put behind it
        separator = dice.choice((";", ";", "; ", " ;", ";;", " ; ; "))
        text = separator.join(texts)
        if wrong is None or -151 not in wrong.codes:
            text += dice.choice(("", "", "", ";", " ", "\r", ";;\t"))
        text = dice.choice(("", "", "", " ", ";", "\t;")) + text
        return Message(text.encode("latin-1") + b"\n", tuple(pieces), wrong)

    def _unit(
        self, path: tuple[tuple[str, str], ...], *, first: bool, wrong: bool
    ) -> tuple[Piece, tuple[tuple[str, str], ...]]:
        row, nodes = self._choose(path)
        header, path = self._header(path, nodes, first=first)
        if wrong:
            return self.wrong(row, header), path
        return self.right(row, header), path

    def _choose(self, path: tuple[tuple[str, str], ...]) -> tuple[Row, tuple[str, ...]]:
        """A row and a spelling of its header: often one that stands on the same level as the last."""
        near = self._below.get(path)
        if near and self.dice.random() < 0.5:
            return self.dice.choice(near)
        kind = self.dice.random()
        row = self.dice.choice(self._status if kind < 0.2 else self._favourites if kind < 0.4 else self.rows)
        return row, self.dice.choice(self.spelled[row.header])

    def _header(
        self, path: tuple[tuple[str, str], ...], nodes: tuple[str, ...], *, first: bool
    ) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Write a header from where the message stands; return it with the level for the next."""
        if nodes[0].startswith("*"):
            return self.dice.choice(("", "", ":")) + self._case(nodes[0]), path
        level = tuple(map(_plain, nodes[:-1]))
        if path and level[: len(path)] == path and self.dice.random() < 0.8:
            return ":".join(map(self._node, nodes[len(path) :])), level
        lead = ":" if path or (not first and self.dice.random() < 0.5) or self.dice.random() < 0.3 else ""
        return lead + ":".join(map(self._node, nodes)), level

    def _node(self, node: str) -> str:
        return self._case(node if self.dice.random() < 0.4 else short(node))

    def _case(self, text: str) -> str:
        return self.dice.choice((text, text.upper(), text.lower()))

    def question(self, header: str, row: Row) -> Message:
        """Ask one row alone."""
        piece = Piece(f"{header}?", row, asked=True)
        return Message(piece.text.encode() + b"\n", (piece,))

    def right(self, row: Row, header: str) -> Piece:
        """Write a valid unit: a command or a query, where the row has both."""
        if row.query and (not row.command or self.dice.random() < 0.4):
            return self._question(row, header)
        return self._command(row, header)

    def _command(self, row: Row, header: str) -> Piece:
        texts, values = self.arguments(row)
        gap = self.dice.choice(_BLANKS) if texts else ""
        comma = self.dice.choice((",", ", ", " , "))
        return Piece(header + gap + comma.join(texts), row, values=values)

    def _question(self, row: Row, header: str) -> Piece:
        if row.command:
            word = self._limit_word(row) if self.dice.random() < 0.1 else ""
            return Piece(f"{header}?{' ' if word else ''}{word}", row, asked=True, limit=bool(word))
        texts, values = self.arguments(row)
        return Piece(f"{header}?{' ' if texts else ''}{','.join(texts)}", row, asked=True, values=values)

    def _limit_word(self, row: Row) -> str:
        if not row.parameters or row.parameters[0].kind not in {"number", "integer"}:
            return ""
        words = ["MINimum", "MAXimum"] + ["DEFault"] * (row.reset is not None)
        return self._node(self.dice.choice(words))

    @abstractmethod
    def wrong(self, row: Row, header: str) -> Piece:
        """Write a unit with one fault."""

    # ---- values

    def arguments(self, row: Row) -> tuple[list[str], tuple[Value, ...]]:
        texts: list[str] = []
        values: list[Value] = []
        for parameter in row.parameters:
            if not parameter.required and (values[:1] != ["REAL"] or self.dice.random() < 0.4):
                break
            if parameter.kind in {"numbers", "words", "strings"}:
                count = self.dice.choice((1, 1, 2, 3, min(parameter.most or 6, 20)))
                written = [self.value(row, parameter) for _ in range(count)]
                texts += [text for text, _ in written]
                values.append(tuple(value for _, value in written))
            else:
                text, value = self.value(row, parameter)
                texts.append(text)
                values.append(value)
        return texts, tuple(values)

    def value(self, row: Row, parameter: Parameter) -> tuple[str, Value]:
        """Write one valid parameter; return it with what it means."""
        if parameter.kind in {"number", "integer", "numbers"}:
            return self._numeric(row, parameter)
        if parameter.kind == "boolean":
            text, value = self.dice.choice((("ON", True), ("OFF", False), ("1", True), ("0", False), ("1.0", True)))
            return self._case(text), value
        if parameter.kind in {"word", "words"}:
            return self.word(parameter)
        if parameter.kind in {"string", "strings"}:
            return self._string(parameter)
        if parameter.kind == "register":
            return self._register(parameter)
        text = "(@1,2)" if _WITH_CHANNEL.match(row.header) else self._ranges()
        return text, text

    def _numeric(self, row: Row, parameter: Parameter) -> tuple[str, Value]:
        dice = self.dice
        if "INFinite" in parameter.words and dice.random() < 0.2:
            return dice.choice(("INF", "infinite", "9.9e37", "+9.9E+37", "1e38")), "INF"
        tame = next((most for end, most in self._tame.items() if row.header.endswith(end)), None)
        if dice.random() < 0.1 and tame is None:
            high = ends(parameter)[1]
            words: list[tuple[str, Value]] = [("MINimum", _least(parameter)), ("MAXimum", high)]
            if row.reset is not None and parameter.kind != "numbers" and parameter is row.parameters[0]:
                words.append(("DEFault", row.reset if parameter.default is None else parameter.default))
            word, value = dice.choice(words)
            return self._node(word), value
        if parameter.values:
            value = dice.choice(parameter.values)
            return dice.choice((f"{value:g}", f"+{value:g}", f"{value:.1f}")), round(value)
        if parameter.kind == "integer":
            return self._integer(parameter, tame)
        return self._real(parameter, tame)

    def _integer(self, parameter: Parameter, tame: float | None) -> tuple[str, Value]:
        low, high = map(round, ends(parameter))
        high = high if tame is None else min(high, round(tame))
        near = self.dice.choice((low, high, self.dice.randint(low, high), self.dice.randint(low, min(high, low + 20))))
        forms = [f"{near}", f"+{near}" if near >= 0 else f"{near}", f"{near}.", f"{near}.0", f"{near}e0", f"0{near}"]
        if low < near < high:
            forms.append(f"{near}.3")
        return self.dice.choice(forms), near

    def _real(self, parameter: Parameter, tame: float | None) -> tuple[str, Value]:
        if parameter.besides is not None and self.dice.random() < 0.2:
            return f"{parameter.besides:g}", parameter.besides
        low, high = ends(parameter)
        high = high if tame is None else min(high, tame)
        text = self._decimal(low, high)
        number = Decimal(text)
        if not low <= float(number) <= high:
            text = repr(self.dice.choice((low, high)))
            number = Decimal(text)
        if parameter.unit and self.dice.random() < 0.3:
            multiplier = self.dice.choice(("", "", "M", "U", "N", "P", "K", "MA"))
            power = 6 if multiplier == "M" and parameter.unit in {"HZ", "OHM"} else MULTIPLIERS[multiplier]
            scaled = f"{number.scaleb(-power):E}"
            return f"{scaled}{self.dice.choice(('', ' '))}{self._case(multiplier + parameter.unit)}", float(number)
        return text, float(number)

    def _decimal(self, low: float, high: float) -> str:
        """A decimal number between two limits, small ones as likely as large ones, in any of the forms NRf."""
        dice = self.dice
        kind = dice.random()
        if kind < 0.3:
            number = dice.choice((low, high))
        elif kind < 0.4 and low <= 0.0 <= high:
            number = 0.0
        elif low > 0.0:
            number = low * (high / low) ** dice.random()
        else:
            side = low if low < 0.0 and (high <= 0.0 or dice.random() < 0.5) else high
            number = side * 10.0 ** (-9.0 * dice.random())
        text = dice.choice(("{!r}", "{:.3g}", "{:.6g}", "{:+.9E}", "{:.4E}")).format(number)
        if text.startswith("0."):
            return dice.choice((text, text[1:], "0" + text))
        return text.replace("E", dice.choice(("E", "e"))) if "E" in text else text

    def word(self, parameter: Parameter) -> tuple[str, Value]:
        word = self.dice.choice(parameter.words)
        return self._case(self._node(self.dice.choice(variants(word)))), short(word)

    def _string(self, parameter: Parameter) -> tuple[str, Value]:
        quote = self.dice.choice("'\"")
        if parameter.words:
            text, value = self.word(parameter)
            return quote + text + quote, value
        most = round(parameter.maximum or 40)
        text = "".join(self.dice.choice(_CHARACTERS + "'\"") for _ in range(self.dice.randint(0, most)))
        if text and self.dice.random() < 0.1:
            text = text[:-1] + "\n"  # part of the string, not the end of the message
        return quote + text.replace(quote, quote * 2) + quote, text

    def _register(self, parameter: Parameter) -> tuple[str, Value]:
        value = self.dice.choice(
            (0, 1, round(parameter.maximum or 0), self.dice.randint(0, round(parameter.maximum or 0)))
        )
        forms = (f"{value}", f"#H{value:X}", f"#h{value:x}", f"#B{value:b}", f"#Q{value:o}", f"{value}.0", f"{value}e0")
        return self.dice.choice(forms), value

    def _ranges(self) -> str:
        """A list of error numbers; mostly one that leaves much enabled, now and then one with a fault inside."""
        return self.dice.choice(
            (
                "(-999:-1,+400:+999)", "(-440:-100, 408)", "(-113)", "(-300:-200,-113)", "()", "(1:399)", "(-1000:-1)",
                "(1:1000)", "(-113,x)",
            )
        )  # fmt: skip


def _least(parameter: Parameter) -> float:
    if parameter.least is not None:
        return parameter.least
    low = ends(parameter)[0]
    return low if parameter.besides is None else min(low, parameter.besides)


def ends(parameter: Parameter) -> tuple[float, float]:
    if parameter.values:
        return parameter.values[0], parameter.values[-1]
    assert parameter.minimum is not None
    assert parameter.maximum is not None
    return parameter.minimum, parameter.maximum
