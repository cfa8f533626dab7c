"""What claims and measurements are: numbers, or several that belong together."""

from __future__ import annotations

Value = float | tuple[float, ...]
"""A number, or several that belong together, such as the ends of a range."""

YES, NO = 1.0, 0.0
"""What an order is: as the paper says, or not."""
