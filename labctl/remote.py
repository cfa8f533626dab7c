"""A simulated lab in another process: where its instruments are, and its clock.

`labctl simulate` prints a line of JSON with its addresses. A run that is given a file with this line talks to that lab
instead of one of its own: the addresses take the place of the station's, and the lab's clock is the run's.
"""

from __future__ import annotations

import json
import math
import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.clock import VIRTUAL_EPOCH, Clock, ScaledClock
from instruments.errors import BadValue, InstrumentFault, UsageError
from instruments.shared_clock import SharedClock

if TYPE_CHECKING:
    from labctl.request import Request

PATIENCE = 60.0
"""s of real time after which a lab that says nothing is given up."""

ROLES = ("source", "voltmeter", "smu", "lockin")

_SOCKET = re.compile(r"TCPIP\d*::(?P<host>[^:\s]+)::(?P<port>\d{1,5})::SOCKET")
_HOST_AND_PORT = re.compile(r"(?P<host>[^:\s]+):(?P<port>\d{1,5})")

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class LabAddresses:
    """What `labctl simulate` says about the lab that it serves.

    Attributes:
        file: Where this was read.
        resources: VISA resource name by role, of the roles that the lab has; see `for_drivers` for the cryostat's.
        clock: Host and port of the clock door, None for a lab whose time flows by itself.
        speed: Lab seconds per real second of such a lab, as it was started.
        seed: Seed of its noise, None if the file does not say.
        sample_seed: Seed of its sample's disorder, None if the file does not say.
        station: What `--station` takes for its station, None if the file does not say.
        sample: What `--sample` takes for its sample, None if the file does not say.
        breakout: Host and port of the door at which its cables are moved, None if the file does not say.
        clock_file: Through which its speed can be changed while it runs, None where it cannot.
    """

    file: Path
    resources: Mapping[str, str]
    clock: Address | None = None
    speed: float = 1.0
    seed: int | None = None
    sample_seed: int | None = None
    station: str | None = None
    sample: str | None = None
    hosts: Mapping[str, Address] = field(default_factory=dict[str, Address])
    multivu: Address | None = None
    breakout: Address | None = None
    clock_file: Path | None = None

    def for_drivers(self, drivers: Mapping[str, str]) -> LabAddresses:
        """Return the same lab as it is seen through these drivers by role: a cryostat may have two doors."""
        if drivers.get("cryostat") != "multivu":
            return self
        others = {role: name for role, name in self.resources.items() if role != "cryostat"}
        if self.multivu is None:
            return replace(self, resources=others)
        place = "{}:{}".format(*self.multivu)
        return replace(self, resources={**others, "cryostat": place}, hosts={**self.hosts, "cryostat": self.multivu})

    @property
    def doors(self) -> dict[str, Address]:
        """Host and port of everything that the file names: instruments by role, `multivu`, `clock`, `breakout`."""
        others = {"multivu": self.multivu, "clock": self.clock, "breakout": self.breakout}
        return {**self.hosts, **{name: address for name, address in others.items() if address is not None}}

    def resource(self, role: str) -> str:
        """Return the resource name of a role.

        Raises:
            UsageError: The lab has no such instrument.
        """
        if role not in self.resources:
            raise UsageError(f"the lab of {self.file} has no {role}; simulate a station that has one")
        return self.resources[role]

    def make_clock(self) -> Clock:
        """Return a clock that shows the lab's time.

        Raises:
            InstrumentFault: Nobody listens at the clock door.
            UsageError: The file of a clock whose speed can be changed is gone.
        """
        if self.clock is None:
            return ScaledClock(self.speed) if self.clock_file is None else SharedClock(self.clock_file)
        clock = RemoteClock(*self.clock)
        clock.connect()
        return clock

    def speed_now(self) -> float | None:
        """Return its lab seconds per real second as they are now, None where its time does not flow by itself.

        Raises:
            UsageError: The file of a clock whose speed can be changed is gone.
        """
        if self.clock is not None:
            return None
        return self.speed if self.clock_file is None else SharedClock(self.clock_file).speed

    def knock(self, roles: Iterable[str]) -> None:
        """Make sure that somebody listens for these roles.

        Raises:
            InstrumentFault: Nobody does.
        """
        for role in roles:
            host, port = self.hosts[role]
            try:
                socket.create_connection((host, port), timeout=PATIENCE).close()
            except OSError as error:
                raise InstrumentFault(
                    f"nobody listens at {host}:{port}, the {role} of {self.file} ({error.strerror or error}); "
                    "the lab has ended: start it again with `labctl simulate` and keep its new line"
                ) from error


