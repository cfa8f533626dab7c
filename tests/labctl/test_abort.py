"""Ctrl-C, once and again."""

from __future__ import annotations

import signal
import threading

import pytest

from instruments.errors import Aborted
from labctl import abort
from labctl.abort import AbortSwitch

pytestmark = pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals belong to the main thread"
)


def test_the_first_says_what_the_second_would_do(capfd: pytest.CaptureFixture[str]) -> None:
    with AbortSwitch() as switch:
        signal.raise_signal(signal.SIGINT)
        assert capfd.readouterr().err == (
            "Ctrl-C: the run ends safely at its next step; press Ctrl-C again to end it at once\n"
        )
        with pytest.raises(Aborted, match="aborted by Ctrl-C"):
            switch.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert capfd.readouterr().err == ""


def test_nobody_is_told_to_press_keys_by_a_system_that_ends_the_program(capfd: pytest.CaptureFixture[str]) -> None:
    with AbortSwitch() as switch:
        signal.raise_signal(signal.SIGTERM)
        assert switch.asked == "a request to terminate"
    assert capfd.readouterr().err == ""


def test_a_shielded_one_is_not_interrupted_and_promises_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with AbortSwitch() as switch:
        switch.shielded = True
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert switch.asked == "Ctrl-C"
    assert capfd.readouterr().err == ""


def test_a_signal_that_is_left_to_another_process_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(abort, "_LEFT", set[signal.Signals]())
    before = signal.getsignal(signal.SIGINT)
    try:
        abort.leave(signal.SIGINT)
        with AbortSwitch() as switch:
            signal.raise_signal(signal.SIGINT)
            assert switch.asked == ""
            signal.raise_signal(signal.SIGTERM)
            assert switch.asked == "a request to terminate"
    finally:
        signal.signal(signal.SIGINT, before)
    assert capfd.readouterr().err == ""


def test_a_ctrl_c_that_the_supervisor_tells_of_as_well_is_one() -> None:
    """A terminal sends it to both processes; a second Ctrl-C would tear the run out of a dialogue."""
    with AbortSwitch() as switch:
        abort.ask("Ctrl-C")
        signal.raise_signal(signal.SIGINT)
        assert switch.asked == "Ctrl-C"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    with AbortSwitch() as switch:
        signal.raise_signal(signal.SIGTERM)
        abort.ask("Ctrl-C")
        assert switch.asked == "a request to terminate"
