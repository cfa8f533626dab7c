"""Drivers for the real instruments, their command tables, and the clock, units and errors that everything else shares."""

LABCTL_PACKAGE = True
"""Marker by which labctl recognises its own package (others call themselves `instruments` too)."""
