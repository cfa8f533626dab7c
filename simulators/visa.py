"""The in-process door: a VISA library whose instruments are simulated, on the lab's clock.

Any pyvisa program can be handed this library instead of the real one; resource names are those of the real lab. A read
with a time-out of 2 s gives up after 2 s of lab time, whatever that costs on the wall.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Self

from pyvisa import constants, highlevel, rname
from pyvisa.constants import InterfaceType, ResourceAttribute, StatusCode
from pyvisa.util import LibraryPath

from simulators.device import Device, Unplugged
from simulators.timeline import Timeline

_library_numbers = itertools.count(1)

_Status = tuple[Any, StatusCode]


class _Port:
    """An instrument's connector: what it has said and nobody has taken yet is kept here, for all sessions alike."""

    __slots__ = ("device", "gpib", "heard")

    def __init__(self, device: Device, gpib: bool) -> None:
        self.device = device
        self.gpib = gpib
        device.stream = not gpib
        self.heard = b""


class _Session:
    """One open session, with the attributes that a VISA client sets."""

    __slots__ = ("attributes", "lost", "port", "termination", "timeout")

    def __init__(self, port: _Port, parsed: rname.ResourceName, name: str) -> None:
        self.port = port
        self.lost = False
        self.timeout = 2.0
        self.termination = -1
        self.attributes: dict[ResourceAttribute, Any] = {
            ResourceAttribute.timeout_value: 2000,
            ResourceAttribute.termchar: 10,
            ResourceAttribute.termchar_enabled: False,
            ResourceAttribute.send_end_enabled: True,
            ResourceAttribute.suppress_end_enabled: False,
            ResourceAttribute.interface_type: parsed.interface_type_const,
            ResourceAttribute.interface_number: int(getattr(parsed, "board", 0)),
            ResourceAttribute.resource_class: parsed.resource_class,
            ResourceAttribute.resource_name: name,
            ResourceAttribute.resource_lock_state: constants.AccessModes.no_lock,
        }
        if port.gpib:
            self.attributes[ResourceAttribute.gpib_primary_address] = int(getattr(parsed, "primary_address", 0))

    def set(self, attribute: ResourceAttribute, state: Any) -> None:
        self.attributes[attribute] = state
        if attribute == ResourceAttribute.timeout_value:
            self.timeout = float("inf") if state >= constants.VI_TMO_INFINITE else state / 1e3
        enabled = self.attributes[ResourceAttribute.termchar_enabled]
        self.termination = self.attributes[ResourceAttribute.termchar] if enabled else -1


