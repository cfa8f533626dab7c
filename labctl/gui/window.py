"""The window: panels around a plot, the line at the top with STOP -> SAFE, and what is seen across the room."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QCloseEvent, QKeyEvent, QKeySequence, QPalette, QResizeEvent, QWindow
from PyQt6.QtWidgets import (
    QApplication,
    QMainWindow,
    QMenu,
    QMenuBar,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from labctl.gui import theme
from labctl.gui.banner import Banner
from labctl.gui.context import Context
from labctl.gui.drift import since_start
from labctl.gui.far_figures import LastRead, figures
from labctl.gui.far_view import FarView
from labctl.gui.guide import Guide
from labctl.gui.guided import Guided
from labctl.gui.keys_kept import KeysKept
from labctl.gui.panels import Panels
from labctl.gui.queue_times import lab_speed
from labctl.gui.recolouring import Recolouring
from labctl.gui.screen_place import ScreenPlace
from labctl.gui.standing import headline
from labctl.gui.stopping import Stop
from labctl.gui.timing import timer
from labctl.gui.words import address_last
from labctl.gui.worker_link import UNANSWERED

TWICE_WITHIN = 800
"""ms within which a second Esc stops."""

ACROSS = 0.3
"""Part of the window's height that the figures have where the panels are put away."""
TAKEN_OUT_WITHIN = 3_000
"""ms for which a window that is closed waits for what was removed of the queue to be taken out for good."""
MISSING = "The worker is gone, so nothing is measured; Station, Begin a worker begins another one"
SILENT = "The worker does not answer; a run that is on goes on. F12 ends it in the safe state, and the worker with it"