def read_addresses(path: Path) -> LabAddresses:
    """Read the line that `labctl simulate` printed.

    Raises:
        UsageError: The file is not there or holds something else; the sentence says what.
    """
    content = _read(path)
    doors: dict[str, Any] = {role: _entry(content, role, path) for role in (*ROLES, "cryostat", "clock")}
    cryostat = doors["cryostat"]
    if cryostat is not None:
        if not isinstance(cryostat, dict) or "visa" not in cryostat:
            raise _misfit(path, "cryostat", cryostat, 'an object with "visa"')
        doors["cryostat"] = cryostat["visa"]
    multivu = cryostat.get("multivu") if isinstance(cryostat, dict) else None
    breakout, clock_file = content.get("breakout"), _text(content, "clock_file", path)
    clock = doors.pop("clock")
    given = {role: address for role, address in doors.items() if address is not None}
    return LabAddresses(
        file=path,
        resources=given,
        hosts={role: _address(address, _SOCKET, role, path) for role, address in given.items()},
        clock=None if clock is None else _address(clock, _HOST_AND_PORT, "clock", path),
        speed=_speed(content.get("speed"), path),
        seed=_whole(content, "seed", path),
        sample_seed=_whole(content, "sample_seed", path),
        station=_text(content, "station", path),
        sample=_text(content, "sample", path),
        multivu=None if multivu is None else _address(multivu, _HOST_AND_PORT, "cryostat.multivu", path),
        breakout=None if breakout is None else _address(breakout, _HOST_AND_PORT, "breakout", path),
        clock_file=None if clock_file is None else Path(clock_file),
    )


def _read(path: Path) -> dict[str, Any]:
    hint = "give the file that holds the line which `labctl simulate` printed"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the lab's file {path} cannot be read ({error.strerror}); {hint}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the lab's file {path} is not text; {hint}") from error
    if not text.strip():
        raise UsageError(f"the lab's file {path} is empty; the lab may still be starting: try again in a second")
    try:
        content, _ = json.JSONDecoder().raw_decode(text.strip())  # what else was printed comes after the line
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"the lab's file {path} does not hold a line of JSON; {hint}") from error
    if not isinstance(content, dict):
        raise UsageError(f"the lab's file {path} holds no addresses; {hint}")
    return content


def _entry(content: dict[str, Any], key: str, path: Path) -> Any:
    if key not in content:
        raise UsageError(
            f"the lab's file {path} lacks {key!r}; give the file that holds the whole line which `labctl simulate` "
            "printed"
        )
    return content[key]


def _misfit(path: Path, key: str, value: object, wanted: str) -> UsageError:
    return UsageError(f"the lab's file {path} has {key} = {value!r}, but it must be {wanted}")


def _address(value: object, pattern: re.Pattern[str], key: str, path: Path) -> Address:
    found = pattern.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 0 < int(found["port"]) < 65536:
        example = "127.0.0.1:5025" if pattern is _HOST_AND_PORT else "TCPIP::127.0.0.1::5025::SOCKET"
        raise _misfit(path, key, value, f"an address such as {example}")
    return found["host"], int(found["port"])


def _speed(value: object, path: Path) -> float:
    if value is None:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise _misfit(path, "speed", value, "a number of lab seconds per real second")
    return float(value)


def _whole(content: dict[str, Any], key: str, path: Path) -> int | None:
    value = content.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise _misfit(path, key, value, "a whole number not below zero")
    return value


def _text(content: dict[str, Any], key: str, path: Path) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise _misfit(path, key, value, "a name")
    return value


def in_its_lab(request: Request) -> Request:
    """Complete the request of a run in a lab of its own process: the lab is simulated, and its seeds are the run's.

    Raises:
        UsageError: The file does not fit, or the lab is another one than was asked for.
    """
    assert request.lab is not None
    lab = read_addresses(request.lab)
    _check_records(request, lab)
    for option, asked, there in (
        ("--seed", request.seed, lab.seed),
        ("--sample-seed", request.sample_seed or None, lab.sample_seed),
    ):
        if asked is not None and there is not None and asked != there:
            raise BadValue(
                f"{option} is {asked}, but the lab of {lab.file} was started with {there}; leave {option} out, or "
                f"start another lab with `labctl simulate {option} {asked}`"
            )
    return replace(
        request,
        simulate=True,
        seed=request.seed if lab.seed is None else lab.seed,
        sample_seed=request.sample_seed if lab.sample_seed is None else lab.sample_seed,
    )


