"""``cut-phases``: let a network that exceeds the crossbars run part after part."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.dialects.tile.body import length_of
from cimc.passes.tile.chains import cut_into_chain, products_of
from cimc.passes.tile.phase_cuts import Work, best_cuts
from cimc.passes.tile.phases import phases_of
from cimc.passes.tile.traffic import SUM_BYTES, transfers

__all__ = ["CutPhases"]


@dataclass(frozen=True)
class CutPhases(ModulePass):
    """Cut the list of sweeps where the crossbars are programmed anew.

    Nothing happens if ``cores`` with ``crossbars`` each hold all blocks. Otherwise the
    cuts are those with which an image takes the least time (see
    :mod:`cimc.passes.tile.phase_cuts`), at ``mvm`` cycles for a product,
    ``program_row`` to program a row of a crossbar, and ``bytes_per_cycle`` on a bus,
    if there is one.

    The column blocks of a layer may lie in several phases. If the row blocks of one
    column block alone exceed the chip, they do, too: each phase adds its products to
    partial sums that the one before has left in shared memory.
    """

    name = "cut-phases"

    cores: int = 1024
    crossbars: int = 1
    mvm: int = 1000
    program_row: int = 10000
    bytes_per_cycle: int = 64

    def __post_init__(self) -> None:
        if (
            min(self.cores, self.crossbars) < 1
            or min(self.mvm, self.program_row, self.bytes_per_cycle) < 0
        ):
            raise ValueError("cores and crossbars must be at least 1, times at least 0")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Add ``tile.reprogram``, and cut sweeps that exceed the chip."""
        if len(phases := phases_of(op)) > 1:
            raise PassFailedException("the module is in phases already")
        (sweeps,) = phases
        demand: Counter[Attribute] = Counter()
        for sweep in sweeps:
            demand[sweep.layer] += len(products_of(sweep))
        if demand.total() <= self.cores * self.crossbars:
            return
        pieces = [piece for sweep in sweeps for piece in self._pieces(sweep)]
        works = [self._work(*piece, demand[piece[0].layer]) for piece in pieces]
        begins = {*best_cuts(works, self.cores * self.crossbars)}
        self._cut(pieces, begins)

    def _pieces(
        self, sweep: tile.SweepOp
    ) -> list[tuple[tile.SweepOp, list[tile.MvmOp]]]:
        """A sweep, by product if it exceeds the chip."""
        products = products_of(sweep)
        if len(products) > self.cores * self.crossbars:
            return [(sweep, [product]) for product in products]
        return [(sweep, products)]

    def _work(
        self, sweep: tile.SweepOp, products: list[tile.MvmOp], of_layer: int
    ) -> Work:
        sizes = [length_of(product.operand) for product in products]
        moved = sum(sizes)
        if len(products) == len(products_of(sweep)):
            moved = sum(transfer.size for transfer in transfers(sweep))
        links = [length_of(product.result) for product in products[1:]]
        moved += 2 * SUM_BYTES * sum(links)  # Sums are stored and loaded.
        width = self.bytes_per_cycle
        together = min(self.crossbars, of_layer)
        return Work(
            len(products),
            sweep.positions * self.mvm if products else 0,
            sweep.positions * -(-moved // width) if width else 0,
            together * max(sizes, default=0) * self.program_row,
        )

    def _cut(
        self, pieces: list[tuple[tile.SweepOp, list[tile.MvmOp]]], begins: set[int]
    ) -> None:
        """Let phases begin at some of the pieces."""
        previous: tile.SweepOp | None = None
        for sweep, group in groupby(enumerate(pieces), lambda item: item[1][0]):
            parts: list[list[tile.MvmOp]] = []
            first: list[bool] = []
            for index, (_, products) in group:
                if not parts or index in begins:
                    parts.append([])
                    first.append(index in begins)
                parts[-1] += products
            chain = [sweep]
            if len(parts) > 1:
                chain = cut_into_chain(sweep, parts, shared=False)
            for part, begin in zip(chain, first, strict=True):
                if begin and previous is not None:
                    block = previous.parent_block()
                    assert block is not None
                    block.insert_op_after(tile.ReprogramOp.create(), previous)
                previous = part
