"""Simulated samples, one module a family."""

from __future__ import annotations

from simulators.samples.families import build_sample, families

__all__ = ["build_sample", "families"]
