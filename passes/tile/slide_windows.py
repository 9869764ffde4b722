"""``slide-windows``: keep what windows share with the next ones in their rows."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.passes import ModulePass

from cimc.dialects import tile
from cimc.passes.tile.traffic import fresh_part, window_part

__all__ = ["SlideWindows"]


@dataclass(frozen=True)
class SlideWindows(ModulePass):
    """Let windows of matrix products slide where that takes fewer beats of the bus.

    A beat takes up to ``beat_bytes`` bytes of one segment of memory. What two windows
    share moves inside the core.
    """

    name = "slide-windows"

    beat_bytes: int = 64

    def __post_init__(self) -> None:
        if self.beat_bytes < 1:
            raise ValueError("beat_bytes must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Mark windows as ``slides``."""
        for sweep in op.body.block.ops:
            if not isinstance(sweep, tile.SweepOp) or sweep.columns.size == 1:
                continue
            for window in sweep.operations:
                if isinstance(window, tile.WindowOp) and self._gains(window):
                    window.slides = UnitAttr()

    def _gains(self, window: tile.WindowOp) -> bool:
        multiplied = all(
            isinstance(use.operation, tile.MvmOp) for use in window.result.uses
        )
        fresh, whole = (
            part.beats(self.beat_bytes)
            for part in (fresh_part(window), window_part(window))
        )
        return multiplied and fresh < whole