class SimulatedVisaLibrary(highlevel.VisaLibraryBase):
    """A VISA library that belongs to one simulated lab.

    Args:
        timeline: The lab's time.
        devices: The instruments by resource name, e.g. `GPIB0::12::INSTR`.
    """

    _ports: dict[str, _Port]
    _sessions: dict[int, _Session]
    _timeline: Timeline

    def __new__(cls, timeline: Timeline, devices: Mapping[str, Device]) -> Self:
        """Make a library with a path of its own, so that pyvisa never takes one lab's for another's."""
        path = LibraryPath(f"labctl-simulation-{next(_library_numbers)}", "simulated")
        self = super().__new__(cls, path)
        assert isinstance(self, cls)
        self._timeline = timeline
        self._sessions = {}
        self._handles = itertools.count(1)
        self._ports = {}
        for name, device in devices.items():
            parsed = rname.ResourceName.from_string(name)
            self._ports[str(parsed)] = _Port(device, parsed.interface_type_const == InterfaceType.gpib)
        return self

    _handles: itertools.count[int]

    def open_default_resource_manager(self) -> _Status:
        """Open a resource manager's session."""
        handle: Any = next(self._handles)
        return handle, self.handle_return_value(handle, StatusCode.success)

    def open(
        self,
        session: Any,
        resource_name: str,
        access_mode: Any = constants.AccessModes.no_lock,
        open_timeout: int = constants.VI_TMO_IMMEDIATE,
    ) -> _Status:
        """Open a session to an instrument; a name that nobody goes by is refused as by any VISA library."""
        del access_mode, open_timeout
        parsed = rname.ResourceName.from_string(resource_name)
        port = self._ports.get(str(parsed))
        if port is None:
            return 0, self.handle_return_value(session, StatusCode.error_resource_not_found)
        handle: Any = next(self._handles)
        self._sessions[handle] = _Session(port, parsed, str(parsed))
        return handle, self.handle_return_value(handle, StatusCode.success)

    def close(self, session: Any) -> StatusCode:
        """Close a session; closing twice does no harm."""
        self._sessions.pop(session, None)
        return StatusCode.success

    def list_resources(self, session: Any, query: str = "?*::INSTR") -> tuple[str, ...]:
        """List the instruments whose names match."""
        del session
        return rname.filter(list(self._ports), query)

    def write(self, session: Any, data: bytes) -> _Status:
        """Send bytes. On GPIB the end of the message ends it, terminator or not."""
        self._timeline.catch_up()
        opened = self._sessions.get(session)
        if opened is None or opened.lost:
            return 0, self._refuse(session, opened)
        port, message = opened.port, data
        if port.gpib:
            if port.heard and not data.isspace():
                port.heard = b""
                port.device.interrupted()
            if data[-1:] != b"\n":
                message = data + b"\n"
        try:
            port.device.write(message)
        except Unplugged:
            return 0, self._lose(session, opened)
        self._last_status_in_session[session] = StatusCode.success
        return len(data), StatusCode.success

    def read(self, session: Any, count: int) -> _Status:
        """Receive one message, or as much of it as asked for, waiting for it on the lab's clock."""
        opened = self._sessions.get(session)
        if opened is None or opened.lost:
            return b"", self._refuse(session, opened)
        port = opened.port
        heard = port.heard
        try:
            if not heard:
                self._timeline.catch_up()
                heard = port.device.read() or self._listen(opened)
        except Unplugged:
            if not port.gpib:
                return b"", self._lose(session, opened)
            self._timeline.clock.sleep(opened.timeout if opened.timeout < float("inf") else 0.0)
            heard = b""
        if not heard:
            return b"", self.handle_return_value(session, StatusCode.error_timeout)
        status = StatusCode.success
        if opened.termination < 0 and len(heard) <= count:
            port.heard = b""
        else:
            heard, status = self._piece(opened, heard, count)
        self._last_status_in_session[session] = status
        return heard, status

    def _piece(self, opened: _Session, heard: bytes, count: int) -> tuple[bytes, StatusCode]:
        """Take what there is up to the termination character, at most `count` bytes; the rest stays at the port."""
        end = heard.find(opened.termination) + 1 if opened.termination >= 0 else 0
        status = StatusCode.success_termination_character_read if end else StatusCode.success
        end = end or len(heard)
        if end > count:
            end, status = count, StatusCode.success_max_count_read
        opened.port.heard = heard[end:]
        return heard[:end], status

    def _lose(self, session: Any, opened: _Session) -> StatusCode:
        """Report an instrument that nothing reaches: nobody listens on the bus; a socket is closed for good."""
        if opened.port.gpib:
            return self.handle_return_value(session, StatusCode.error_no_listeners)
        opened.lost = True
        return self._refuse(session, opened)

    def _refuse(self, session: Any, opened: _Session | None) -> StatusCode:
        """Report a session that is closed, or whose connection was lost."""
        lost = StatusCode.error_connection_lost if opened is not None else StatusCode.error_invalid_object
        return self.handle_return_value(session, lost)

    def _listen(self, opened: _Session) -> bytes:
        """Wait for an instrument that has nothing to say yet; b"" when it has not within the session's time-out."""
        device, clock, timeline = opened.port.device, self._timeline.clock, self._timeline
        end = clock.now() + opened.timeout
        while True:
            ready = device.ready_at()
            if ready is None and device.owes_reply():
                ready = timeline.next_time()  # something that happens in the lab may bring it
            if ready is None or ready > end:
                break
            clock.sleep_until(ready)
            timeline.catch_up()
            heard = device.read()
            if heard:
                return heard
        if opened.port.gpib and ready is None:
            device.read_without_talk()
        if end < float("inf"):
            clock.sleep_until(end)
        return b""

    def clear(self, session: Any) -> StatusCode:
        """Device clear."""
        self._timeline.catch_up()
        port = self._sessions[session].port
        port.heard = b""
        port.device.clear()
        return self.handle_return_value(session, StatusCode.success)

    def flush(self, session: Any, mask: Any) -> StatusCode:
        """Throw away what was received and not read."""
        del mask
        self._sessions[session].port.heard = b""
        return StatusCode.success

    def read_stb(self, session: Any) -> tuple[int, StatusCode]:
        """Serial poll."""
        self._timeline.catch_up()
        return self._sessions[session].port.device.status_byte(), StatusCode.success

    def assert_trigger(self, session: Any, protocol: Any) -> StatusCode:
        """Group execute trigger."""
        del protocol
        self._timeline.catch_up()
        self._sessions[session].port.device.trigger()
        return StatusCode.success

    def get_attribute(self, session: Any, attribute: Any) -> _Status:
        """Ask for an attribute of a session."""
        opened = self._sessions.get(session)
        if opened is None or attribute not in opened.attributes:
            return 0, self.handle_return_value(session, StatusCode.error_nonsupported_attribute)
        return opened.attributes[attribute], StatusCode.success

    def set_attribute(self, session: Any, attribute: Any, attribute_state: Any) -> StatusCode:
        """Set an attribute of a session."""
        self._sessions[session].set(attribute, attribute_state)
        return self.handle_return_value(session, StatusCode.success)

    def enable_event(self, session: Any, event_type: Any, mechanism: Any, context: None = None) -> StatusCode:
        """Accept; events are found by polling."""
        del session, event_type, mechanism, context
        return StatusCode.success

    def disable_event(self, session: Any, event_type: Any, mechanism: Any) -> StatusCode:
        """Accept; events are found by polling."""
        del session, event_type, mechanism
        return StatusCode.success

    def discard_events(self, session: Any, event_type: Any, mechanism: Any) -> StatusCode:
        """Accept; events are found by polling."""
        del session, event_type, mechanism
        return StatusCode.success

    def wait_on_event(self, session: Any, in_event_type: Any, timeout: int) -> tuple[Any, Any, StatusCode]:
        """Wait on the lab's clock until the instrument requests service, or the time-out in ms has passed."""
        timeline, device = self._timeline, self._sessions[session].port.device
        end = timeline.clock.now() + timeout / 1e3
        while True:
            timeline.catch_up()
            if device.service_requested():
                return in_event_type, 0, StatusCode.success
            following = timeline.next_time()
            if following is None or following > end:
                timeline.clock.sleep_until(end)
                return None, None, self.handle_return_value(session, StatusCode.error_timeout)
            timeline.clock.sleep_until(following)

    def gpib_control_ren(self, session: Any, mode: Any) -> StatusCode:
        """Accept: remote enable has no effect on the simulated instruments."""
        del session, mode
        return StatusCode.success

    def uninstall_all_visa_handlers(self, session: Any) -> None:
        """Forget nothing: no handlers can be installed."""
