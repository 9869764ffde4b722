"""``recycle-buffers``: let feature maps and partial sums reuse their own memory."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.dialects.tile.body import element_of, length_of
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.dependences import (
    Reader,
    Writer,
    chains_of,
    readers_of,
    targets_of,
    writers_of,
)
from cimc.passes.tile.phases import handed_over, phases_of
from cimc.passes.tile.rows_alive import rows_alive
from cimc.passes.tile.sweeps import core_of

__all__ = ["RecycleBuffers"]


@dataclass(frozen=True)
class RecycleBuffers(ModulePass):
    """Keep of every buffer only what is alive while layers run at the same time.

    A feature map whose rows are written and read in order becomes a ring of rows. It
    holds at least what a sequential order of the rows needs (see
    :mod:`cimc.passes.tile.rows_alive`), so that no wait for a free row can end in a
    deadlock. For each layer between writer and reader, which work at the same time, it
    holds more: ``release_rows`` times the rows by which the reader moves on. That is
    once at least, since readers wait for part of the next row, or for rows that they
    leave out (see ``insert-sync``). The rows of its halo are written like the others.

    A buffer that is accessed in several phases stays whole.

    The partial sums of a chain become a ring of ``sums`` vectors, and half a vector
    more for each core of the chain.
    """

    name = "recycle-buffers"

    release_rows: int = 1
    sums: int = 4

    def __post_init__(self) -> None:
        if min(self.release_rows, self.sums) < 1:
            raise ValueError("release_rows and sums must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Set ``ring`` of buffers, and add the sweeps that write halos."""
        phases = phases_of(op)
        kept = handed_over(phases)
        targets = targets_of([sweep for sweeps in phases for sweep in sweeps])
        for sweeps in phases:
            readers = readers_of(sweeps)
            alive = rows_alive(sweeps, readers, targets, self.release_rows)
            alive = {m: rows for m, rows in alive.items() if m not in kept}
            self._recycle_maps(writers_of(sweeps), readers, alive)
            for sums, chain in chains_of(sweeps).items():
                assert isinstance(sums.owner, tile.PartialSumsOp)
                vectors = self.sums + len(chain) // 2
                if sums not in kept and vectors < chain[0].positions:
                    sums.owner.properties["ring"] = integer(vectors)

    def _recycle_maps(
        self,
        writers: dict[SSAValue, list[Writer]],
        readers: dict[SSAValue, list[Reader]],
        alive: dict[SSAValue, int],
    ) -> None:
        for value, rows in alive.items():
            map_ = value.owner
            assert isinstance(map_, tile.FeatureMapOp)
            its_writers = writers.get(value, [])
            if (
                map_.role.data == "intermediate"
                and rows < map_.type.padded_rows
                and _in_order(its_writers, readers[value])
            ):
                map_.properties["ring"] = integer(rows)
                for writer in its_writers:
                    _write_halo(writer)


def _in_order(writers: list[Writer], readers: list[Reader]) -> bool:
    """Whether all write and read the map row by row, on different cores."""
    cores = {writer.core for writer in writers}
    return all(writer.in_order for writer in writers) and all(
        reader.step > 0
        and reader.sweep.rows.size > 1
        and core_of(reader.sweep) not in cores
        for reader in readers
    )


def _write_halo(writer: Writer) -> None:
    """Add the sweeps that write the rows of the halo above and below a map."""
    type_ = writer.map.type
    top, _, bottom, _ = type_.halo
    first, last = writer.sweeps[0], writer.sweeps[-1]
    padded = writer.padded_columns
    block = first.parent_block()
    assert block is not None
    height = top + type_.shape[0]
    if top:
        block.insert_op_before(_halo(first, Range.of(0, top), padded), first)
    if bottom:
        rows = Range.of(height, height + bottom)
        block.insert_op_after(_halo(last, rows, padded), last)


def _halo(sweep: tile.SweepOp, rows: Range, columns: Range) -> tile.SweepOp:
    """A sweep that fills padded positions of the channels that ``sweep`` writes."""
    body: list[Operation] = []
    for store in sweep.operations:
        if isinstance(store, tile.StoreOp) and store.offset == (0, 0):
            fill = store.target_type.fill.data
            splat = tile.SplatOp(fill, length_of(store.value), element_of(store.value))
            body.append(splat)
            body.append(
                tile.StoreOp(splat.result, store.target, store.channels, padded=True)
            )
    return tile.SweepOp(sweep.layer.data, rows, columns, body, core_of(sweep))
