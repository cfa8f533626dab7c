"""A small box for tests of the doors: it echoes, converts for a while, and stays silent when told."""

from __future__ import annotations

from simulators.device import Device
from simulators.timeline import Timeline


class EchoBox(Device):
    """Answers `X?` with `X` at once, `WAIT 2?` after 2 s, and nothing to what is no question."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.heard: list[tuple[float, bytes]] = []
        self.out: list[tuple[float, bytes]] = []
        self.talked_to_without_need = 0
        self.service = False

    def write(self, data: bytes) -> None:
        for line in data.splitlines():
            self.heard.append((self.timeline.now, line))
            if line.startswith(b"WAIT ") and line.endswith(b"?"):
                self.out.append((self.timeline.now + float(line[5:-1]), b"waited\n"))
            elif line.startswith(b"SRQ "):
                self.timeline.schedule(self.timeline.now + float(line[4:]), self._request)
            elif line.endswith(b"?"):
                self.out.append((self.timeline.now, line[:-1] + b"\n"))

    def _request(self) -> None:
        self.service = True

    def read(self) -> bytes:
        if self.out and self.out[0][0] <= self.timeline.now:
            return self.out.pop(0)[1]
        return b""

    def ready_at(self) -> float | None:
        return self.out[0][0] if self.out else None

    def clear(self) -> None:
        self.out.clear()

    def read_without_talk(self) -> None:
        self.talked_to_without_need += 1

    def service_requested(self) -> bool:
        return self.service

    def power_cycle(self) -> None:
        self.clear()
