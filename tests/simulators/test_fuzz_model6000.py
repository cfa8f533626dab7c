"""The Model 6000 under messages at random, held against the rules of its dialect.

It answers queries and nothing else, in order, each answer with a semicolon at its end; a setting that it refuses
changes nothing and moves the advisory number on by one; one that it takes is what the query gives afterwards, with
parameters that were left out as they were. Dates and the machine's own limits, which no message shows, may be refused.
"""

from __future__ import annotations

import random
import re
from collections import deque
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.tables.model6000 import MODEL6000
from instruments.tables.table import Parameter, Row
from simulators.cryostat import SimulatedCryostat
from simulators.devices.model6000 import IDENTITY, INPUT_BUFFER, OUTPUT_QUEUE, Model6000
from simulators.machines import DYNACOOL_9T, PPMS_9T, VERSALAB
from tests.simulators.replies import close
from tests.simulators.scpi_fuzz import PER_DEVICE, Watched

SEEDED = 6_000
ENDURANCE = 1_000_000

PER_CHANNEL = ("BRIDGE", "DRVOUT", "SIGOUT", "LINK")
SILENT_QUERIES = ("APPEND", "COMMENT", "DATA", "DATSIZE")
MASKED = ("DIGSET", "EXTSET")
CALENDAR = ("DATE", "TIME")
FORGETFUL = (*PER_CHANNEL, *MASKED, "USERTEMP", "MOVECFG")
MACHINE_DECIDES = ("TEMP", "FIELD", "CHAMBER", "MOVE", "DATE")
WIDEST = {"MOVE": (-20.0, 380.0), "FIELD": (0.0, 300.0)}  # what the table leaves open; a little beyond a machine's own
LIMITED_REPLY = re.compile(r"[^;\r\n]*;")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message and what it has to lead to: `set`, `ask`, `bad` or `nothing`."""

    text: str
    kind: str
    header: str = ""
    numbers: tuple[float, ...] = ()


class Scribe:
    """Writes messages in the controller's dialect."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.rows = list(MODEL6000)

    def message(self) -> Sent:
        """One message without its terminator."""
        row = self.dice.choice(self.rows)
        if row.header in SILENT_QUERIES:
            return Sent(row.header + self.dice.choice(("", "?", " abc def", " 1,2")), "nothing")
        if self.dice.random() < 0.3:
            return self._bad(row)
        if row.query and (not row.command or self.dice.random() < 0.4):
            return self._question(row)
        count = self.dice.randint(sum(parameter.required for parameter in row.parameters), len(row.parameters))
        texts = [self._number(row, parameter) for parameter in row.parameters[:count]]
        return Sent(self._join(row.header, texts), "set", row.header, tuple(map(float, texts)))

    def _question(self, row: Row) -> Sent:
        texts: list[str] = []
        if row.header in PER_CHANNEL:
            texts = [self._number(row, row.parameters[0])]
        elif row.header == "GETDAT":
            texts = [str(self.dice.choice((0, 1, 2, 7, 15, 524288, 8912911, self.dice.randrange(2**30))))]
            texts += [self.dice.choice("01")] * self.dice.randrange(2)
        return Sent(self._join(row.header + "?", texts), "ask", row.header, tuple(map(float, texts)))

    def _join(self, header: str, texts: list[str]) -> str:
        header = self.dice.choice((header, header.lower(), header.title()))
        gap = self.dice.choice((" ", " ", ",", ", ", "  ", "\t", " , "))
        return header + (self.dice.choice((" ", "  ", ",", " ,")) if texts else "") + gap.join(texts)

    def _number(self, row: Row, parameter: Parameter) -> str:
        dice = self.dice
        if parameter.kind == "integer":
            if parameter.values:
                return dice.choice(("{:g}", "{:g}.0", "+{:g}")).format(dice.choice(parameter.values))
            assert parameter.maximum is not None
            return str(dice.randint(0, round(parameter.maximum)))
        low, high = WIDEST.get(row.header, (0.0, 1.0))
        low = low if parameter.minimum is None else parameter.minimum
        high = high if parameter.maximum is None else parameter.maximum
        value = dice.choice((low, high, dice.uniform(low, high), dice.uniform(low, high)))
        text = dice.choice(("{!r}", "{:.6g}", "{:.3f}", "{:.4e}")).format(value)
        return text if low <= float(text) <= high else repr(value)

    def _bad(self, row: Row) -> Sent:
        """One thing wrong: nothing may follow but advice."""
        dice = self.dice
        texts = [self._number(row, parameter) for parameter in row.parameters]
        faults = [
            row.header + "X 1", "Q" + row.header, row.header + "??", row.header + "?,1,2,3,4,5,6,7", "?", "7", ",,",
            ":" + row.header, row.header + "7",
            self._join(row.header, [*(texts or ["0"]), *["1"] * 3]),
        ]  # fmt: skip
        if not row.query:
            faults.append(row.header + "?")
        if not row.command:
            faults.append(row.header)
        if row.command and row.parameters:
            wrong = dice.choice(
                ("nan", "inf", "MIN", "ON", "'1'", "1e999", "--1", "1..2", "#H1", "1K", "\xb2", "9" * 400)
            )
            faults += [self._join(row.header, [wrong, *texts[1:]]), row.header + " 1,,2", row.header + " 1,"]
            if row.parameters[0].required:
                faults.append(row.header)
            for place, parameter in enumerate(row.parameters):
                if parameter.maximum is not None:
                    beyond = repr(parameter.maximum + max(1.0, abs(parameter.maximum)))
                    faults.append(self._join(row.header, [*texts[:place], beyond]))
                if parameter.minimum is not None:
                    faults.append(self._join(row.header, [*texts[:place], repr(parameter.minimum - 1.0)]))
        if row.header == "GETDAT":
            faults += ["GETDAT?", "GETDAT? -1", "GETDAT? 1073741824", "GETDAT? x", "GETDAT? 1 2"]
        return Sent(dice.choice(faults), "bad")

    def rubbish(self) -> bytes:
        """Bytes that no client in its senses would send."""
        dice = self.dice
        kind = dice.randrange(6)
        if kind == 0:
            return dice.randbytes(dice.randrange(60))
        if kind == 1:
            return bytes(dice.choice(b";\r\n\t ,?*$\x00\xff'\"#") for _ in range(dice.randrange(30)))
        if kind == 2:
            return b"x" * dice.choice((10, INPUT_BUFFER, INPUT_BUFFER + 1, 3 * INPUT_BUFFER))
        if kind == 3:
            return self.message().text.encode("latin-1")[: -dice.randrange(1, 4)]
        text = self.message().text.encode("latin-1")
        return bytes(dice.choice((byte, byte, byte, dice.randrange(256))) for byte in text) + dice.choice((b"", b";"))


