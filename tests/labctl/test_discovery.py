from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from instruments.errors import UnknownName, UsageError
from labctl import discovery


@pytest.fixture
def announce(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[EntryPoint]]:
    """Packages beside ours: a list of entry points, and a folder from which modules are imported."""
    points: list[EntryPoint] = []

    def entry_points(group: str) -> EntryPoints:
        return EntryPoints([point for point in points if point.group == group])

    monkeypatch.setattr(discovery, "entry_points", entry_points)
    monkeypatch.syspath_prepend(tmp_path)
    discovery._announced.cache_clear()
    yield points
    discovery._announced.cache_clear()


def offer(folder: Path, points: list[EntryPoint], package: str, source: str) -> None:
    (folder / f"{package}_listing.py").write_text(source, encoding="utf-8")
    points.append(EntryPoint(package, f"{package}_listing:TABLE", "labctl.procedures"))


def test_what_this_package_ships_is_found() -> None:
    assert discovery.procedures()["ahe"].package == "labctl"
    assert discovery.procedures()["ahe"].summary
    assert {"keithley6221", "keithley2182a", "ppms6000"} <= set(discovery.drivers())
    assert "ferrimagnet_hall_bar" in discovery.samples()
    assert discovery.find("instruments", "keithley6221").where == "instruments.keithley6221:Keithley6221"


def test_listing_imports_no_class() -> None:
    code = (
        "import sys; from labctl import discovery as d; d.procedures(); d.drivers(); d.samples();"
        "assert not [m for m in sys.modules if m in ('procedures.ahe', 'instruments.keithley6221')"
        " or m.split('.')[0] in ('pymeasure', 'numpy', 'pyvisa', 'pint', 'simulators') and m != 'simulators'"
        " and m != 'simulators.listing']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("procedures", "ahee", r"there is no procedure 'ahee'; did you mean 'ahe'\? `labctl list` shows what there is"),
        ("instruments", "keithley2182", r"there is no driver 'keithley2182'; did you mean 'keithley2182a'\?"),
        ("instruments", "multivoo_of_nobody", r"there is no driver 'multivoo_of_nobody'; `labctl list` shows"),
        ("samples", "ferrimagnet_hallbar", r"there is no sample family .* did you mean 'ferrimagnet_hall_bar'\?"),
    ],
)
def test_an_unknown_name_gets_the_nearest_one_and_the_command_that_lists(kind: str, name: str, words: str) -> None:
    with pytest.raises(UnknownName, match=words):
        discovery.find(kind, name)
    with pytest.raises(UnknownName):
        discovery.load(kind, name)


def test_a_package_of_ones_own_stands_beside_ours(announce: list[EntryPoint], tmp_path: Path) -> None:
    offer(tmp_path, announce, "theirs", "TABLE = {'loop': ('theirs_loops:Loop', 'A loop of theirs')}\n")
    (tmp_path / "theirs_loops.py").write_text("class Loop:\n    pass\n", encoding="utf-8")
    assert discovery.procedures()["loop"] == discovery.Entry("loop", "theirs_loops:Loop", "A loop of theirs", "theirs")
    assert "theirs_loops" not in sys.modules
    assert discovery.load("procedures", "loop").__name__ == "Loop"


def test_a_name_that_two_packages_offer_is_refused_with_both(announce: list[EntryPoint], tmp_path: Path) -> None:
    offer(tmp_path, announce, "one", "TABLE = {'loop': ('one_loops:Loop', 'x')}\n")
    offer(tmp_path, announce, "two", "TABLE = {'loop': ('two_loops:Loop', 'x')}\n")
    with pytest.raises(UsageError, match="the procedure 'loop' is offered by one and two; uninstall all but one"):
        discovery.find("procedures", "loop")


@pytest.mark.parametrize(
    "source", ["import no_such_module\n", "OTHER = {}\n", "TABLE = ['loop']\n", "TABLE = {'loop': 'x:Y and more'}\n"]
)
def test_a_broken_announcement_hides_nobody_else_and_is_reported(
    announce: list[EntryPoint], tmp_path: Path, source: str, request: pytest.FixtureRequest
) -> None:
    broken = f"broken{abs(hash(source))}"
    offer(tmp_path, announce, broken, source)
    offer(tmp_path, announce, "sound", "TABLE = {'loop2': ('sound_loops:Loop', 'x')}\n")
    sys.modules.pop("sound_listing", None)
    request.addfinalizer(lambda: sys.modules.pop("sound_listing", None))
    assert list(discovery.procedures()) == ["loop2"]
    with pytest.raises(UnknownName, match=f"what {broken} announces at .* cannot be read"):
        discovery.find("procedures", "loop")


@pytest.mark.parametrize("where", ["no_such_module:Loop", "json:NoSuchClass", "json"])
def test_a_class_that_is_not_there_is_said_with_its_package(
    announce: list[EntryPoint], tmp_path: Path, where: str
) -> None:
    package = f"gone{abs(hash(where))}"
    offer(tmp_path, announce, package, f"TABLE = {{'loop': ({where!r}, 'x')}}\n")
    with pytest.raises(UsageError, match=f"the procedure 'loop' of {package} is not available: {where}"):
        discovery.load("procedures", "loop")
