"""Folders in which runs should not lie, as Linux, macOS and Windows name them; tried on Linux only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from instruments.errors import UsageError
from labctl import run_places
from labctl.beforehand import check_request
from labctl.cli.main import run_command
from labctl.request import Request
from labctl.run_places import INSIDE, LONGEST, bad_name, check_place, mounted_network, synchronised, windows_network
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop

HOMES = (PurePosixPath("/home/lw"), PureWindowsPath("C:/Users/lw"))


@pytest.mark.parametrize(
    ("place", "who"),
    [
        (PurePosixPath("/home/lw/Dropbox/runs"), "Dropbox"),
        (PurePosixPath("/Users/lw/Dropbox (Institute)/a/b"), "Dropbox"),
        (PurePosixPath("/Users/lw/Library/CloudStorage/GoogleDrive-lw/My Drive"), "Google Drive"),
        (PurePosixPath("/Users/lw/Library/Mobile Documents/com~apple~CloudDocs/runs"), "iCloud"),
        (PurePosixPath("/home/lw/Nextcloud2/runs"), "Nextcloud"),
        (PurePosixPath("/home/lw/Box/runs"), "Box"),
        (PureWindowsPath("C:/Users/lw/OneDrive - University/runs"), "OneDrive"),
        (PureWindowsPath("C:/Users/lw/onedrive/runs"), "OneDrive"),
        (PureWindowsPath("D:/Work/runs"), "OneDrive"),
        (PureWindowsPath("C:/Users/lw/Box Sync"), "Box"),
        (PurePosixPath("/home/lw/runs"), ""),
        (PurePosixPath("/data/box/runs"), ""),
        (PurePosixPath("/data/OneDriver/dropboxes"), ""),
        (PureWindowsPath("D:/Workshop/runs"), ""),
    ],
)
def test_folders_that_a_cloud_synchronises(place: PurePath, who: str) -> None:
    said = synchronised(place, HOMES, {"OneDriveCommercial": "D:\\Work"})
    assert said.startswith(who)
    assert bool(said) == bool(who)


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/lw/fast\\040disk ext4 rw 0 0
//nas/data /mnt/data cifs rw 0 0
lw@x: /mnt/far fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("/var/runs", ""), ("/home/lw/runs", "/home is a network drive (nfs4 of server:/home)"),
        ("/home/lw/fast disk/runs", ""), ("/mnt/data", "/mnt/data is a network drive (cifs of //nas/data)"),
        ("/mnt/far/a", "/mnt/far is a network drive (fuse.sshfs of lw@x:)"), ("/mnt/database", ""),
    ],
)  # fmt: skip
def test_drives_of_other_computers(place: str, said: str) -> None:
    assert mounted_network(PurePosixPath(place), MOUNTS) == said


def test_what_macos_says_of_its_mounts_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "/dev/disk3s1 on / (apfs, sealed, local)\n//lw@nas/my data on /Volumes/my data (smbfs, nodev)\n"
    mounts = run_places._as_on_linux(said)
    assert mounted_network(PurePosixPath("/Volumes/my data/runs"), mounts).startswith("/Volumes/my data is a network")
    assert mounted_network(PurePosixPath("/Users/lw"), mounts) == ""


class Drives:
    """What Windows says of its drives: Z: is on another computer."""

    def GetDriveTypeW(self, drive: str) -> int:  # noqa: N802 - as Windows has it
        return 4 if drive == "Z:\\" else 3


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (r"C:\runs", ""), (r"Z:\runs", "Z: is a network drive"), (r"\\nas\data\runs", r"\\nas\data is a network drive"),
        (r"\\?\C:\runs", ""),
    ],
)  # fmt: skip
def test_drives_of_other_computers_on_windows(place: str, said: str) -> None:
    assert windows_network(PureWindowsPath(place), Drives()) == said


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (r"C:\runs", ""), (r"C:\runs\con", "'con' is the name of a device on Windows"),
        (r"C:\NUL.txt\runs", "'NUL.txt' is the name"), (r"C:\COM1", "'COM1' is the name"), (r"C:\COM10\console", ""),
        (r"C:\runs.\a", "may not end with a dot or a space, as 'runs.' does"), ("C:\\runs \\a", "as 'runs ' does"),
        (r"C:\a:b", "may hold none of < > :"), ("C:\\" + "x" * (LONGEST - INSIDE - 3), ""),
        ("C:\\" + "x" * (LONGEST - INSIDE - 2), "its path has"),
    ],
)  # fmt: skip
def test_names_that_windows_cannot_have(place: str, said: str) -> None:
    found = bad_name(PureWindowsPath(place))
    assert said in found
    assert bool(found) == bool(said)


def test_a_run_is_refused_there_unless_somebody_insists(tmp_path: Path) -> None:
    """A link into such a folder is no way around it; a simulation in its own process may lie anywhere."""
    cloud = tmp_path / "Dropbox"
    cloud.mkdir()
    (tmp_path / "link").symlink_to(cloud)
    request = Request(
        "ahe", AnomalousHallLoop(), load_station("ppms"), load_sample("cotb2025"), simulate=True, out=tmp_path / "link"
    )
    check_request(request)
    on_hardware = replace(request, simulate=False)
    with pytest.raises(UsageError, match=r"Dropbox synchronises .* or insist with --any-folder"):
        check_request(on_hardware)
    check_place(tmp_path)


def test_the_command_line_says_so_before_anything_is_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "ahe", "--sample", "cotb2025", "--out", str(tmp_path / "OneDrive" / "runs")]
    assert run_command(words) == 2
    assert "OneDrive synchronises" in capsys.readouterr().err
    assert not (tmp_path / "OneDrive").exists()
    run_command([*words, "--any-folder"])
    assert "synchronises" not in capsys.readouterr().err
