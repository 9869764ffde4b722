"""What a compilation works for."""

from __future__ import annotations

from typing import Literal

__all__ = ["Objective"]

Objective = Literal["latency", "throughput", "energy", "area"]
"""The time of an image, images per time, energy per image, or few crossbars."""
