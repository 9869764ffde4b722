"""``im2col-partition``: cut im2col kernel matrices into crossbar-sized blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.context import weights_of
from cimc.dialects import tile
from cimc.dialects.cim import Range, WeightsRef
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.channel_parts import chunks, narrow_all, part_of
from cimc.passes.tile.products import sum_of_products
from cimc.weights import WeightStore

__all__ = ["Im2colPartition"]


@dataclass(frozen=True)
class _Strip:
    """A part of a layer's columns, with the one matrix that computes it.

    ``matrix`` names the weights, ``columns`` its columns for this strip;
    ``inputs`` are the channels of the IFM and ``outputs`` those of the OFM. Each of
    ``groups`` has inputs of its own, side by side, so that a row takes one of each.
    """

    matrix: WeightsRef
    rows: int
    columns: Range
    inputs: Range
    outputs: Range
    groups: int = 1


@dataclass(frozen=True)
class Im2colPartition(ModulePass):
    """Cut every weight block into blocks of at most ``rows`` × ``columns``.

    A matrix of K rows and N columns becomes P_V = ⌈K/rows⌉ row blocks, whose partial
    sums are accumulated, in each of P_H = ⌈N/columns⌉ sweeps. Groups that fit
    together on one crossbar are packed block-diagonally.

    With ``depthwise``, for a machine whose lanes take an input each, groups of one
    input and one output channel stay side by side instead: a block has the taps of
    the kernel as rows and up to ``columns`` groups as columns. Such a block takes at
    most ``elements`` inputs, which are that many for each row.
    """

    name = "im2col-partition"

    rows: int = 128
    columns: int = 128
    depthwise: bool = False
    elements: int | None = None

    def __post_init__(self) -> None:
        if min(self.rows, self.columns) < 1:
            raise ValueError("rows and columns must be at least 1")
        if self.elements is not None and self.elements < self.columns:
            raise ValueError("elements must be at least columns")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace every sweep that multiplies by one sweep per column block."""
        weights = weights_of(ctx)
        layers = {
            layer.layer.data: layer
            for layer in op.body.block.ops
            if isinstance(layer, tile.LayerOp)
        }
        for sweep in list(op.body.block.ops):
            if isinstance(sweep, tile.SweepOp) and any(
                isinstance(inner, tile.MvmOp) for inner in sweep.operations
            ):
                self._partition(sweep, weights, layers[sweep.layer.data])

    def _partition(
        self, sweep: tile.SweepOp, weights: WeightStore, layer: tile.LayerOp
    ) -> None:
        block = sweep.parent_block()
        assert block is not None
        window, mvm, *rest = sweep.operations
        assert isinstance(window, tile.WindowOp)
        assert isinstance(mvm, tile.MvmOp)
        _require_whole(window, mvm)
        strips = self._strips(window, mvm, weights)
        for strip in strips:
            parts = self._row_blocks(strip)
            blocks = [
                tile.WeightBlockOp(strip.matrix, rows, strip.columns, strip.groups)
                for rows in parts
            ]
            windows = [
                tile.WindowOp(
                    window.source,
                    window.window,
                    channels=strip.inputs,
                    elements=Range.of(
                        rows.start * strip.groups, rows.stop * strip.groups
                    ),
                )
                for rows in parts
            ]
            results = [part.result for part in blocks]
            body, total = sum_of_products(zip(windows, results, strict=True))
            body += narrow_all(rest, {mvm.result: total}, strip.outputs)
            new_sweep = tile.SweepOp(sweep.layer.data, sweep.rows, sweep.columns, body)
            block.insert_ops_before([*blocks, new_sweep], sweep)
        layer.properties["p_v"] = integer(
            max(len(self._row_blocks(strip)) for strip in strips)
        )
        layer.properties["p_h"] = integer(len(strips))
        whole_block = mvm.block.owner
        assert isinstance(whole_block, tile.WeightBlockOp)
        sweep.detach()
        sweep.erase()
        whole_block.detach()
        whole_block.erase()

    def _row_blocks(self, strip: _Strip) -> list[Range]:
        limit = self.rows
        if self.elements is not None and strip.groups > 1:
            limit = min(limit, self.elements // strip.groups)
        return chunks(strip.rows, limit)

    def _strips(
        self, window: tile.WindowOp, mvm: tile.MvmOp, weights: WeightStore
    ) -> list[_Strip]:
        whole = mvm.block.owner
        assert isinstance(whole, tile.WeightBlockOp)
        rows, groups = whole.type.rows.data, whole.type.groups.data
        outputs = whole.type.columns.data // groups
        inputs = window.channels.size // groups
        if groups == 1:
            return [
                _Strip(whole.matrix, rows, columns, window.channels, columns)
                for columns in chunks(outputs, self.columns)
            ]
        if self.depthwise and inputs == outputs == 1:
            return [
                _Strip(
                    whole.matrix,
                    rows,
                    part,
                    part_of(window.channels, part),
                    part,
                    part.size,
                )
                for part in chunks(groups, self.columns)
            ]
        together = max(1, min(self.rows // rows, self.columns // outputs))
        strips: list[_Strip] = []
        for packed in chunks(groups, together):
            matrix = _pack(whole.matrix, weights, packed, groups, inputs)
            channels = Range.of(packed.start * inputs, packed.stop * inputs)
            channels = part_of(window.channels, channels)
            first = packed.start * outputs
            strips += [
                _Strip(
                    matrix,
                    rows * packed.size,
                    columns,
                    channels,
                    Range.of(first + columns.start, first + columns.stop),
                )
                for columns in chunks(outputs * packed.size, self.columns)
            ]
        return strips


def _require_whole(window: tile.WindowOp, mvm: tile.MvmOp) -> None:
    """Refuse what this pass, or one behind it, has cut already."""
    block = mvm.block.owner
    assert isinstance(block, tile.WeightBlockOp)
    if window.some_elements is not None or block.rows.start or block.columns.start:
        raise PassFailedException("weights are in blocks already")


def _pack(
    matrix: WeightsRef, weights: WeightStore, packed: Range, groups: int, inputs: int
) -> WeightsRef:
    """The block-diagonal matrix of some groups, as a new constant.

    Rows run over kernel positions, then channels, as a window over the channels of
    these groups does; ``inputs`` is the number of input channels of one group.
    """
    whole = weights.resolve(matrix)
    taps = whole.shape[0] // inputs
    outputs = whole.shape[1] // groups
    per_group = whole.reshape(taps, inputs, groups, outputs)
    diagonal = np.zeros((taps, packed.size, inputs, packed.size, outputs), np.int8)
    for index, group in enumerate(range(packed.start, packed.stop)):
        diagonal[:, index, :, index, :] = per_group[:, :, group, :]
    name = f"{matrix.symbol.data}.groups{packed.start}:{packed.stop}"
    dense = diagonal.reshape(taps * packed.size * inputs, packed.size * outputs)
    return WeightsRef.of(name, weights.add(name, dense))
