"""What a device segment takes from the host and gives to it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Border"]


@dataclass(frozen=True)
class Border:
    """Names of the integer tensors that cross the border of a device segment."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
