"""Messages with a single fault, and rubbish."""

from __future__ import annotations

import re

from instruments.tables.table import Parameter, Row
from tests.simulators.messages_at_random import Piece, Writer, ends, short

WRONG_TYPE = frozenset({-104, -128, -141, -148, -158, -224})
NO_NUMBER = frozenset({-104, -120, -121})


class Vandal(Writer):
    """Writes messages for one instrument that are mostly right."""

    def wrong(self, row: Row, header: str) -> Piece:
        """Write a unit with one fault."""
        for _ in range(20):
            fault = self.dice.choice(_FAULTS)
            found = fault(self, row, header)
            if found is not None:
                return found
        return Piece("NONSense", codes=frozenset({-113}))

    def _misspelt(self, row: Row, header: str) -> Piece:
        place = self.dice.choice([at for at, letter in enumerate(header, 1) if letter.isalpha()])
        damaged = header[:place] + self.dice.choice("QX") + header[place:]
        return Piece(self.right(row, damaged).text, codes=frozenset({-113}))

    def _half_long(self, row: Row, header: str) -> Piece | None:
        """Neither the short nor the long form."""
        nodes = self.dice.choice(self.spelled[row.header])
        last = nodes[-1].rstrip("0123456789")
        if nodes[0].startswith("*") or len(last) - len(short(last)) < 2:
            return None
        return Piece(":" + ":".join((*nodes[:-1], last[:-1])), codes=frozenset({-113}))

    def _wrong_number(self, row: Row, header: str) -> Piece | None:
        nodes = self.dice.choice(self.spelled[row.header])
        if nodes[0].startswith("*") or len(nodes) < 2:
            return None
        number = self.dice.choice(("13", "0", "99999999999999999999"))
        place = self.dice.randrange(len(nodes) - 1)
        damaged = [re.sub("[0-9]", "", node) + number if at == place else node for at, node in enumerate(nodes)]
        return Piece(":" + ":".join(damaged), codes=frozenset({-114}))

    def _too_deep(self, row: Row, header: str) -> Piece | None:
        nodes = self.dice.choice(self.spelled[row.header])
        if nodes[0].startswith("*"):
            return None
        return Piece(":" + ":".join((*nodes, *["WHAT"] * self.dice.choice((1, 3, 60)))), codes=frozenset({-113}))

    def _other_form(self, row: Row, header: str) -> Piece | None:
        if row.query and row.command:
            return None
        return Piece(header + ("" if row.query else "?"), codes=frozenset({-113}))

    def _missing(self, row: Row, header: str) -> Piece | None:
        if not row.command or not row.parameters or not row.parameters[0].required:
            return None
        texts, _ = self.arguments(row)
        kept = self.dice.choice((header, f"{header} ", f"{header} ,{texts[0]}", f"{header} {texts[0]},"))
        return Piece(kept, codes=frozenset({-109}))

    def _too_many(self, row: Row, header: str) -> Piece | None:
        if not row.command:
            return Piece(f"{header}? 1,2,3,4", codes=frozenset({-108}))
        texts, _ = self.arguments(row)
        if row.parameters and row.parameters[0].kind in {"numbers", "words", "strings"}:
            most = row.parameters[0].most
            if most is None:
                return None
            return Piece(f"{header} {','.join([texts[0]] * (most + 1))}", codes=frozenset({-223}))
        extra = ["1"] * (1 + len(row.parameters) - len(texts))
        return Piece(f"{header} {','.join([*texts, *extra])}", codes=frozenset({-108}))

    def _extra_in_query(self, row: Row, header: str) -> Piece | None:
        return Piece(f"{header}? 3", codes=frozenset({-108})) if row.query and row.command else None

    def _separator(self, row: Row, header: str) -> Piece:
        return Piece(header + self.dice.choice(("=", "!", "\x80", ",", "/")) + "1", codes=frozenset({-111}))

    def _no_header(self, row: Row, header: str) -> Piece:
        return Piece(self.dice.choice(("?", "!", "\xff\xfe", "'x'", "(1)", "#H", "#0abc")), codes=frozenset({-110}))

    def _bad_value(self, row: Row, header: str) -> Piece | None:
        """A parameter that cannot be read, or whose value is not allowed."""
        if not row.command or not row.parameters:
            return None
        written = self._bad_text(row, row.parameters[0])
        if written is None:
            return None
        text, codes = written
        return Piece(f"{header} {text}", codes=codes)

    def _bad_text(self, row: Row, parameter: Parameter) -> tuple[str, frozenset[int]] | None:
        dice = self.dice
        if parameter.kind in {"number", "integer", "numbers"}:
            return self._bad_number(parameter)
        if parameter.kind == "boolean":
            return dice.choice(("2", "-1", "MAYBE", "'ON'", "nan", "0.5")), WRONG_TYPE
        if parameter.kind in {"word", "words"}:
            word, _ = self.word(parameter)
            choices = ((word + "Q", {-224}), ("'" + word + "'", {-158, -224}), ("1e3", {-224}), ('"', {-151}))
            text, codes = dice.choice(choices)
            return text, frozenset(codes)
        if parameter.kind in {"string", "strings"}:
            return self._bad_string(parameter)
        if parameter.kind == "register":
            over = round(parameter.maximum or 0) + 1
            choices = ((f"{over}", {-222}), ("-1", {-222}), ("#H", {-104, -121}), ("#B12", {-121}), ("#Q8", {-121}),
                       ("#HXY", {-121}), ("#Z1", {-104, -121}), ("#B" + "1" * 200, {-124}), ("ON", WRONG_TYPE),
                       (f"#H{over:X}", {-222}))  # fmt: skip
            text, codes = dice.choice(choices)
            return text, frozenset(codes)
        # Any text is an expression until its formula is read, which is the command's effect.
        choices = (("1", WRONG_TYPE), ("(1", WRONG_TYPE), ("'(1)'", WRONG_TYPE))
        return None if parameter.kind == "expression" else dice.choice(choices)

    def _bad_number(self, parameter: Parameter) -> tuple[str, frozenset[int]]:
        low, high = ends(parameter)
        below, above = repr(low - max(1e-3, abs(low) * 1e-3)), repr(high + max(1e-3, abs(high) * 1e-3))
        infinite = "INFinite" in parameter.words
        choices: list[tuple[str, set[int] | frozenset[int]]] = [
            (below, {-222}), (above, {-222}), ("-1e37", {-222}), ("1e36", {-222}), ("nan", WRONG_TYPE),
            ("'1'", WRONG_TYPE), ("HIGH", WRONG_TYPE), ("ON", WRONG_TYPE), ("1..2", NO_NUMBER), ("--1", NO_NUMBER),
            ("1e", NO_NUMBER), ("#H1F", NO_NUMBER), ("#15hello", NO_NUMBER | {-168}), (".", NO_NUMBER),
            ("1 FURLONG", {-121}), ("1e40000", {-123}), ("-1e-99999", {-123}), ("0." + "0" * 300 + "1", {-124}),
            ("9" * 2000, {-124}), ("'1", {-151}), ('"', {-151}), ("1 2", NO_NUMBER), ("1\xb2", NO_NUMBER),
        ]  # fmt: skip
        if not infinite:
            choices += [("inf", WRONG_TYPE), ("INFinite", WRONG_TYPE), ("9.9e37", {-222}), ("1e999", {-222})]
        if not parameter.unit:
            choices.append(("1 V", {-121}))
        if parameter.values:
            choices.append((repr(parameter.values[0] + 0.01), {-222}))
        text, codes = self.dice.choice(choices)
        return text, frozenset(codes)

    def _bad_string(self, parameter: Parameter) -> tuple[str, frozenset[int]]:
        choices: list[tuple[str, set[int] | frozenset[int]]] = [
            ("naked", WRONG_TYPE), ("1", WRONG_TYPE), ("'open", {-151}), ('"', {-151}), ("'a'b", {-151}),
            ("'" + "x" * 2000 + "'", {-154}),
        ]  # fmt: skip
        if parameter.words:
            choices += [("'NONE OF THEM'", {-224}), ("''", {-224})]
        elif parameter.maximum is not None:
            choices.append(("'" + "y" * (round(parameter.maximum) + 1) + "'", {-154}))
        text, codes = self.dice.choice(choices)
        return text, frozenset(codes)

    # ---- rubbish

    def rubbish(self) -> bytes:
        """Bytes that no client in its senses would send; with or without a terminator."""
        dice = self.dice
        kind = dice.randrange(12)
        if kind == 0:
            data = dice.randbytes(dice.randrange(80))
        elif kind == 1:
            data = b"\x00" * dice.randrange(1, 20)
        elif kind == 2:
            data = bytes(dice.choice(b"\r\n\t ;:?*\"'#(),") for _ in range(dice.randrange(1, 40)))
        elif kind == 3:
            data = dice.choice((b"#0abc\n", b"#3005hello", b"#15hel\no", b"FORM #0\x00\xff\n", b"#\n", b"#9999999999x"))
        elif kind == 4:
            data = b":".join([b"SOUR"] * dice.choice((3, 300)))
        elif kind == 5:
            data = bytes(dice.randrange(128, 256) for _ in range(dice.randrange(1, 60)))
        elif kind == 6:
            data = dice.choice((b"'", b'"')) + self.message().data
        elif kind == 7:
            data = self.message().data[: -1 - dice.randrange(6)]
        elif kind == 8:
            data = b"(" * dice.randrange(1, 200) + self.message().data
        elif kind == 9:
            data = self.message().data.replace(b" ", b"\r").replace(b"\n", b"\r")
        elif kind == 10:
            data = bytes(dice.choice((byte, byte, byte, byte, dice.randrange(256))) for byte in self.message().data)
        else:
            data = b"SYST:ERR" + dice.choice((b"?" * 40, b" ?", b"?;?", b"?,1", b"?\x00", b"\n?"))
        return data + dice.choice((b"", b"\n", b"\n", b"\n", b"\r\n"))


_FAULTS = (
    Vandal._bad_value, Vandal._bad_value, Vandal._bad_value, Vandal._bad_value, Vandal._misspelt, Vandal._half_long,
    Vandal._wrong_number, Vandal._too_deep, Vandal._other_form, Vandal._missing, Vandal._too_many,
    Vandal._extra_in_query, Vandal._separator, Vandal._no_header,
)  # fmt: skip
