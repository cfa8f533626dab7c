"""What the most generous instrument could make of the bytes that reach it; it shares no code with the guard.

It takes messages apart at anything that could end one, masks the eighth bit, passes over control characters, knows a
node by its first three letters, resolves a header from the root as well as from where the message stands, never throws
anything away because of an error before, and finds a number wherever there is one. It writes down whatever exceeds a
limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

STRING = re.compile(r"(?<=[\s,])(\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*')(?=\s*(?:[;,]|$))")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:\s*E\s*[-+]?\d+)?", re.IGNORECASE)
HEADER = re.compile(r"[\s:]*(?:[A-Z*]|(?<=:)_)[A-Z0-9:*_]*")
WORDS = {"MAX": 0.105, "MIN": 0.105, "DEF": 0.0}
POWERS = {
    "": 0, "A": 0, "V": 0, "MA": -3, "MV": -3, "UA": -6, "UV": -6, "NA": -9, "NV": -9, "PA": -12, "PV": -12, "FA": -15,
    "AA": -18, "KA": 3, "KV": 3, "MAA": 6, "MAV": 6,
}  # fmt: skip


@dataclass
class Bounds:
    """Limits in A, V and s."""

    steady: float
    pulse: float
    voltage: float
    width: float

    def exceeded(self, value: float, bound: float) -> bool:
        return not abs(value) <= bound * (1 + 1e-12)


@dataclass
class GenerousSource:
    """A 6221 that makes the most of what it hears.

    Attributes:
        bounds: What must not be exceeded.
        wrong: What exceeded it.
    """

    bounds: Bounds
    wrong: list[str] = field(default_factory=list[str])
    held: str = ""
    told: dict[str, float] = field(default_factory=dict[str, float])
    lists: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    armed: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.switch_on()

    def switch_on(self) -> None:
        """Somebody before us may have left anything behind."""
        self.told = {"compliance": 105.0, "level": 0.105, "wave duration": float("inf")}
        self.lists = {"currents": [0.105], "delays": [1e6], "compliances": [105.0]}
        self.armed = {"sweep", "delta", "pulse", "conductance"}

    def hear(self, data: bytes, *, ended: bool) -> None:
        """Take bytes in; `ended` says whether the interface marks the end of a message here."""
        text = "".join(chr(byte & 0x7F) for byte in data)
        *messages, self.held = re.split(r"[\r\n]", self.held + text)
        if ended:
            messages.append(self.held)
            self.held = ""
        for message in messages:
            self._message(re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", message).upper(), repr(data))

    def _message(self, message: str, data: str) -> None:
        path: list[str] = []
        for found in STRING.finditer(message):
            if re.search(
                r"(?:^|;)[\s:]*SYS[A-Z]*:COM[A-Z]*:SER[A-Z]*:SEN[A-Z]*\s*$", message[: found.start()]
            ) and re.search(r"SOUR|CURR|\*RCL", found[1]):
                self.wrong.append(f"relayed {data}")
        for unit in STRING.sub("Q", message).split(";"):
            found = HEADER.match(unit)
            if found is None:
                continue
            rest = unit[found.end() :].lstrip()
            if rest.startswith("?"):
                path = path if "*" in found[0] else [node for node in found[0].strip().split(":") if node][:-1]
                continue
            typed = [node for node in found[0].strip().split(":") if node]
            alone = not path or found[0].strip().startswith(":") or typed[0].startswith("*")
            ways = [typed] if alone else [typed, [*path, *typed]]
            if path and path[0][:3] in {"TRI", "ARM"} and typed[0][:3] == "OUT" and len(ways) == 2:
                ways = ways[1:]  # TRIGger:OUTPut is a line of the trigger link and not the output
            for nodes in ways:
                self._command(nodes, rest, data)
            if not typed[0].startswith("*"):
                path = ways[-1][:-1]

    def _values(self, last: str, rest: str, zero: set[str]) -> list[float]:
        values: list[float] = []
        glued = re.search(r"\d+$", last)
        if glued and not rest:
            values.append(float(glued[0]))
        for part in rest.split(","):
            word = part.strip()[:3]
            if word in WORDS:
                values.append(0.0 if word in zero else WORDS[word])
            for found in NUMBER.finditer(part):
                unit = re.match(r"\s*([A-Z]*)", part[found.end() :])
                assert unit is not None
                number = float(re.sub(r"\s", "", found[0]))
                values.append(number * 10.0 ** POWERS.get(unit[1], 0))
        return values

    def _command(self, nodes: list[str], rest: str, data: str) -> None:
        names = [re.sub(r"\d+$", "", node)[:3] for node in nodes if not node.startswith("SOU")]
        if len(names) > 1 and names[-1] == "DEL" and not nodes[-1].startswith("DELT") and names[0] != "LIS":
            names[-1] = "delay"
        names = [name for name in names if name not in {"LEV", "IMM"}]
        if names[:2] == ["CUR", "AMP"]:
            names = names[:1]
        positive = {"COM", "SPA", "AMP", "STE", "HIG"} & set(names) or names == ["DCO", "DEL"]
        zero = {"MAX"} if names == ["DEL", "LOW"] else {"MIN"} if positive else set[str]()
        values = self._values(nodes[-1], rest, zero)
        match names:
            case ["CUR", *which]:
                self._current(which, values, data)
            case ["LIS", what, *more] if what in {"CUR", "COM", "DEL"}:
                name = {"CUR": "currents", "COM": "compliances", "DEL": "delays"}[what]
                self._list(name, values, data, append=bool(more))
            case ["WAV" | "DEL" | "PDE" | "DCO" as mode, *which]:
                self._mode(mode, which, values, rest, data)
            case ["OUT"] | ["OUT", "STA"]:
                if rest.strip() in {"1", "ON"} or any(values):
                    self._turn_on(data)
            case ["SWE", *which]:
                self._sweep(which, rest, data)
            case _:
                self._action(names, data)

    def _current(self, which: list[str], values: list[float], data: str) -> None:
        match which:
            case []:
                self._number("level", values, self.bounds.steady, data)
            case ["COM"]:
                self._number("compliance", values, self.bounds.voltage, data)
            case ["STA" | "STO" | "CEN" | "SPA" as end]:
                part = 2.0 if end == "SPA" else 1.0
                self._number(end, [value / part for value in values], self.bounds.pulse, data)
            case _:
                pass

    def _action(self, names: list[str], data: str) -> None:
        match names:
            case ["INI"] | ["*TR"] | ["ARM", "SIG"] | ["TRI", "SIG"]:
                self.started(data)
            case ["*RS"] | ["SYS", "PRE"]:
                self._reset()
            case ["*RC"] | ["SYS", "KEY"]:
                self.wrong.append(f"unseen: {data}")
            case ["CLE"]:
                self.told["level"] = 0.0
            case _:
                pass

    def _number(self, name: str, values: list[float], bound: float, data: str) -> None:
        for value in values:
            self.told[name] = value
            if self.bounds.exceeded(value, bound):
                self.wrong.append(f"{name} {value} in {data}")

    def _list(self, name: str, values: list[float], data: str, *, append: bool) -> None:
        bound = {"currents": self.bounds.pulse, "compliances": self.bounds.voltage}.get(name, float("inf"))
        self.lists[name] = [*(self.lists[name] if append else []), *values]
        for value in values:
            if self.bounds.exceeded(value, bound):
                self.wrong.append(f"{name} {value} in {data}")

    def _reset(self) -> None:
        self.told = {
            "compliance": 10.0, "level": 0.0, "STA": 0.0, "STO": 0.0, "wave AMP": 1e-3, "wave OFF": 0.0,
            "wave duration": float("inf"), "wave FRE": 1000.0, "delta HIG": 1e-3, "delta LOW": -1e-3, "pulse HIG": 1e-3,
            "pulse LOW": 0.0, "pulse WID": 110e-6, "conductance STA": -1e-5, "conductance STO": 1e-5,
            "conductance STE": 1e-6, "conductance DEL": 1e-6,
        }  # fmt: skip
        self.lists = {"currents": [0.0], "delays": [1.0], "compliances": [10.0]}
        self.armed = set()

    def _sweep(self, which: list[str], rest: str, data: str) -> None:
        if which == ["SPA"]:
            self.told["by list"] = float(rest.strip().startswith("LIS"))
        elif which == ["ARM"]:
            self.armed.add("sweep")
            self.judge("sweep", data)
        elif which == ["ABO"]:
            self.armed &= {"wave"}

    def _mode(self, mode: str, which: list[str], values: list[float], rest: str, data: str) -> None:
        name = {"WAV": "wave", "DEL": "delta", "PDE": "pulse", "DCO": "conductance"}[mode]
        if which in (["ARM"], ["INI"]):
            self.armed.add(name)
            self.judge(name, data)
        elif which == ["ABO"]:
            self.armed.discard(name)
        elif which and which[0] == "DUR":
            endless = rest.strip().startswith("INF") or not values
            self.told["wave duration"] = float("inf") if endless else values[-1]
            self.told["wave in cycles"] = float(which[-1] != "TIM")
        elif which and which[0] in {"HIG", "LOW", "AMP", "OFF", "STA", "STO", "STE", "DEL", "WID", "FRE"}:
            most = self.bounds.pulse if name in {"wave", "pulse"} else self.bounds.steady
            bound = float("inf") if which[0] in {"WID", "FRE", "STE"} or (name, which[0]) == ("delta", "DEL") else most
            self._number(f"{name} {which[0]}", values, bound, data)
            if (name, which[0]) == ("delta", "HIG") and values:
                self.told["delta LOW"] = -values[-1]
        if name in self.armed and values and self.judged(name):
            self.judge(name, data)

    def judged(self, name: str) -> bool:
        """Whether this mode was armed by a message that was heard."""
        return f"{name} armed" in self.told

    def _turn_on(self, data: str) -> None:
        self._number("level", [self.told["level"]], self.bounds.steady, data)
        self._number("compliance", [self.told["compliance"]], self.bounds.voltage, f"(as it was set) {data}")

    def started(self, data: str) -> None:
        for mode in self.armed - {"wave"}:
            self.judge(mode, data)

    def judge(self, mode: str, data: str) -> None:
        """Write down what a mode would drive beyond the limits."""
        self.told[f"{mode} armed"] = 1.0
        voltages = [self.told["compliance"]]
        if mode == "sweep" and self.told.get("by list"):
            voltages += self.lists["compliances"]
        for peak, width in self._courses(mode):
            allowed = self.bounds.pulse if width <= self.bounds.width else self.bounds.steady
            if self.bounds.exceeded(peak, allowed):
                self.wrong.append(f"{mode}: {peak} A for {width} s by {data}")
        if any(self.bounds.exceeded(voltage, self.bounds.voltage) for voltage in voltages):
            self.wrong.append(f"{mode}: compliance {voltages} by {data}")

    def _courses(self, mode: str) -> list[tuple[float, float]]:
        told, endless = self.told, float("inf")
        unknown = 0.105
        match mode:
            case "wave":
                peak = abs(told.get("wave AMP", unknown)) + abs(told.get("wave OFF", unknown))
                per = told.get("wave FRE", 1e-3) if told.get("wave in cycles") else 1.0
                return [(peak, told["wave duration"] / per)]
            case "delta":
                return [(told.get("delta HIG", unknown), endless), (told.get("delta LOW", unknown), endless)]
            case "pulse":
                width = told.get("pulse WID", endless)
                return [(told.get("pulse HIG", unknown), width), (told.get("pulse LOW", unknown), endless)]
            case "conductance":
                ends = max(abs(told.get(f"conductance {end}", unknown)) for end in ("STA", "STO"))
                return [(ends + told.get("conductance DEL", unknown), endless)]
            case _:
                return self._sweep_courses()

    def _sweep_courses(self) -> list[tuple[float, float]]:
        if not self.told.get("by list"):
            around = abs(self.told.get("CEN", 0.0)) + self.told.get("SPA", 0.0)
            known = [abs(self.told.get("STA", 0.105)), abs(self.told.get("STO", 0.105)), around]
            return [(peak, float("inf")) for peak in known]
        currents, delays = self.lists["currents"], self.lists["delays"]
        times = delays if len(delays) == len(currents) else [max(delays, default=0.0)] * len(currents)
        courses = [(end, float("inf")) for end in (*currents[:1], *currents[-1:])]
        high = [abs(current) > self.bounds.steady * (1 + 1e-12) for current in currents]
        edges = [place for place, (one, other) in enumerate(pairwise([False, *high, False])) if one != other]
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            courses.append((max(map(abs, currents[begin:end])), sum(times[begin:end])))
        return courses