class Window(QMainWindow):
    """One station's window.

    Args:
        context: What its panels share.
        guided: Whether a first measurement is to be guided.
    """

    another_wanted = pyqtSignal()
    """Somebody wants another station."""

    def __init__(self, context: Context, *, guided: bool = False) -> None:
        super().__init__()
        self.context = context
        self._closed = False
        context.setParent(self)  # it ends with the window, and so does whatever was asked
        self.setWindowTitle(f"labctl · {context.station}" + (" · SIMULATOR" if context.simulate else ""))
        self.banner, self.far = Banner(context), FarView(context)
        self.stopping = Stop(context.link, getpass.getuser(), self)
        self.panels = Panels(context)
        self.guide = Guide(context)
        self.guide.setVisible(guided)
        self._missing = ""  # what is said of a worker that was there, and is not any more
        self._read = LastRead()
        self._of_field = ""  # what was said last of a field that a run left behind
        self._mounting = ""  # the sample of the new lab that is begun
        self._menus = self._build_top()
        self._build_middle()
        self._build_menus()
        self._escaped = timer(self, TWICE_WITHIN, once=True)
        self._recolouring = Recolouring(self, self._parts(), context)
        self._keys = KeysKept(self, self.sides.values())
        self._clock = timer(self, 1000, self._show_time)
        self._connect()
        self._place = ScreenPlace(self, {"across": self._across, "down": self._down}, context.settings)
        self._restore()
        self._show()

    # ---- putting together

    def _build_top(self) -> QMenuBar:
        menus, top = QMenuBar(), QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(menus)
        column.addWidget(self.banner)
        column.addWidget(self.far)
        self.setMenuWidget(top)
        return menus

    def _build_middle(self) -> None:
        """Put the plot between what stands at its sides, and all that above what stands below."""
        self.sides = {side: QTabWidget() for side in ("left", "right", "below")}
        for side in self.sides.values():
            side.setDocumentMode(True)  # its frame would not follow other colours
        for panel in self.panels.around():
            panel.widget.setBackgroundRole(QPalette.ColorRole.Button)
            panel.widget.setAutoFillBackground(True)
            self.sides[panel.side].addTab(panel.widget, panel.title)
        for side, least in (("left", 320), ("right", 240)):
            self.sides[side].setMinimumWidth(least)
        self._centre = QWidget()
        column = QVBoxLayout(self._centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.guide)
        column.addWidget(self.panels.plot, 1)
        self._across, self._down = QSplitter(Qt.Orientation.Horizontal), QSplitter(Qt.Orientation.Vertical)
        for widget in (self.sides["left"], self._centre, self.sides["right"]):
            self._across.addWidget(widget)
        self._across.setStretchFactor(1, 1)
        for widget in (self._across, self.sides["below"]):
            self._down.addWidget(widget)
        self._down.setStretchFactor(0, 1)
        for splitter in (self._across, self._down):
            splitter.setChildrenCollapsible(False)
        self.setCentralWidget(self._down)

    def _build_menus(self) -> None:
        station = self._menu("&Station")
        self._action(station, "■ &STOP → SAFE", "F12", self.stopping.stop)
        self._action(station, "&Pause at the next point", "F8", self._pause)
        self._action(station, "&Go on", "F9", lambda: self.context.link.ask("POST", "/go"))
        self._action(station, "A&bort this run", "", self._abort)
        station.addSeparator()
        self._action(station, "Begin a &worker", "", self.context.worker_wanted.emit)
        station.addSeparator()
        if self.context.simulate:
            self._action(station, "Lab time &faster", "Ctrl+Up", lambda: self.banner.speed.step(1))
            self._action(station, "Lab time s&lower", "Ctrl+Down", lambda: self.banner.speed.step(-1))
            station.addSeparator()
        self._action(station, "A&nother station …", "", self.another_wanted.emit)
        self._action(station, "&Close the window; runs go on", "Ctrl+Q", self.close)
        view = self._menu("&View")
        for number, panel in enumerate(self.panels.around(), 1):
            self._action(view, f"&{number} {panel.title}", f"Alt+{number}", partial(self.go_to, panel.key))
        view.addSeparator()
        self._action(view, "Show the run that is &on", "F6", self.panels.following.follow)
        self._action(view, "&Across the room", "F11", self._toggle_panels)
        self._action(view, "&Dark or light", "Ctrl+L", self._other_theme)
        self._action(view, "A &guided first measurement", "F1", self.guide.begin)
        self._action(view, "Panels as in the &beginning", "", self._arrange)

    def _parts(self) -> list[QWidget]:
        """Return what is dressed on its own: nothing is in two of them, and none of them is large."""
        bars = [bar for side in self.sides.values() if (bar := side.tabBar()) is not None]
        handles = [
            handle for splitter in (self._across, self._down) for number in range(1, splitter.count())
            if (handle := splitter.handle(number)) is not None
        ]  # fmt: skip
        bottom = self.statusBar()
        parts = [self._menus, self.banner, self.far, self._centre, *bars, *handles, *([bottom] if bottom else [])]
        parts += [panel.widget for panel in self.panels.around()]
        for part in parts:
            theme.dress(part, self.context.theme)
        return parts

    def _menu(self, title: str) -> QMenu:
        menu = self._menus.addMenu(title)
        assert menu is not None
        return menu

    def _action(self, menu: QMenu, title: str, keys: str, do: Callable[[], object]) -> None:
        action = QAction(title, self)
        if keys:
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
            action.setAutoRepeat(False)  # a key that is held is one wish: STOP would go on to its harder ways
        action.triggered.connect(lambda _: do())
        menu.addAction(action)

    def _connect(self) -> None:
        link, context = self.context.link, self.context
        link.found.connect(self._found)
        link.lost.connect(self._lost)
        link.told.connect(self._told)
        context.mount_wanted.connect(self._mount)
        link.failed.connect(lambda sentence: None if self._mounting else context.said.emit("error", sentence))
        for source in (context.desk, context.archive, context.rehearser):
            source.failed.connect(lambda sentence: context.said.emit("error", sentence))
        self.banner.stop.connect(self.stopping.stop)
        self.stopping.said.connect(context.said)
        self.stopping.ended.connect(self._stopped)
        context.said.connect(self._say)
        self.panels.connect_all()
        for signal in (self.panels.queue.edit_wanted, self.panels.history.repeat_wanted):
            signal.connect(lambda _: self.go_to("measure"))
        self.panels.measure.sample_line.wanted.connect(lambda: self.go_to("sample"))
        self.panels.measure.rehearsed.connect(lambda _: self.guide.rehearsed())
        self._guided = Guided(self.panels, self.banner, self.go_to)
        self.guide.wanted.connect(self._guided.do)
        context.run_opened.connect(lambda _: self.guide.opened())
        self._clock.start()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusWindowChanged.connect(self._listen)

    # ---- what happens

    def _listen(self, focused: QWindow | None) -> None:
        """Hear the keys of the window that has them now; of the whole application it would be every event."""
        if focused is not None and not self._closed:
            focused.installEventFilter(self)

    def _show(self, *_: object) -> None:
        link = self.context.link
        self._missing = "" if link.here else self._missing
        sentence, tone = self._headline()
        if tone == "bad" and sentence != self.banner.said.text():
            self._show_error(str((link.queue or {}).get("why") or sentence))
        self.banner.show_state(sentence, tone)
        lab = (link.station or {}).get("lab")
        self.banner.speed.show_lab(lab if isinstance(lab, dict) else None)
        self._show_time()

    def _headline(self) -> tuple[str, str]:
        link = self.context.link
        if self._mounting:
            return f"A new lab with {self._mounting} is begun …", "quiet"
        if self._missing:
            return self._missing, "warn"
        return headline(link.run, link.queue if link.here else None)

    def _mount(self, sample: str) -> None:
        """Say what the window itself does: the worker ends, and another one begins a new lab."""
        self._mounting = sample
        self.context.said.emit("info", f"a new lab with {sample} is begun; the worker of the one before ends")
        self._show()

    def _found(self) -> None:
        if self._mounting:
            self.context.said.emit("info", f"the new lab with {self._mounting} is there")
        self._mounting = ""
        self._show()

    def begun_none(self, why: str) -> None:
        """Say that no worker could be begun."""
        self._mounting = ""
        self.context.said.emit("error", f"no worker could be started: {why}")
        self._show()

    def _told(self, name: str, content: Any) -> None:
        if name == "field" and content.get("said"):
            self._say_once(str(content["said"]))
        elif name == "item" and content.get("state") != "waiting":
            self._forget_waiting(str(content["id"]))
        self._show()

    def _forget_waiting(self, number: str) -> None:
        """Take away from the bottom line that an item waits which does not any more."""
        bar = self.statusBar()
        if bar is not None and bar.currentMessage().endswith(f"waits in the queue as item {number}"):
            bar.clearMessage()

    def _say_once(self, sentence: str) -> None:
        """Say what became of a field, once."""
        if sentence != self._of_field:
            self._of_field = sentence
            self.context.said.emit("info", sentence)

    def _show_time(self) -> None:
        link, now = self.context.link, datetime.now().astimezone()
        shown = figures(link.run, link.queue, link.instruments, speed=lab_speed(link.station), now=now, kept=link.field)
        run = self.panels.plot.run
        shown["drift"] = since_start(run.raw if run is not None and self.panels.following.is_live else None)
        self._read.keep(shown, on=link.run is not None)
        for key, figure in shown.items():
            self.far.show_value(key, *figure)

    def _lost(self, why: str) -> None:
        self._missing = SILENT if why == UNANSWERED else MISSING
        self._show()
        if not self._mounting:
            self.context.said.emit("error", why)

    def show_no_station(self, why: str) -> None:
        """Say that nothing can be done with this station."""
        self._missing = f"{why}. Mend it, then Station, Begin a worker"
        self._show()
        self.context.said.emit("error", why)

    def _stopped(self) -> None:
        if self._missing == SILENT:  # so it was ended
            self._missing = MISSING
            self._show()

    def _say(self, level: str, sentence: str) -> None:
        bar = self.statusBar()
        assert bar is not None
        sentence = address_last(sentence)
        bar.showMessage(sentence, 0 if level == "error" else 15_000)
        if level == "error":
            self._show_error(sentence)

    def _show_error(self, sentence: str) -> None:
        """Show what went wrong across the room, beginning with what it was, and not with whose run it ended."""
        item, ended, fault = sentence.partition(" did not finish: ")
        when = datetime.now().astimezone().strftime("%H:%M:%S") + (f", {item}" if ended else "")
        self.far.show_value("error", address_last(fault or sentence), when, "bad")

    def _pause(self) -> None:
        self.context.link.ask("POST", "/pause", {"by": getpass.getuser(), "now": True})

    def _abort(self) -> None:
        self.context.link.ask("POST", "/abort", {"by": getpass.getuser()})

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Stop at the second Esc, wherever the keys go, and press a button that has the keys at Enter."""
        heard = isinstance(a0, QWindow) and not self._closed
        if heard and isinstance(a1, QKeyEvent) and a1.type() == QEvent.Type.KeyPress:
            if self._pressed(a1):
                return True
            closes = QApplication.activePopupWidget() is not None  # a menu or a list, and nothing else is meant by it
            if a1.key() == Qt.Key.Key_Escape and not a1.isAutoRepeat() and not closes:
                if self._escaped.isActive():
                    self._escaped.stop()
                    self.stopping.stop()
                else:
                    self._escaped.start()
            else:
                self._escaped.stop()
        return super().eventFilter(a0, a1)

    def _pressed(self, event: QKeyEvent) -> bool:
        """Press the button that has the keys, if Enter is meant for it."""
        button = QApplication.focusWidget()
        if not isinstance(button, QPushButton) or QApplication.activePopupWidget() is not None:
            return False
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or event.isAutoRepeat():
            return False
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        button.click()
        return True

    # ---- how it looks

    def go_to(self, key: str) -> None:
        """Bring a panel to the front, and the keys to it.

        Args:
            key: Of the panel, e.g. `queue`.
        """
        panel = next(panel for panel in self.panels.around() if panel.key == key)
        side = self.sides[panel.side]
        side.show()
        self._fit_figures()
        side.setCurrentWidget(panel.widget)
        panel.widget.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _toggle_panels(self) -> None:
        hide = any(side.isVisible() for side in self.sides.values())
        for side in self.sides.values():
            side.setVisible(not hide)
        self._fit_figures()

    def _fit_figures(self) -> None:
        """Let what is seen across the room have a third of the window where the panels are put away."""
        away = all(side.isHidden() for side in self.sides.values())
        self.far.grow(round(self.height() * ACROSS) if away else 0)

    def resizeEvent(self, a0: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Let the figures have their part of the other height."""
        super().resizeEvent(a0)
        self._fit_figures()

    def _other_theme(self) -> None:
        self.set_theme(theme.LIGHT if self._recolouring.chosen is theme.DARK else theme.DARK)

    def set_theme(self, chosen: theme.Theme) -> None:
        """Take other colours, in a moment and from then on."""
        self._recolouring.begin(chosen)

    def _arrange(self) -> None:
        for side in self.sides.values():
            side.show()
        self._fit_figures()
        self._across.setSizes([350, 740, 276])
        self._down.setSizes([430, 220])

    def _restore(self) -> None:
        self.resize(1366, 740)
        self._arrange()
        self._place.restore()
        self.go_to("measure")

    def _close_hidden(self) -> None:
        """Close at last; Qt ends a program only with a window that was seen until then."""
        if (
            not self.isVisible()
            and self.close()
            and not any(each.isVisible() for each in QApplication.topLevelWidgets())
        ):
            QApplication.quit()

    def _removes(self) -> bool:
        """Whether what was removed of the queue is still to be taken out for good; it is begun, and waited for."""
        removal = self.panels.queue.removal
        if not removal.sentence or not self.context.link.here or not self.isVisible():
            return False
        self._place.keep()
        self.hide()
        removal.finished.connect(self._close_hidden)
        timer(self, TAKEN_OUT_WITHIN, lambda: None if self._closed else self._close_hidden(), once=True).start()
        removal.finish()
        return True

    def closeEvent(self, a0: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Remember how it looks; whatever the worker does goes on, and a stop that was asked for is not lost."""
        if self.stopping.pending and a0 is not None:
            a0.ignore()
            if self.isVisible():
                self.hide()
                self.stopping.ended.connect(self._close_hidden)
            return
        if self._removes() and a0 is not None:
            a0.ignore()
            return
        if not self._closed:
            self._place.end()
            self._keys.end()
        self.panels.measure.entries.keep()
        self._closed = True  # keys that are pressed in another window are not meant for this station
        self._clock.stop()
        self._recolouring.finish()
        self.context.end()
        super().closeEvent(a0)