def _check_records(request: Request, lab: LabAddresses) -> None:
    """Refuse a lab with another station or sample: the run's records would tell of things that were not there."""
    from labctl.sample import load_sample
    from labctl.station import load_station

    pairs: Sequence[tuple[str, str, str | None, Any]] = (
        ("station", request.station.name, lab.station, load_station),
        ("sample", request.sample.name, lab.sample, load_sample),
    )
    for kind, asked, there, load in pairs:
        if there is not None and load(there).name != asked:
            raise UsageError(
                f"the lab of {lab.file} has the {kind} {load(there).name!r}, but the run is for {asked!r}; "
                f"add --{kind} {there}, or start another lab with `labctl simulate --{kind} {asked}`"
            )


def ask_once(address: Address, who: str, line: str) -> str:
    """Send a line of text to a door of a lab in another process, and return the line that it answers with.

    Raises:
        InstrumentFault: It does not answer, or answers that it will not; the sentence begins with `who`.
    """
    place = f"{who} at {address[0]}:{address[1]}"
    try:
        with socket.create_connection(address, timeout=PATIENCE) as door:
            door.sendall(line.encode() + b"\n")
            reply = b""
            while not reply.endswith(b"\n"):
                reply += (more := door.recv(4096))
                if not more:
                    raise ConnectionResetError("it hung up")
    except OSError as error:
        raise InstrumentFault(
            f"{place} does not answer ({error.strerror or error}); start the lab again with `labctl simulate`"
        ) from error
    answer = reply.decode("utf-8", "replace").strip()
    if answer.startswith("ERROR"):
        raise InstrumentFault(f"{place} refuses {line!r}: {answer.removeprefix('ERROR ')}")
    return answer


class RemoteClock(Clock):
    """The clock of a lab in another process, through its clock door; what sleeps here lets that lab's time pass.

    A lab that is gone has no later time: `now` then stays at the last time that was heard, so that whatever makes the
    sample safe and writes the end down is not stopped by it, and only waiting raises.
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._last = 0.0

    def connect(self) -> None:
        """Ask for the time once.

        Raises:
            InstrumentFault: Nobody answers.
        """
        self._ask("NOW?")

    def claim(self, ports: Iterable[int]) -> None:
        """Name one's own connections to the instruments by their local ports; all others only look on.

        Without ports: the connections are about to be opened.

        Raises:
            InstrumentFault: The clock does not answer, or the connections are not there.
        """
        self._ask(" ".join(["MINE", *map(str, ports)]))

    def now(self) -> float:
        """Return the lab's time in s, or the last one heard of a lab that is gone."""
        try:
            return self._ask("NOW?")
        except InstrumentFault:
            return self._last

    def utc(self) -> datetime:
        """Return 2000-01-01T00:00Z plus the lab's time."""
        return VIRTUAL_EPOCH + timedelta(seconds=self.now())

    def sleep(self, seconds: float) -> None:
        """Let this many s pass in the lab.

        Raises:
            ValueError: The duration is not a finite number.
            InstrumentFault: The clock does not answer, or refuses.
        """
        if not math.isfinite(seconds):
            raise ValueError(f"a clock cannot sleep for {seconds!r} s; give a finite number of seconds")
        if seconds > 0:
            self._ask(f"SLEEP {float(seconds)!r}")

    def sleep_until(self, moment: float) -> None:
        """Let time pass in the lab until a moment in s; one in the past changes nothing.

        Raises:
            ValueError: The moment is not a finite number.
            InstrumentFault: The clock does not answer, or refuses.
        """
        if not math.isfinite(moment):
            raise ValueError(f"a clock cannot sleep until {moment!r} s; give a finite number of seconds")
        self._ask(f"UNTIL {float(moment)!r}")

    def close(self) -> None:
        """Hang up; asking again connects again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, line: str) -> float:
        host, port = self._address
        try:
            reply = self._exchange(line.encode("ascii") + b"\n")
        except OSError as error:
            self.close()
            raise InstrumentFault(
                f"the lab's clock at {host}:{port} does not answer ({error.strerror or error}): the lab has ended, or "
                "hangs; start it again with `labctl simulate`"
            ) from error
        except BaseException:
            self.close()  # a reply that is still on its way must not be taken for that to the next question
            raise
        try:
            self._last = float(reply)
        except ValueError:
            self.close()
            raise InstrumentFault(f"the lab's clock at {host}:{port} answered {reply!r} to {line!r}") from None
        return self._last

    def _exchange(self, message: bytes) -> bytes:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(message)
        reply = self._socket.recv(4096)
        while not reply.endswith(b"\n"):
            more = self._socket.recv(4096)
            if not more:
                raise ConnectionResetError("it hung up")
            reply += more
        return reply[:-1]
