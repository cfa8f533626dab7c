"""Clicks, keys and words at random: no Python code of the window may fail, and it still answers afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType

import pytest
from PyQt6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from labctl.gui.window import Window
from tests.gui.conftest import wait_for_worker
from tests.gui.monkey import Monkey

STEPS = 60


@pytest.mark.parametrize("seed", [11])
def test_nothing_fails_whatever_is_pressed(
    qtbot: QtBot, open_window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    failed: list[str] = []

    def hear(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        del trace
        failed.append(f"{kind.__name__}: {error}")

    monkeypatch.setattr(QDesktopServices, "openUrl", lambda *_: True)  # no program of the system
    window = open_window(guided=True)
    wait_for_worker(qtbot, window)
    monkeypatch.setattr(sys, "excepthook", hear)
    Monkey(window, seed).play(STEPS)
    window.show()  # Ctrl+Q may have been among it
    window.go_to("queue")
    assert window.panels.queue.isVisible()
    assert failed == []
