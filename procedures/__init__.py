"""The experiments that labctl ships."""

LABCTL_PACKAGE = True
"""Marker by which labctl recognises its own package."""
