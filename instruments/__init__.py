"""Drivers for the real instruments, their command tables, and what everything shares: clock, units, errors."""

LABCTL_PACKAGE = True
"""Marker by which labctl recognises its own package (others call themselves `instruments` too)."""