class Client:
    """One client, one controller."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.clock = VirtualClock()
        timeline = Watched(self.clock)
        machine = dice.choice((PPMS_9T, VERSALAB, DYNACOOL_9T))
        self.cryostat = SimulatedCryostat(timeline, machine, np.random.default_rng(1), np.random.default_rng(2))
        self.ending = dice.choice((b"", b"\r\n"))
        self.device = Model6000(timeline, self.cryostat, ending=self.ending)
        self.scribe = Scribe(dice)
        self.log: list[object] = []
        self.known = {header: self._settings(header) for header in self._kept()}
        self.fresh = dict(self.known)
        self.advice = int(self._ask("ADVNUM?")[0])

    def _kept(self) -> list[str]:
        """Queries that give what was commanded last."""
        found: list[str] = []
        for row in MODEL6000:
            if not row.command or not row.query or row.header in (*SILENT_QUERIES, *CALENDAR):
                continue
            channels = len(row.parameters[0].values) if row.header in PER_CHANNEL else 0
            found += [f"{row.header}? {channel}" for channel in range(1, channels + 1)] or [f"{row.header}?"]
        return found

    def _ask(self, message: str) -> list[str]:
        """Ask, wait and take the answer apart."""
        assert self.device.read() == b""
        self.device.write(message.encode("latin-1") + self.dice.choice((b"\n", b";", b"\r\n", b"\r")))
        ready = self.device.ready_at()
        assert ready is not None, f"no answer to {message}"
        assert self.device.read() == b"", "an answer before its time"
        self.clock.sleep_until(ready)
        reply = self.device.read()
        assert reply.endswith(b";" + self.ending)
        assert self.device.ready_at() is None
        text = reply.removesuffix(self.ending).decode("ascii")
        assert LIMITED_REPLY.fullmatch(text), text
        return text[:-1].split(",")

    def _settings(self, query: str) -> list[float]:
        return [float(text) for text in self._ask(query)]

    # ---- steps

    def step(self) -> None:
        """One message, and a look at what it did."""
        timeline = self.device.timeline
        assert isinstance(timeline, Watched)
        timeline.scheduled = 0
        kind = self.dice.random()
        if kind < 0.8:
            self._exchange(self.scribe.message())
        elif kind < 0.84:
            self._several()
        elif kind < 0.98:
            self._rubbish()
        elif kind < 0.99:
            self._clear()
        else:
            self._power_cycle()
        if self.dice.random() < 0.2:
            self.clock.sleep(10.0 ** self.dice.uniform(-3.0, 2.5))

    def _exchange(self, sent: Sent) -> None:
        self.log.append(sent.text)
        if sent.kind == "ask":
            self._check_answer(sent, self._ask(sent.text))
            return
        before = self._state() if sent.kind == "bad" else None
        refused = self.device._advisory
        self.device.write(sent.text.encode("latin-1") + self.dice.choice((b"\n", b";", b"\r\n", b"\r")))
        assert self.device.ready_at() is None, f"an answer to {sent}"
        advice = int(self._ask("ADVNUM?")[0])
        moved = (advice - self.advice) % 1000
        self.advice = advice
        if sent.kind == "bad":
            assert moved == 1, sent
            assert self._state() == before, sent
        elif sent.kind == "nothing":
            assert moved == 0, sent
        else:
            assert moved == 0 or (moved == 1 and sent.header in MACHINE_DECIDES), sent
            self._check_setting(sent, taken=self.device._advisory == refused)  # a warning is no refusal

    def _state(self) -> object:
        """Everything that a message can set."""
        device, cryostat = self.device, self.cryostat
        return (
            dict(device._stored), device._calendar.offset, vars(device._level_meter).copy(), cryostat.revision,
            cryostat.temperature_setting, cryostat.field_setting, cryostat.chamber_setting, cryostat.rotator.setting,
        )  # fmt: skip

    def _check_setting(self, sent: Sent, *, taken: bool) -> None:
        """What was taken is what the query gives; what was left out, or refused, is as before."""
        query = f"{sent.header}?" + (f" {sent.numbers[0]:.0f}" if sent.header in PER_CHANNEL else "")
        if query not in self.known:
            return
        last = self.known[query]
        if taken and sent.header in MASKED:
            bits, mask = (*map(int, sent.numbers), 0)[:2]
            self.known[query] = [(bits & ~mask) | (int(last[0]) & mask)]
        elif taken:
            self.known[query] = [*sent.numbers, *last[len(sent.numbers) :]]
        if taken and sent.header == "SIGOUT":
            self.known[f"LINK? {sent.numbers[0]:.0f}"] = [sent.numbers[0], 0.0, 0.0, 0.0]
        texts = self._ask(query)
        assert len(texts) == len(self.known[query])
        for text, value in zip(texts, self.known[query], strict=True):
            assert close(text, value) or float(text) == pytest.approx(value, rel=1e-5), (sent, texts, last)

    def _check_answer(self, sent: Sent, texts: list[str]) -> None:
        if sent.header == "*IDN":
            assert texts == IDENTITY.split(",")
            return
        if sent.header == "GETDAT":
            mask, asked = int(texts[0]), int(sent.numbers[0])
            assert mask & ~asked == 0
            assert len(texts) == 2 + mask.bit_count()
        if sent.header != "REV":
            assert all(abs(float(text)) < 1e12 for text in texts), texts
        query = f"{sent.header}?" + (f" {sent.numbers[0]:.0f}" if sent.header in PER_CHANNEL else "")
        for text, value in zip(texts, self.known.get(query, ()), strict=False):
            assert close(text, value) or float(text) == pytest.approx(value, rel=1e-5), (query, texts)

    def _several(self) -> None:
        """Answers come in the order of the questions; the oldest are lost when there are too many."""
        asked = [message for message in (self.scribe.message() for _ in range(self.dice.choice((3, 90)))) if
                 message.kind == "ask"]  # fmt: skip
        self.device.write(b"".join(message.text.encode("latin-1") + b"\n" for message in asked))
        self.clock.sleep(0.01)
        expected = deque(asked, maxlen=OUTPUT_QUEUE)
        while expected:
            message = expected.popleft()
            self._check_answer(message, self.device.read().removesuffix(self.ending).decode("ascii")[:-1].split(","))
        assert self.device.read() == b""

    def _rubbish(self) -> None:
        """A terminator later it answers again."""
        data = self.scribe.rubbish()
        self.log.append(data)
        for start in range(0, len(data), 5000):
            self.device.write(data[start : start + 5000])
        self.device.write(b"\n")
        self.clock.sleep(0.01)
        answers = 0
        while self.device.read():
            answers += 1
        assert answers <= data.count(b"?")
        assert self._ask("*IDN?") == IDENTITY.split(",")
        self._learn()

    def _clear(self) -> None:
        """Answers and the beginning of a message are forgotten; settings stay."""
        self.device.write(b"*IDN?\nTEMP 20")
        self.device.clear()
        self.clock.sleep(0.01)
        assert self.device.read() == b""
        self._check_answer(Sent("TEMP?", "ask", "TEMP"), self._ask("TEMP?"))

    def _power_cycle(self) -> None:
        """Bridges, outputs and lines have what they had when new."""
        self.device.power_cycle()
        assert self.device.read() == b""
        self._learn()
        for query, values in self.known.items():
            if query.startswith(FORGETFUL):
                assert values == self.fresh[query], query

    def _learn(self) -> None:
        """Rubbish may have been a command."""
        self.known = {header: self._settings(header) for header in self.known}
        self.advice = int(self._ask("ADVNUM?")[0])


def bombard(seed: int, count: int) -> None:
    """Send messages, with a new controller every now and then."""
    for number in range(0, count, PER_DEVICE):
        client = Client(random.Random(f"6000 {seed} {number}"))
        try:
            for _ in range(min(PER_DEVICE, count - number)):
                client.step()
        except Exception as error:
            error.add_note(f"seed {seed}, controller {number}; last messages: {client.log[-8:]}")
            raise


def test_seeded() -> None:
    bombard(1, SEEDED)


@pytest.mark.endurance
def test_a_million() -> None:
    bombard(2, ENDURANCE)


@settings(max_examples=40, deadline=None, database=None)
@given(st.randoms(use_true_random=False))
def test_shrinkable(dice: random.Random) -> None:
    client = Client(dice)
    for _ in range(10):
        client.step()
