"""What the scripts of this folder share. They run where labctl is not installed, and print one line of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any


def lab() -> dict[str, Any]:
    """What `labctl simulate` said about its lab."""
    return json.loads(sys.argv[1])


def host_and_port(resource: str) -> tuple[str, int]:
    """The two parts of a socket's VISA name, for a client that does without VISA."""
    _, host, port, _ = resource.split("::")
    return host, int(port)


def round_trips(driver: Any, settings: Mapping[str, Any]) -> list[list[Any]]:
    """Set each property and ask for it; its name, what was set and what came back."""
    said: list[list[Any]] = []
    for name, value in settings.items():
        setattr(driver, name, value)
        said.append([name, value, getattr(driver, name)])
    return said


def what(call: Any, *arguments: Any) -> str:
    """Call something that fails; the class of what it raised, or "nothing"."""
    try:
        call(*arguments)
    except Exception as error:  # noqa: BLE001 - a client may raise whatever it likes; its name is the answer
        return type(error).__name__
    return "nothing"


def tell(**figures: Any) -> None:
    """Print what was done and read."""
    print(json.dumps(figures, default=lambda value: value.tolist() if hasattr(value, "tolist") else str(value)))
