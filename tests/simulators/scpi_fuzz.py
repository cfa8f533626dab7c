"""A careless client of an instrument: it writes, reads, waits, polls, clears and triggers at random moments.

Everything it sees is held against the oracle. Most messages are waited for, so that everything about them can be said;
some are sent while the instrument is still busy.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from instruments.clock import VirtualClock
from simulators.exchange import ScpiDevice
from simulators.timeline import Event, Timeline
from tests.simulators.faults_at_random import Vandal
from tests.simulators.messages_at_random import Message
from tests.simulators.scpi_model import Run, Ways
from tests.simulators.scpi_oracle import Oracle

PER_DEVICE = 500
"""Messages after which a new device is taken: what fails is found again soon, and lab times stay those of a lab."""

_MOST_EVENTS = 200_000
_DEADLOCKED = -430


class Watched(Timeline):
    """A timeline that finds out when something goes on for ever."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.scheduled = 0

    def schedule(self, time: float, action: Callable[[], None]) -> Event:
        self.scheduled += 1
        assert self.scheduled < _MOST_EVENTS, "this goes on for ever"
        return super().schedule(time, action)


class Client:
    """One client, one device.

    Args:
        dice: Where everything random comes from.
        device: A fresh device on a `Watched` timeline.
        ways: What the instrument does in its own way.
        writer: Writes the messages.
        disturb: Something else that can happen on the bench.
        watch: Looks, after each message, whether the rest of the bench is as it must be.
    """

    def __init__(
        self,
        dice: random.Random,
        device: ScpiDevice,
        ways: Ways,
        writer: Vandal,
        disturb: Callable[[], None],
        watch: Callable[[], None],
    ) -> None:
        self.dice = dice
        self.device = device
        self.writer = writer
        self.oracle = Oracle(device, ways)
        self._disturb = disturb
        self._watch = watch
        self._ways = ways
        self._pending: list[tuple[Message, bool]] = []
        self._ran = self._counted = 0
        self.log: list[object] = []
        device.stream = dice.random() < 0.3

    # ---- what the client does

    def step(self) -> None:
        """One message, and what comes after it."""
        timeline = self.device.timeline
        assert isinstance(timeline, Watched)
        timeline.scheduled = 0
        kind = self.dice.random()
        if kind < 0.6:
            self._send(self.writer.message())
            self._settle()
        elif kind < 0.78:
            self._send(self.writer.message(0.1))
        elif kind < 0.785:
            self._flood()
        elif kind < 0.8:
            self._drain()
        else:
            self._rubbish()
        self._watch()
        self._aftermath()

    def _aftermath(self) -> None:
        dice = self.dice
        if dice.random() < 0.6:
            self._read()
        elif dice.random() < 0.1:
            self._read_without_need()
        if dice.random() < 0.25:
            self._look(polled=dice.random() < 0.6)
        if dice.random() < 0.1:
            self._sleep(10.0 ** dice.uniform(-6.0, 0.5))
        if dice.random() < 0.04:
            self._other()

    def _other(self) -> None:
        kind = self.dice.random()
        if kind < 0.3:
            self._clear()
        elif kind < 0.6:
            self._trigger(self.device.trigger)
        elif kind < 0.7:
            self._power_cycle()
        elif kind < 0.8:
            self._mishap()
        else:
            self._trigger(self._disturb)

    # ---- writing

    def _send(self, message: Message) -> None:
        """Write a valid or nearly valid message, whole or in pieces."""
        self.log.append(message.data)
        oracle, device = self.oracle, self.device
        stuck = device._held is not None and device._held.time == float("inf")
        busy = device._held is not None and not stuck
        if not busy:
            self._verify(whole=not stuck, last_only=True)
        interrupts = self._will_interrupt(stuck=stuck, busy=busy)
        oracle.interrupts = int(interrupts)
        self._write(message.data)
        assert oracle.interrupts == 0, f"-410 did not come: {message}"
        self._pending.append((message, False))

    def _will_interrupt(self, *, stuck: bool, busy: bool) -> bool:
        """Whether what was asked and not read is now given up (IEEE 488.2, 6.3.2.3): not on a socket.

        A wait that nothing would ever end is given up on a socket, too.
        """
        if stuck:
            self.oracle.output = b"" if not self.device.stream else self.oracle.output
            return True
        if self.device.stream:
            return False
        if self.oracle.output:
            assert not busy
            self.oracle.output = b""
            return True
        if busy and self._pending:
            message, dropped = self._pending[-1]
            if not dropped and any(piece.asked for piece in message.pieces):
                self._pending[-1] = message, True
                return True
        return False

    def _write(self, data: bytes) -> None:
        self.device.timeline.catch_up()
        if self.dice.random() < 0.8 or len(data) < 3 or b"\n" in data[:-1]:
            self.device.write(data)
            return
        cut = self.dice.randrange(1, len(data))
        self.device.write(data[:cut])
        self.device.write(data[cut:])

    def _flood(self) -> None:
        """A line that no input buffer holds is thrown away, with one error."""
        if not self._settle():
            return
        long = b"SOUR:CURR " + b"1" * (self.device.input_limit + self.dice.randrange(9))
        self.oracle.interrupts = 1 + bool(self.oracle.output and not self.device.stream)
        if not self.device.stream:
            self.oracle.output = b""
        if self.dice.random() < 0.5:
            self.device.write(long[: self.device.input_limit + 9])
            self.device.write(b"*IDN?;" * 3 + b"\n")
        else:
            self.device.write(long + b"\n")
        assert self.oracle.interrupts == 0, "-363 did not come"
        self._verify(whole=True)

    def _drain(self) -> None:
        """Take everything out of the error queue: it ends, and with `No error`."""
        for _ in range(12):
            if not self._settle():
                return
            self._read()
            self._send(self.writer.question("SYST:ERR", self.device.table["SYST:ERR"]))
        self._verify(whole=True)
        assert self.oracle.output == b'0,"No error"\n'

    def _rubbish(self) -> None:
        """Whatever it was, a terminator later the device answers again, once."""
        if self._settle():
            self._read()
        else:
            self._clear()
        oracle, device = self.oracle, self.device
        data = self.writer.rubbish()
        self.log.append(data)
        oracle.lenient = True
        self.device.timeline.catch_up()
        device.write(data)
        self.device.timeline.catch_up()
        device.write(b"\n")
        self._until_idle(1.0)
        if device._held is not None:
            oracle.emptied()
            device.clear()
        lines = device.read()
        block = b"#0" in lines  # readings in binary, of which any byte may be a line feed
        assert block or lines.count(b"\n") <= data.count(b"?") + lines.count(b'"'), (data, lines)
        oracle.output = b""
        oracle.lenient = False
        oracle.interrupts = 0
        self._ran, self._counted = len(oracle.runs), len(oracle.codes)
        assert device._input == b""
        device.write(b"*IDN?\n")
        assert device.read() == device.identity().encode() + b"\n", data
        self._ran += 1
        assert len(oracle.codes) == self._counted

    # ---- waiting and reading

    def _until_idle(self, patience: float) -> bool:
        timeline = self.device.timeline
        end = timeline.now + patience
        while (held := self.device._held) is not None:
            following = timeline.next_time()
            if held.time == float("inf") or following is None or following > end:
                return False
            assert isinstance(timeline.clock, VirtualClock)
            timeline.clock.sleep_until(following)
            timeline.catch_up()
        return True

    def _settle(self) -> bool:
        """Wait until everything that was sent is carried out, for a while; then clear the device."""
        self.device.timeline.catch_up()
        if self._until_idle(self.dice.choice((0.01, 1.0, 5.0))):
            self._verify(whole=True)
            return True
        if self.device._held is not None and self.device._held.time != float("inf"):
            self._clear()
        return False

    def _read(self) -> None:
        if not self._settle():
            return
        found = self.device.read()
        assert found == self.oracle.output, f"{found!r} instead of {self.oracle.output!r}"
        self.oracle.output = b""
        assert self.device.read() == b""
        assert self.device.ready_at() is None

    def _read_without_need(self) -> None:
        """Nothing asked, nothing there: -420, which only a bus can notice."""
        if self.device.stream or not self._settle() or self.oracle.output:
            return
        self.oracle.interrupts = 1
        self.device.read_without_talk()
        assert self.oracle.interrupts == 0, "-420 did not come"

    def _look(self, *, polled: bool) -> None:
        """Look at the status byte or the request line; a busy device on a socket may have said some of it already."""
        self.device.timeline.catch_up()
        if self.device._held is None:
            self._verify(whole=True)
        elif self.device.stream:
            return
        self.oracle.check_poll(polled=polled)

    def _sleep(self, seconds: float) -> None:
        timeline = self.device.timeline
        assert isinstance(timeline.clock, VirtualClock)
        timeline.clock.sleep(seconds)
        timeline.catch_up()
        if self.device._held is None:
            self._verify(whole=True)

    # ---- the rest of the bench

    def _clear(self) -> None:
        self.log.append("clear")
        self.device.timeline.catch_up()
        if self.device._held is None:
            self._verify(whole=True)
        else:
            self._verify(whole=False)
        self.oracle.emptied()
        self.device.clear()

    def _trigger(self, pull: Callable[[], None]) -> None:
        """A trigger that nothing waits for is ignored, and that is all."""
        self.device.timeline.catch_up()
        if self.device._held is not None:
            return
        self._verify(whole=True)
        self.log.append("trigger")
        before = len(self.oracle.codes)
        pull()
        assert self.oracle.codes[before:] in ([], [-211])
        self._counted = len(self.oracle.codes)

    def _mishap(self) -> None:
        """Something goes wrong inside: a number in the queue, and a bit of the questionable register."""
        self.device.timeline.catch_up()
        if self.device._held is not None:
            return
        self._verify(whole=True)
        code = self.dice.choice(self._ways.mishaps)
        self.log.append(f"mishap {code}")
        self.device.status.report(code)
        self._counted = len(self.oracle.codes)
        bit, on = self.dice.choice((0x10, 0x100)), self.dice.random() < 0.5
        self.device.status.questionable.set(bit, on)
        self.oracle.questionable = self.oracle.questionable | bit if on else self.oracle.questionable & ~bit
        self.oracle.observe()

    def _power_cycle(self) -> None:
        self._clear()
        self.log.append("power cycle")
        self.device.power_cycle()
        self.oracle.power_cycled()
        self._ran, self._counted = len(self.oracle.runs), len(self.oracle.codes)
        assert self.device.read() == b""

    # ---- the verdict

    def _verify(self, *, whole: bool, last_only: bool = False) -> None:
        """Hold what was carried out, and which errors came, against what was sent; work out what has to be read.

        Args:
            whole: Whether all of it must have been carried out.
            last_only: Whether all but the last message must have been anyway: nothing waits behind a wait for ever.
        """
        oracle = self.oracle
        if not self._pending and len(oracle.runs) == self._ran and len(oracle.codes) == self._counted:
            return
        runs, codes = oracle.runs[self._ran :], oracle.codes[self._counted :]
        for left, (message, dropped) in zip(range(len(self._pending) - 1, -1, -1), self._pending, strict=True):
            replies = self._consume(message, runs, codes, whole=whole or (last_only and left > 0))
            if replies and not dropped:
                self._expect(";".join(replies), codes)
        assert oracle.lenient or oracle.interrupts == 0, "an announced interruption did not come"
        assert not runs, f"carried out and not sent: {runs}"
        assert not codes or not whole, f"errors without reason: {codes} after {self._pending}"
        self._pending.clear()
        oracle.runs.clear()
        oracle.codes.clear()
        self._ran = self._counted = 0

    def _consume(self, message: Message, runs: list[Run], codes: list[int], *, whole: bool) -> list[str]:
        """Take off the runs and errors of one message; return its replies."""
        replies: list[str] = []
        for piece in message.pieces:
            if not runs and not whole:
                return []
            assert runs, f"not carried out: {piece}"
            run = runs.pop(0)
            assert self.oracle.matches(run, piece), f"{run} instead of {piece}"
            noted = [*run.noted] + ([run.error] if run.error is not None else [])
            assert codes[: len(noted)] == noted, (run, codes)
            del codes[: len(noted)]
            if run.given_up:
                return []
            if run.error is not None:
                assert run.error <= -200 or run.error > 0 or run.error in _BY_EFFECT, run
                return replies
            if run.reply is not None:
                replies.append(run.reply)
        if message.wrong is not None and (whole or codes):
            assert codes, f"accepted: {message.wrong}"
            assert codes[0] in message.wrong.codes, f"{codes[0]} for {message.wrong}"
            del codes[0]
        return replies if whole else []

    def _expect(self, reply: str, codes: list[int]) -> None:
        if len(reply) > self.device.output_limit:
            assert codes.pop(0) == _DEADLOCKED
            return
        self.oracle.output += reply.encode("latin-1", "replace") + b"\n"


_BY_EFFECT = {-104, -151}  # a list of error numbers is only read when it is put to use, and so is a name
