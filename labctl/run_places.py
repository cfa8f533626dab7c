"""Where runs should not lie: in a folder that another program copies elsewhere, on another computer, or without a name.

A program that synchronises a folder opens its files, and puts others in their place; a network that fails for a second
ends a run.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from instruments.errors import UsageError

LONGEST = 259
"""Letters of a path that every program on Windows can open."""
INSIDE = len("/2026-11-21/0007-/events.jsonl.part") + 60
"""Letters of what a run makes in its folder of runs, beside its title; of a run in a series with its settings."""

_CLOUDS = (
    (r"OneDrive( - .+)?", "OneDrive"), (r"Dropbox( \(.+\))?", "Dropbox"), (r"Google ?Drive.*", "Google Drive"),
    (r"iCloud ?Drive.*|Mobile Documents|com~apple~CloudDocs", "iCloud"), (r"Nextcloud\d*", "Nextcloud"),
    (r"ownCloud\d*", "ownCloud"), (r"Box Sync|Box-Box", "Box"), (r"CloudStorage", "a cloud"),
)  # fmt: skip
"""Names of folders, and what synchronises those."""
_IN_HOME = {"box": "Box"}
"""The same for names that mean it only in a person's own folder."""
_VARIABLES = ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")
"""Environment variables by which OneDrive says where its folders are."""
_NETWORKS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "afs", "ncpfs", "webdav", "davfs", "fuse.sshfs", "fuse.davfs2",
     "fuse.rclone", "fuse.glusterfs", "ceph", "lustre", "gpfs", "macfuse"}
)  # fmt: skip
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
_REMOTE_DRIVE = 4


def check_place(out: Path, title: str = "") -> None:
    """Refuse a folder of runs in which a measurement could be lost.

    Args:
        out: The folder.
        title: What the run is called in it, behind its number.

    Raises:
        UsageError: It is synchronised, on another computer, or has a name that cannot be.
    """
    place = Path(os.path.abspath(out))  # noqa: PTH100 - without following links, whose names count as well
    homes = (Path.home(),)
    if os.name == "nt":
        wrong = bad_name(PureWindowsPath(place), title)
        if wrong:
            raise UsageError(f"runs cannot lie in {out}: {wrong}; name another folder with --out")
    why = ""
    for each in dict.fromkeys((place, place.resolve())):
        why = why or synchronised(each, homes, os.environ) or _network(each)
    if why:
        raise UsageError(
            f"runs should not lie in {out}: {why}; name a folder on a disk of this computer with --out, and copy runs "
            "that are over, or insist with --any-folder"
        )


def synchronised(place: PurePath, homes: Iterable[PurePath], environment: Mapping[str, str]) -> str:
    """Say which program copies a folder elsewhere; empty for none that is known."""
    for name in _VARIABLES:
        if (told := environment.get(name)) and place.is_relative_to(told):
            return "OneDrive synchronises it, and opens its files while they are written"
    for folder in (place, *place.parents):
        known = next((cloud for pattern, cloud in _CLOUDS if re.fullmatch(pattern, folder.name, re.IGNORECASE)), "")
        if not known and folder.parent in homes:
            known = _IN_HOME.get(folder.name.lower(), "")
        if known:
            return f"{known} synchronises {folder}, and opens its files while they are written"
    return ""


def _network(place: Path) -> str:
    if os.name == "nt":
        from labctl.awake import kernel32

        return windows_network(PureWindowsPath(place), kernel32())
    try:
        return mounted_network(PurePosixPath(place), Path("/proc/self/mounts").read_text(encoding="utf-8"))
    except OSError:  # no such file: macOS
        from labctl.checkup.computer import ask_system

        return mounted_network(PurePosixPath(place), _as_on_linux(ask_system("mount") or "")) if _is_macos() else ""


def _is_macos() -> bool:
    return platform.system() == "Darwin"


def _as_on_linux(said: str) -> str:
    """Write what macOS says of its mounts, `what on /where (type, ...)`, as Linux has it."""
    found = re.findall(r"^(.*) on (.*) \((\w+)[,)]", said, re.MULTILINE)
    return "\n".join(f"{what.replace(' ', '_')} {where.replace(' ', chr(92) + '040')} {kind}"
                     for what, where, kind in found)  # fmt: skip


def mounted_network(place: PurePosixPath, mounts: str) -> str:
    """Say on which network drive a folder lies.

    Args:
        place: A whole path.
        mounts: As in /proc/self/mounts.
    """
    found = ("", "", "")
    for line in mounts.splitlines():
        what, where, kind, *_ = [*line.split(), "", "", ""]
        where = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), where)
        if where and place.is_relative_to(where) and len(where) >= len(found[1]):
            found = (what, where, kind)
    what, where, kind = found
    return f"{where} is a network drive ({kind} of {what})" if kind in _NETWORKS else ""


def windows_network(place: PureWindowsPath, kernel: Any) -> str:
    """Say the same on Windows, where a drive's letter may stand for a folder of another computer."""
    drive = place.drive
    if drive.startswith("\\\\") and not drive.startswith(("\\\\?\\", "\\\\.\\")):
        return f"{drive} is a network drive"
    if drive and kernel.GetDriveTypeW(f"{drive}\\") == _REMOTE_DRIVE:
        return f"{drive} is a network drive"
    return ""


def bad_name(place: PureWindowsPath, title: str = "") -> str:
    """Say why Windows cannot have a folder of runs at a path, with a run of this title; empty if it can."""
    for name in place.parts[bool(place.anchor) :]:
        if _FORBIDDEN.search(name):
            return f'a name on Windows may hold none of < > : " | ? *, as {name!r} does'
        if _RESERVED.fullmatch(name):
            return f"{name!r} is the name of a device on Windows"
        if name not in {".", ".."} and name.endswith((".", " ")):
            return f"a name on Windows may not end with a dot or a space, as {name!r} does"
    if len(str(place)) + len(title) + INSIDE > LONGEST:
        return (
            f"its path has {len(str(place))} letters, and what a run writes there could have more than the {LONGEST} "
            "that programs on Windows can open"
        )
    return ""
