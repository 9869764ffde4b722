"""How long a layer keeps the bus busy, by the number of its copies.

Windows, results and partial sums take beats that all copies share. Each copy adds what
windows that slide load again where its rows begin, and the signals of its cores: for
each row, one from every core that writes for every one that reads what it writes, and
one back when the row is no longer needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cimc.dialects import tile
from cimc.passes.tile.dependences import channels_of, meet
from cimc.passes.tile.sweeps import weight_blocks
from cimc.passes.tile.traffic import SUM_BYTES, shared_part, transfers

__all__ = ["BusTime", "signals"]

_SIGNALS = 2
"""For each row: it is there, and its place is free."""


@dataclass(frozen=True)
class BusTime:
    """Beats on a bus of ``width`` bytes for cores with so many ``crossbars`` each."""

    width: int
    crossbars: int

    def of_positions(self, sweep: tile.SweepOp) -> int:
        """Beats for windows, results and sums of all positions, at the least."""
        moved = sum(transfer.beats(self.width) for transfer in transfers(sweep))
        return sweep.positions * (self._of_sums(sweep) + moved)

    def of_rows(self, sweep: tile.SweepOp) -> int:
        """Beats for what windows that slide load again at the beginning of each row."""
        again = sum(
            shared_part(op).beats(self.width)
            for op in sweep.operations
            if isinstance(op, tile.WindowOp) and op.slides
        )
        return sweep.rows.size * again

    def _of_sums(self, sweep: tile.SweepOp) -> int:
        """Beats in which partial sums go from core to core at one position."""
        blocks = weight_blocks(sweep)
        if not blocks:
            return 0
        links = -(-len(blocks) // self.crossbars) - 1
        return 2 * links * -(-SUM_BYTES * blocks[0].columns.size // self.width)


def signals(writers: Sequence[tile.SweepOp], reader: tile.SweepOp) -> int:
    """Signals between sweeps that write a map and one that reads it, for all rows."""
    stores = [
        op
        for writer in writers
        for op in writer.operations
        if isinstance(op, tile.StoreOp)
    ]
    pairs = sum(
        store.target == op.source and meet(channels, store.channels)
        for op in reader.operations
        if isinstance(op, tile.WindowOp)
        for channels in [channels_of(op)]
        for store in stores
    )
    return _SIGNALS * pairs * reader.rows.size
