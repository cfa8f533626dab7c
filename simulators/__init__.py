"""The simulated lab: protocol machines, physics, wiring, and the doors through which clients reach them."""

LABCTL_PACKAGE = True
"""Marker by which labctl recognises its own package."""
