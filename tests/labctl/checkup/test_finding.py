"""What the doctor says in place of VISA's own words, and what it keeps off the terminal."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import pyvisa
from pyvisa.constants import StatusCode

from instruments.errors import InstrumentFault, NoReply
from labctl.checkup import examine
from labctl.checkup.finding import plain
from labctl.checkup.visit import _reason_and_advice


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (StatusCode.error_no_listeners, "nobody listens at this address"),
        (StatusCode.error_timeout, "no answer came in time"),
    ],
)
def test_visa_is_put_in_plain_words(code: StatusCode, words: str) -> None:
    error = NoReply(f"2182A: '*IDN?' could not be sent: {pyvisa.VisaIOError(code)}")
    assert plain(error) == f"2182A: '*IDN?' could not be sent: {words}"
    reason, advice = _reason_and_advice(error)
    assert not reason.endswith(".")
    assert advice.startswith("is it on")


def test_other_words_stay_but_for_the_full_stop() -> None:
    assert plain(InstrumentFault("6221: asked 'OUTP?',\n came 'x'.")) == "6221: asked 'OUTP?', came 'x'"
    parity = plain(NoReply(f"2182A: {pyvisa.VisaIOError(StatusCode.error_serial_parity)}; clear it"))
    assert parity.startswith("2182A: VI_ERROR_ASRL_PARITY")
    assert parity.endswith("; clear it")


def test_a_file_that_is_not_there_is_said_once(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.toml")
    found = [each for each in examine(missing, simulate=True, sample="", out=tmp_path) if "none.toml" in each.what]
    assert [(each.state, each.do) for each in found] == [("fault", "check its path")]
    assert found[0].what.endswith("does not exist")


def test_log_lines_of_drivers_stay_away_from_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any set-up, logging writes warnings to stderr by itself."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])

    def speak(*_: object) -> list[object]:
        logging.getLogger("instruments.line").warning("out of step after '*IDN?'")
        return []

    monkeypatch.setattr("labctl.checkup.visit.visit", speak)
    list(examine("ppms", simulate=True, sample="", out=tmp_path))
    assert "out of step" not in capsys.readouterr().err
    assert logging.getLogger().handlers == []
